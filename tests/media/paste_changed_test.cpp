#include "media/paste_changed.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "fixtures.h"
#include "media/convert_picture.h"

namespace toonmirror::media {
namespace {

using testing::pattern;

constexpr int kWidth = 48, kHeight = 32;

FramePtr tagged_picture(AVPixelFormat format, AVColorSpace matrix, AVColorRange range,
                        AVChromaLocation place) {
  FramePtr picture = make_picture(format, kWidth, kHeight);
  picture->colorspace = matrix;
  picture->color_range = range;
  picture->chroma_location = place;
  const std::vector<uint8_t> rgb = pattern(kWidth, kHeight, 1);
  PictureConverter().convert(*borrow_rgb(rgb.data(), kWidth, kHeight), *picture);
  return picture;
}

bool same_memory(const AVFrame& a, const AVFrame& b) {
  for (int i = 0; i < 3; ++i) {
    const int height = i == 0 ? kHeight : kHeight / 2;
    for (int y = 0; y < height; ++y) {
      const int bytes = i == 0 ? kWidth : kWidth / 2;
      if (std::memcmp(a.data[i] + y * a.linesize[i], b.data[i] + y * b.linesize[i], bytes) != 0) return false;
    }
  }
  return true;
}

FramePtr copy_of(const AVFrame& picture) {
  FramePtr copy(av_frame_clone(&picture));
  check(av_frame_make_writable(copy.get()), "copy");
  return copy;
}

TEST(PasteChanged, UnchangedPixelsAreLeftAlone) {
  const FramePtr picture =
      tagged_picture(AV_PIX_FMT_YUV420P, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, AVCHROMA_LOC_LEFT);
  std::vector<uint8_t> rgb;
  PictureConverter().to_rgb(*picture, rgb);
  const FramePtr copy = copy_of(*picture);
  paste_changed(*copy, rgb.data(), rgb.data(), {0, 0, kWidth, kHeight});
  EXPECT_TRUE(same_memory(*copy, *picture));
}

TEST(PasteChanged, OneChangedPixelTouchesItsOwnSamplesOnly) {
  const FramePtr picture =
      tagged_picture(AV_PIX_FMT_YUV420P, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, AVCHROMA_LOC_CENTER);
  std::vector<uint8_t> before;
  PictureConverter().to_rgb(*picture, before);
  std::vector<uint8_t> after = before;
  constexpr int kX = 21, kY = 10;
  uint8_t* pixel = &after[(kY * kWidth + kX) * 3];
  pixel[0] ^= 0x80;
  const FramePtr copy = copy_of(*picture);
  paste_changed(*copy, after.data(), before.data(), {8, 8, 24, 16});
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool differs =
          copy->data[0][y * copy->linesize[0] + x] != picture->data[0][y * picture->linesize[0] + x];
      EXPECT_EQ(differs, x == kX && y == kY);
    }
  }
  for (int y = 0; y < kHeight / 2; ++y) {
    for (int x = 0; x < kWidth / 2; ++x) {
      const bool differs =
          copy->data[2][y * copy->linesize[2] + x] != picture->data[2][y * picture->linesize[2] + x];
      EXPECT_TRUE(!differs || (x == kX / 2 && y == kY / 2));
    }
  }
}

TEST(PasteChanged, NothingOutsideTheAreaChanges) {
  const FramePtr picture =
      tagged_picture(AV_PIX_FMT_YUV444P, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, AVCHROMA_LOC_LEFT);
  const std::vector<uint8_t> rgb = pattern(kWidth, kHeight, 30);
  const FramePtr copy = copy_of(*picture);
  paste_changed(*copy, rgb.data(), nullptr, {-5, -5, 10, 10});
  for (int i = 0; i < 3; ++i) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        if (x < 5 && y < 5) continue;
        ASSERT_EQ(copy->data[i][y * copy->linesize[i] + x], picture->data[i][y * picture->linesize[i] + x]);
      }
    }
  }
}

// RGB pasted and read back is the same RGB, for every way a stream may be tagged.
TEST(PasteChanged, ColoursSurviveTheWayThereAndBack) {
  const AVPixelFormat formats[] = {AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P,   AV_PIX_FMT_YUV444P,
                                   AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV444P12, AV_PIX_FMT_YUV444P16};
  const AVColorSpace matrices[] = {AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT2020_NCL,
                                   AVCOL_SPC_UNSPECIFIED};
  const AVChromaLocation places[] = {AVCHROMA_LOC_LEFT, AVCHROMA_LOC_CENTER, AVCHROMA_LOC_TOPLEFT};
  const std::vector<uint8_t> rgb = pattern(kWidth, kHeight, 12);
  for (const AVPixelFormat format : formats) {
    ASSERT_TRUE(can_paste(format));
    for (const AVColorSpace matrix : matrices) {
      for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG}) {
        for (const AVChromaLocation place : places) {
          const FramePtr picture = tagged_picture(format, matrix, range, place);
          paste_changed(*picture, rgb.data(), nullptr, {0, 0, kWidth, kHeight});
          std::vector<uint8_t> back;
          PictureConverter().to_rgb(*picture, back);
          EXPECT_GT(testing::psnr(rgb, back), 42.0)
              << format << " matrix " << matrix << " range " << range << " place " << place;
        }
      }
    }
  }
}

TEST(PasteChanged, TheMatrixMatters) {
  const std::vector<uint8_t> red(static_cast<size_t>(kWidth) * kHeight * 3, 0);
  std::vector<uint8_t> rgb = red;
  for (size_t i = 0; i < rgb.size(); i += 3) rgb[i] = 255;
  const auto luma = [&](AVColorSpace matrix, AVColorRange range) {
    const FramePtr picture = tagged_picture(AV_PIX_FMT_YUV420P, matrix, range, AVCHROMA_LOC_LEFT);
    paste_changed(*picture, rgb.data(), nullptr, {0, 0, kWidth, kHeight});
    return static_cast<int>(picture->data[0][0]);
  };
  // Pure red by ITU-R BT.601 and BT.709: 255 times 0.299 and 0.2126, in 219 steps from 16 where the range is
  // limited.
  EXPECT_EQ(luma(AVCOL_SPC_SMPTE170M, AVCOL_RANGE_JPEG), 76);
  EXPECT_EQ(luma(AVCOL_SPC_BT709, AVCOL_RANGE_JPEG), 54);
  EXPECT_EQ(luma(AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG), 81);
  EXPECT_EQ(luma(AVCOL_SPC_BT709, AVCOL_RANGE_MPEG), 63);
}

TEST(PasteChanged, OtherFormatsAreDeclined) {
  for (const AVPixelFormat format : {AV_PIX_FMT_RGB24, AV_PIX_FMT_NV12, AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUVA420P,
                                     AV_PIX_FMT_GBRP, AV_PIX_FMT_YUV410P, AV_PIX_FMT_YUV420P10BE}) {
    EXPECT_FALSE(can_paste(format)) << format;
  }
}

}  // namespace
}  // namespace toonmirror::media
