// Conversion between pixel formats, with the matrix and range that the picture states.
#pragma once

#include <cstdint>
#include <vector>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// The YCbCr matrix of a picture. Where the stream does not say: BT.601 below 720 lines, else BT.709.
AVColorSpace resolved_matrix(AVColorSpace stated, int height);

// True for full (0..255) range: stated so, or implied by a "yuvj" format or an RGB or grey one.
bool is_full_range(const AVFrame& picture);

// The plain twin of a deprecated full-range "yuvj" format; other formats unchanged.
AVPixelFormat without_yuvj(AVPixelFormat format);

// Horizontal and vertical place of the chroma samples in 1/256 luma pixels (0: on the luma sample, 128: half
// way), for a direction that is subsampled by two. Unstated means left, as H.264 and MPEG-2 have it.
struct ChromaPlace {
  int x = 0;
  int y = 128;
};
ChromaPlace chroma_place(AVChromaLocation location);

// Converts pictures with libswscale (accurate rounding, chroma interpolated, bicubic where the size changes),
// keeping its tables between pictures of the same kind. Matrix, range and chroma place come from the tags of
// both pictures. Not thread-safe.
class PictureConverter {
 public:
  // Fills `target`, whose format, size, colour tags and memory are already set. Throws Error for a conversion
  // that libswscale does not know.
  void convert(const AVFrame& source, AVFrame& target);

  // A new picture of the given format with the size and the tags of `source` (the range too, where both are
  // YCbCr).
  FramePtr converted(const AVFrame& source, AVPixelFormat format);

  // [height, width, 3] RGB, full range: of the size of `source`, or resized in the same pass.
  void to_rgb(const AVFrame& source, std::vector<uint8_t>& rgb);
  void to_rgb(const AVFrame& source, int width, int height, std::vector<uint8_t>& rgb);

 private:
  struct Key {
    int source_format, source_width, source_height, source_matrix, source_full, source_place;
    int target_format, target_width, target_height, target_matrix, target_full, target_place;
    bool operator==(const Key&) const = default;
  };
  void prepare(const Key& key);

  Key key_{};
  SwsContextPtr context_;
};

// A picture that borrows the memory of `rgb` ([height, width, 3]); valid as long as that is.
FramePtr borrow_rgb(const uint8_t* rgb, int width, int height);

}  // namespace toonmirror::media
