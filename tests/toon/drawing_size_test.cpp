#include "toon/drawing_size.h"

#include <gtest/gtest.h>

namespace toonmirror::toon {
namespace {

face::Face face_of(double side_px, int track_id = 0) {
  face::Face face;
  face.square = {{500, 500}, {side_px / 2, 0}};
  face.track_id = track_id;
  return face;
}

int chosen(DrawingSizes& sizes, double side_px, int track_id = 0) {
  return sizes.choose({face_of(side_px, track_id)}).front();
}

TEST(DrawingSizes, AFaceGetsTheSmallestThatShowsAllOfIt) {
  for (const auto& [side_px, expected] :
       {std::pair(40, 256), {256, 256}, {257, 512}, {512, 512}, {600, 1024}, {5000, 1024}}) {
    DrawingSizes sizes;
    EXPECT_EQ(chosen(sizes, side_px), expected) << side_px;
  }
}

TEST(DrawingSizes, AFollowedFaceKeepsItsSizeNearABorder) {
  DrawingSizes sizes;
  EXPECT_EQ(chosen(sizes, 240), 256);
  EXPECT_EQ(chosen(sizes, 280), 256);
  EXPECT_EQ(chosen(sizes, 300), 512);
  EXPECT_EQ(chosen(sizes, 240), 512);
  EXPECT_EQ(chosen(sizes, 200), 256);
}

TEST(DrawingSizes, FacesAreToldApartByTheirTracks) {
  DrawingSizes sizes;
  sizes.choose({face_of(300, 4), face_of(200, 7)});
  EXPECT_EQ(sizes.choose({face_of(240, 7), face_of(240, 4)}), (std::vector<int>{256, 512}));
}

TEST(DrawingSizes, FacesOfStillsHaveNoPast) {
  DrawingSizes sizes;
  EXPECT_EQ(chosen(sizes, 300, -1), 512);
  EXPECT_EQ(chosen(sizes, 240, -1), 256);
}

TEST(DrawingSizes, AWantedSizeIsThatOfAll) {
  DrawingSizes sizes(512);
  EXPECT_EQ(sizes.choose({face_of(100, 1), face_of(900, 2)}), (std::vector<int>{512, 512}));
}

}  // namespace
}  // namespace toonmirror::toon
