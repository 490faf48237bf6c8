// The picture that flows through the program, with its exact place in time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

struct AVFrame;

namespace toonmirror::media {

// A fraction such as a time base (seconds per tick) or a frame rate; den is 0 only where "unknown" is said.
struct Rational {
  int num = 0;
  int den = 1;
  double value() const { return den == 0 ? 0.0 : static_cast<double>(num) / den; }
  bool operator==(const Rational&) const = default;
};

// What a picture is stretched by so that its pixels become square: it is only ever enlarged. An aspect (width :
// height of one pixel) that is unknown, or beyond 1:4 or 4:1 (a broken header), counts as square, and so does
// one within 1 % of 1:1.
class SquareStretch {
 public:
  explicit SquareStretch(Rational sample_aspect) {
    constexpr double kLargestAspect = 4, kNearlySquare = 0.01;
    const double aspect = sample_aspect.value();
    if (!(aspect >= 1 / kLargestAspect && aspect <= kLargestAspect)) return;
    if (std::abs(std::log(aspect)) < kNearlySquare) return;
    x_ = std::max(aspect, 1.0);
    y_ = std::max(1 / aspect, 1.0);
  }

  bool identity() const { return x_ == 1 && y_ == 1; }

  // Of the stretched picture, pixels.
  int width(int width_px) const { return static_cast<int>(std::lrint(x_ * width_px)); }
  int height(int height_px) const { return static_cast<int>(std::lrint(y_ * height_px)); }

 private:
  double x_ = 1, y_ = 1;
};

// Pixels, top-left origin, half open: x <= column < x + width.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// One video picture, upright (the container's rotation is applied), with the pixel aspect of the stream unless
// the reader was asked for square pixels.
struct Frame {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3], RGB, full range, the stream's own primaries and transfer
  int64_t pts = 0;           // presentation time in ticks of time_base, strictly increasing, as in the source
  int64_t duration = 0;      // ticks; 0 where the source does not tell
  Rational time_base{1, 1000};
  int64_t index = 0;  // 0, 1, 2 … in presentation order

  // What rgb was made from, upright, in the decoder's own pixel format. The writer hands its pixels to the
  // encoder wherever rgb was not changed. Shared and never written to; null for pictures that were not
  // decoded, or were stretched.
  std::shared_ptr<const AVFrame> picture;
  // rgb as the reader delivered it; the writer finds the changed pixels by comparing with it. Null as above.
  std::shared_ptr<const std::vector<uint8_t>> decoded_rgb;

  double seconds() const { return static_cast<double>(pts) * time_base.value(); }
};

}  // namespace toonmirror::media
