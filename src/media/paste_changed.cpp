#include "media/paste_changed.h"

extern "C" {
#include <libavutil/csp.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "media/convert_picture.h"

namespace toonmirror::media {

namespace {

constexpr int kFractionBits = 14;

// One line of the RGB to YCbCr matrix in fixed point, with the offset that also rounds.
struct Row {
  int r = 0, g = 0, b = 0;  // at 16 bits per sample some pass 2^16
  int64_t offset = 0;
  // For pixels that were summed with a total weight of 16.
  int apply_to_sums(const int* sums) const {
    const int64_t total = int64_t{r} * sums[0] + int64_t{g} * sums[1] + int64_t{b} * sums[2] + offset * 16;
    return static_cast<int>(total >> (kFractionBits + 4));
  }
  int apply(const uint8_t* rgb) const {
    return (r * rgb[0] + g * rgb[1] + b * rgb[2] + offset) >> kFractionBits;
  }
};

struct Matrix {
  Row luma, blue, red;
  int highest = 255;
};

// Weights of red and blue in luma; those of BT.601 where the matrix is none of luma.
std::pair<double, double> luma_weights(AVColorSpace matrix) {
  const AVLumaCoefficients* weights = av_csp_luma_coeffs_from_avcsp(matrix);
  if (weights == nullptr) weights = av_csp_luma_coeffs_from_avcsp(AVCOL_SPC_SMPTE170M);
  return {av_q2d(weights->cr), av_q2d(weights->cb)};
}

Row fixed_row(double r, double g, double b, double scale, double offset) {
  const double one = scale * (1 << kFractionBits);
  return {static_cast<int>(std::lround(r * one)), static_cast<int>(std::lround(g * one)),
          static_cast<int>(std::lround(b * one)), std::lround((offset + 0.5) * (1 << kFractionBits))};
}

Matrix matrix_of(const AVFrame& picture, int depth) {
  const auto [red, blue] = luma_weights(resolved_matrix(picture.colorspace, picture.height));
  const double green = 1.0 - red - blue;
  const bool full = is_full_range(picture);
  const double step = std::ldexp(1.0, depth - 8);
  const int highest = (1 << depth) - 1;
  const double luma_scale = (full ? highest : 219.0 * step) / 255.0;
  const double chroma_scale = (full ? highest : 224.0 * step) / 255.0;
  const double middle = 128.0 * step;
  Matrix matrix;
  matrix.luma = fixed_row(red, green, blue, luma_scale, full ? 0.0 : 16.0 * step);
  matrix.blue = fixed_row(-0.5 * red / (1 - blue), -0.5 * green / (1 - blue), 0.5, chroma_scale, middle);
  matrix.red = fixed_row(0.5, -0.5 * green / (1 - red), -0.5 * blue / (1 - red), chroma_scale, middle);
  matrix.highest = highest;
  return matrix;
}

// Quarter weights of the luma pixels 2i-1, 2i, 2i+1 for a chroma sample at `place` (1/256 luma pixels after
// 2i).
std::array<int, 3> taps(bool subsampled, int place) {
  if (!subsampled) return {0, 4, 0};
  if (place == 0) return {1, 2, 1};
  if (place == 256) return {0, 0, 4};
  return {0, 2, 2};
}

struct Source {
  const uint8_t* rgb;
  const uint8_t* decoded;
  int width, height;
  size_t at(int x, int y) const { return (static_cast<size_t>(y) * width + x) * 3; }
  bool changed(size_t offset) const {
    return decoded == nullptr || std::memcmp(rgb + offset, decoded + offset, 3) != 0;
  }
};

template <typename Sample>
Sample* line(AVFrame& picture, int plane, int y) {
  return reinterpret_cast<Sample*>(picture.data[plane] + static_cast<ptrdiff_t>(y) * picture.linesize[plane]);
}

template <typename Sample>
void paste_luma(AVFrame& picture, const Source& source, const Matrix& matrix, Rect area) {
  for (int y = area.y; y < area.y + area.height; ++y) {
    Sample* out = line<Sample>(picture, 0, y);
    for (int x = area.x; x < area.x + area.width; ++x) {
      const size_t offset = source.at(x, y);
      if (source.changed(offset)) {
        out[x] = static_cast<Sample>(std::clamp(matrix.luma.apply(source.rgb + offset), 0, matrix.highest));
      }
    }
  }
}

template <typename Sample>
void paste_chroma(AVFrame& picture, const Source& source, const Matrix& matrix, Rect area,
                  const AVPixFmtDescriptor& format) {
  const int sx = format.log2_chroma_w;
  const int sy = format.log2_chroma_h;
  const ChromaPlace place = chroma_place(picture.chroma_location);
  const std::array<int, 3> taps_x = taps(sx != 0, place.x);
  const std::array<int, 3> taps_y = taps(sy != 0, place.y);
  // A sample may stand for pixels one to its left or above: the sample after the last one in the area is
  // affected, too.
  const int last_x = std::min((area.x + area.width - 1 + sx) >> sx, AV_CEIL_RSHIFT(source.width, sx) - 1);
  const int last_y = std::min((area.y + area.height - 1 + sy) >> sy, AV_CEIL_RSHIFT(source.height, sy) - 1);
  for (int cy = area.y >> sy; cy <= last_y; ++cy) {
    Sample* blue = line<Sample>(picture, 1, cy);
    Sample* red = line<Sample>(picture, 2, cy);
    for (int cx = area.x >> sx; cx <= last_x; ++cx) {
      bool changed = false;
      int sums[3] = {};
      for (int j = 0; j < 3; ++j) {
        if (taps_y[j] == 0) continue;
        const int y = std::clamp((cy << sy) + j - 1, 0, source.height - 1);
        for (int i = 0; i < 3; ++i) {
          const int weight = taps_x[i] * taps_y[j];
          if (weight == 0) continue;
          const int x = std::clamp((cx << sx) + i - 1, 0, source.width - 1);
          const size_t offset = source.at(x, y);
          changed = changed || source.changed(offset);
          for (int c = 0; c < 3; ++c) sums[c] += weight * source.rgb[offset + c];
        }
      }
      if (!changed) continue;
      blue[cx] = static_cast<Sample>(std::clamp(matrix.blue.apply_to_sums(sums), 0, matrix.highest));
      red[cx] = static_cast<Sample>(std::clamp(matrix.red.apply_to_sums(sums), 0, matrix.highest));
    }
  }
}

Rect clipped(Rect area, int width, int height) {
  const int left = std::clamp(area.x, 0, width);
  const int top = std::clamp(area.y, 0, height);
  const int right = std::clamp(area.x + area.width, left, width);
  const int bottom = std::clamp(area.y + area.height, top, height);
  return {left, top, right - left, bottom - top};
}

}  // namespace

bool can_paste(AVPixelFormat format) {
  const AVPixFmtDescriptor* found = av_pix_fmt_desc_get(format);
  if (found == nullptr || found->nb_components != 3) return false;
  constexpr uint64_t kOther = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                              AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER;
  if ((found->flags & kOther) != 0 || (found->flags & AV_PIX_FMT_FLAG_PLANAR) == 0) return false;
  const int depth = found->comp[0].depth;
  const bool big_endian = (found->flags & AV_PIX_FMT_FLAG_BE) != 0;
  if (depth > 8 && big_endian != (std::endian::native == std::endian::big)) return false;
  return depth >= 8 && found->comp[0].shift == 0 && found->comp[2].plane == 2 && found->log2_chroma_w <= 1 &&
         found->log2_chroma_h <= 1;
}

void paste_changed(AVFrame& picture, const uint8_t* rgb, const uint8_t* decoded_rgb, Rect area) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  const int depth = format.comp[0].depth;
  const Matrix matrix = matrix_of(picture, depth);
  const Source source{rgb, decoded_rgb, picture.width, picture.height};
  const Rect inside = clipped(area, picture.width, picture.height);
  if (inside.width == 0 || inside.height == 0) return;
  if (depth == 8) {
    paste_luma<uint8_t>(picture, source, matrix, inside);
    paste_chroma<uint8_t>(picture, source, matrix, inside, format);
  } else {
    paste_luma<uint16_t>(picture, source, matrix, inside);
    paste_chroma<uint16_t>(picture, source, matrix, inside, format);
  }
}

}  // namespace toonmirror::media
