#include "media/orientation.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace toonmirror::media {

namespace {

struct Plane {
  int width = 0;
  int height = 0;
  int pixel_bytes = 0;
};

Plane plane_shape(const AVFrame& picture, const AVPixFmtDescriptor& format, int index) {
  for (int i = 0; i < format.nb_components; ++i) {
    const AVComponentDescriptor& component = format.comp[i];
    if (component.plane != index) continue;
    const bool chroma = (i == 1 || i == 2) && (format.flags & AV_PIX_FMT_FLAG_RGB) == 0;
    return {chroma ? AV_CEIL_RSHIFT(picture.width, format.log2_chroma_w) : picture.width,
            chroma ? AV_CEIL_RSHIFT(picture.height, format.log2_chroma_h) : picture.height, component.step};
  }
  return {};
}

template <int kBytes>
void turn_plane(const uint8_t* stored, int stored_stride, Plane shape, Orientation orientation,
                uint8_t* upright, int upright_stride) {
  const int width = orientation.swap_axes ? shape.height : shape.width;
  const int height = orientation.swap_axes ? shape.width : shape.height;
  const auto along_u = static_cast<std::ptrdiff_t>(orientation.mirror_x ? -kBytes : kBytes);
  const auto along_v = static_cast<std::ptrdiff_t>(orientation.mirror_y ? -stored_stride : stored_stride);
  const uint8_t* origin = stored;
  if (orientation.mirror_x) origin += static_cast<std::ptrdiff_t>(shape.width - 1) * kBytes;
  if (orientation.mirror_y) origin += static_cast<std::ptrdiff_t>(shape.height - 1) * stored_stride;
  const std::ptrdiff_t step_x = orientation.swap_axes ? along_v : along_u;
  const std::ptrdiff_t step_y = orientation.swap_axes ? along_u : along_v;
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = origin + y * step_y;
    uint8_t* to = upright + static_cast<std::ptrdiff_t>(y) * upright_stride;
    for (int x = 0; x < width; ++x, from += step_x, to += kBytes) std::memcpy(to, from, kBytes);
  }
}

}  // namespace

Orientation orientation_from_matrix(const int32_t matrix[9]) {
  // Shown x = a·u + c·v and shown y = b·u + d·v, with the matrix stored as a b · c d · (rows of three).
  const int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) return {false, a < 0, d < 0};
  return {true, b < 0, c < 0};
}

Orientation orientation_from_exif(int value) {
  static constexpr std::array<Orientation, 9> kByValue = {{{},
                                                           {},
                                                           {false, true, false},
                                                           {false, true, true},
                                                           {false, false, true},
                                                           {true, false, false},
                                                           {true, false, true},
                                                           {true, true, true},
                                                           {true, true, false}}};
  return value >= 1 && value <= 8 ? kByValue[value] : Orientation{};
}

int clockwise_degrees(Orientation orientation) {
  if (orientation.swap_axes) return orientation.mirror_x ? 270 : 90;
  return orientation.mirror_y ? 180 : 0;
}

bool can_turn(AVPixelFormat format, Orientation orientation) {
  const AVPixFmtDescriptor* found = av_pix_fmt_desc_get(format);
  if (found == nullptr || (found->flags & (AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL)) != 0)
    return false;
  const bool subsampled = found->log2_chroma_w != 0 || found->log2_chroma_h != 0;
  // Luma and chroma interleaved in one plane (yuyv422 and its kin) have no pixel of their own to move.
  if (subsampled && found->comp[0].plane == found->comp[1].plane) return false;
  return !orientation.swap_axes || found->log2_chroma_w == found->log2_chroma_h;
}

FramePtr turned(const AVFrame& picture, Orientation orientation) {
  const bool swap = orientation.swap_axes;
  const auto format = static_cast<AVPixelFormat>(picture.format);
  FramePtr upright =
      make_picture(format, swap ? picture.height : picture.width, swap ? picture.width : picture.height);
  check(av_frame_copy_props(upright.get(), &picture), "a turned picture");
  av_frame_remove_side_data(upright.get(), AV_FRAME_DATA_DISPLAYMATRIX);
  AVRational& aspect = upright->sample_aspect_ratio;
  if (swap && aspect.num > 0) std::swap(aspect.num, aspect.den);
  // The chroma samples sit on another side of their luma now, for which few formats have a word.
  upright->chroma_location = AVCHROMA_LOC_UNSPECIFIED;

  const AVPixFmtDescriptor& shape_of = *av_pix_fmt_desc_get(format);
  for (int i = 0; i < av_pix_fmt_count_planes(format); ++i) {
    const Plane shape = plane_shape(picture, shape_of, i);
    const auto turn = [&]<int kBytes>() {
      turn_plane<kBytes>(picture.data[i], picture.linesize[i], shape, orientation, upright->data[i],
                         upright->linesize[i]);
    };
    switch (shape.pixel_bytes) {
      case 1:
        turn.operator()<1>();
        break;
      case 2:
        turn.operator()<2>();
        break;
      case 3:
        turn.operator()<3>();
        break;
      case 4:
        turn.operator()<4>();
        break;
      case 6:
        turn.operator()<6>();
        break;
      default:
        turn.operator()<8>();
        break;
    }
  }
  return upright;
}

}  // namespace toonmirror::media
