#include "toon/face_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace toonmirror::toon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kLoyalty_s = 2;

face::Face face_at(int track_id, float x, float width) {
  face::Face face;
  face.track_id = track_id;
  face.box = {x, 50, width, width};
  return face;
}

// The tracks that are kept of these faces.
std::vector<int> kept_by(FaceFollower& follower, std::vector<face::Face> faces, double time_s) {
  follower.keep_chosen(faces, time_s);
  std::vector<int> tracks;
  for (const face::Face& face : faces) tracks.push_back(face.track_id);
  return tracks;
}

TEST(FaceFollower, KeepsEverybodyOrTheLargest) {
  const std::vector<face::Face> faces = {face_at(3, 0, 40), face_at(4, 100, 60), face_at(7, 200, 50)};
  FaceFollower all({.choice = FaceChoice::kAll}), largest;
  EXPECT_THAT(kept_by(all, faces, 0), ElementsAre(3, 4, 7));
  EXPECT_THAT(kept_by(largest, faces, 0), ElementsAre(4));
  EXPECT_THAT(kept_by(largest, {}, 1), IsEmpty());
}

TEST(FaceFollower, StaysWithAFaceThatIsLargestNoMore) {
  for (const double loyalty_s : {0.0, kLoyalty_s}) {
    FaceFollower follower({.loyalty_s = loyalty_s});
    EXPECT_THAT(kept_by(follower, {face_at(0, 0, 40), face_at(1, 100, 60)}, 0), ElementsAre(1));
    for (double time_s = 0.04; time_s < 5; time_s += 0.04) {
      EXPECT_THAT(kept_by(follower, {face_at(0, 0, 90), face_at(1, 100, 60)}, time_s), ElementsAre(1));
    }
  }
}

TEST(FaceFollower, WithoutLoyaltyTakesTheLargestAsSoonAsATrackEnds) {
  FaceFollower follower;
  EXPECT_THAT(kept_by(follower, {face_at(0, 0, 60), face_at(1, 300, 40), face_at(2, 500, 50)}, 0),
              ElementsAre(0));
  EXPECT_THAT(kept_by(follower, {face_at(1, 300, 40), face_at(2, 500, 50)}, 0.04), ElementsAre(2));
  EXPECT_THAT(kept_by(follower, {}, 0.08), IsEmpty());
  EXPECT_THAT(kept_by(follower, {face_at(1, 300, 40), face_at(2, 500, 50)}, 0.12), ElementsAre(2));
}

TEST(FaceFollower, WithLoyaltyTakesOnlyAFaceAtThatPlace) {
  const face::Face poster = face_at(1, 300, 90);
  FaceFollower follower({.loyalty_s = kLoyalty_s});
  EXPECT_THAT(kept_by(follower, {face_at(0, 100, 100), poster}, 10), ElementsAre(0));
  EXPECT_THAT(kept_by(follower, {poster}, 10.1), IsEmpty());
  EXPECT_THAT(kept_by(follower, {poster, face_at(2, 120, 30)}, 10.2), IsEmpty()) << "of another size";
  EXPECT_THAT(kept_by(follower, {poster, face_at(3, 170, 80)}, 10.3), ElementsAre(3));
  EXPECT_THAT(kept_by(follower, {poster}, 12.2), IsEmpty());
  EXPECT_THAT(kept_by(follower, {poster}, 12.31), ElementsAre(1)) << "the other did not come back";
}

TEST(FaceFollower, TheChoiceMayChangeMeanwhile) {
  const std::vector<face::Face> faces = {face_at(0, 0, 40), face_at(1, 100, 60)};
  FaceFollower follower({.choice = FaceChoice::kAll, .loyalty_s = kLoyalty_s});
  EXPECT_EQ(kept_by(follower, faces, 0).size(), 2U);
  follower.choose(FaceChoice::kLargest);
  EXPECT_THAT(kept_by(follower, faces, 1), ElementsAre(1));
  follower.choose(FaceChoice::kAll);
  EXPECT_EQ(kept_by(follower, faces, 2).size(), 2U);
  follower.choose(FaceChoice::kLargest);
  const std::vector<face::Face> grown = {face_at(0, 0, 90), face_at(1, 100, 60)};
  EXPECT_THAT(kept_by(follower, grown, 2.5), ElementsAre(1)) << "still remembered";
  EXPECT_THAT(kept_by(follower, grown, 9), ElementsAre(0)) << "forgotten";
}

// Tracks come and go at random; their ids are never used again, as a tracker's.
TEST(FaceFollower, KeepsOneOfTheFacesAndChangesOnlyWhenItIsGone) {
  for (const double loyalty_s : {0.0, 0.5}) {
    std::mt19937 random(5);
    FaceFollower follower({.loyalty_s = loyalty_s});
    std::vector<face::Face> present;
    int last = -1, next_track = 0;
    for (int i = 0; i < 4000; ++i) {
      if (random() % 6 == 0 && present.size() < 4) {
        present.push_back(face_at(next_track++, static_cast<float>(random() % 900),
                                  40 + static_cast<float>(random() % 90)));
      }
      if (random() % 6 == 0 && !present.empty())
        present.erase(present.begin() + static_cast<int64_t>(random() % present.size()));
      const std::vector<int> kept = kept_by(follower, present, 0.04 * i);
      ASSERT_LE(kept.size(), 1U);
      if (loyalty_s == 0) {
        EXPECT_EQ(kept.empty(), present.empty());
      }
      const auto is = [](int track) { return [track](const face::Face& f) { return f.track_id == track; }; };
      if (std::ranges::any_of(present, is(last))) {
        EXPECT_THAT(kept, ElementsAre(last));
      }
      if (kept.empty()) continue;
      EXPECT_TRUE(std::ranges::any_of(present, is(kept.front())));
      last = kept.front();
    }
  }
}

}  // namespace
}  // namespace toonmirror::toon
