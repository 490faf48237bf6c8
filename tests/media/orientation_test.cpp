#include "media/orientation.h"

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/display.h>
}

#include <cstring>

#include "fixtures.h"
#include "media/convert_picture.h"

namespace toonmirror::media {
namespace {

FramePtr numbered_picture(AVPixelFormat format, int width, int height) {
  const std::vector<uint8_t> rgb = testing::pattern(width, height, 3);
  return PictureConverter().converted(*borrow_rgb(rgb.data(), width, height), format);
}

bool same_pixels(const AVFrame& a, const AVFrame& b) {
  if (a.width != b.width || a.height != b.height || a.format != b.format) return false;
  std::vector<uint8_t> rgb_a, rgb_b;
  PictureConverter converter;
  converter.to_rgb(a, rgb_a);
  converter.to_rgb(b, rgb_b);
  return rgb_a == rgb_b;
}

// The orientation that undoes `turn`.
Orientation inverse(Orientation turn) {
  if (!turn.swap_axes) return turn;
  return {true, turn.mirror_y, turn.mirror_x};
}

TEST(Orientation, TurningBackGivesTheSamePixels) {
  for (const AVPixelFormat format :
       {AV_PIX_FMT_RGB24, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_NV12, AV_PIX_FMT_RGBA64}) {
    const FramePtr picture = numbered_picture(format, 34, 22);
    picture->chroma_location = AVCHROMA_LOC_UNSPECIFIED;
    for (int exif = 1; exif <= 8; ++exif) {
      const Orientation turn = orientation_from_exif(exif);
      ASSERT_TRUE(can_turn(format, turn));
      const FramePtr there = turned(*picture, turn);
      EXPECT_EQ(there->width, turn.swap_axes ? 22 : 34);
      EXPECT_TRUE(same_pixels(*turned(*there, inverse(turn)), *picture)) << "orientation " << exif;
    }
  }
}

// EXIF 2.3, 4.6.4: which visual corner the first stored pixel belongs to.
TEST(Orientation, FirstStoredPixelGoesToTheCornerThatExifNames) {
  constexpr int kWidth = 6, kHeight = 4;
  const struct {
    int exif;
    bool right, bottom;
  } corners[] = {{1, false, false}, {2, true, false}, {3, true, true}, {4, false, true},
                 {5, false, false}, {6, true, false}, {7, true, true}, {8, false, true}};
  for (const auto& corner : corners) {
    FramePtr picture = make_picture(AV_PIX_FMT_GRAY8, kWidth, kHeight);
    for (int y = 0; y < kHeight; ++y) std::memset(picture->data[0] + y * picture->linesize[0], 0, kWidth);
    picture->data[0][0] = 255;
    const FramePtr upright = turned(*picture, orientation_from_exif(corner.exif));
    const int x = corner.right ? upright->width - 1 : 0;
    const int y = corner.bottom ? upright->height - 1 : 0;
    EXPECT_EQ(upright->data[0][y * upright->linesize[0] + x], 255) << "orientation " << corner.exif;
  }
}

TEST(Orientation, DisplayMatrixOfAClockwiseTurn) {
  const std::pair<int, int> exif_of_turn[] = {{0, 1}, {90, 6}, {180, 3}, {270, 8}};
  for (const auto& [degrees, exif] : exif_of_turn) {
    int32_t matrix[9];
    av_display_rotation_set(matrix, degrees);
    const Orientation turn = orientation_from_matrix(matrix);
    EXPECT_EQ(turn, orientation_from_exif(exif)) << degrees;
    EXPECT_EQ(clockwise_degrees(turn), degrees);
    av_display_matrix_flip(matrix, 1, 0);
    EXPECT_NE(orientation_from_matrix(matrix), turn);
  }
}

TEST(Orientation, UnevenChromaCannotSwapAxes) {
  EXPECT_FALSE(can_turn(AV_PIX_FMT_YUV422P, orientation_from_exif(6)));
  EXPECT_TRUE(can_turn(AV_PIX_FMT_YUV422P, orientation_from_exif(3)));
  EXPECT_FALSE(can_turn(AV_PIX_FMT_YUYV422, orientation_from_exif(3)));
}

}  // namespace
}  // namespace toonmirror::media
