#include "training/occluders.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "nets/face_mesh_points.h"

namespace toonmirror::training {
namespace {

constexpr double kMostCovered = 0.65;  // share of the points
constexpr float kOpaque = 0.8F;        // hides what lies behind

// |u|ⁿ + |v|ⁿ ≤ 1 in axes of its own: an ellipse for 2, nearly a rectangle for 8. Pixels.
struct Shape {
  float x = 0, y = 0, half_width = 1, half_height = 1, angle = 0, power = 2;

  // Roughly how many pixels a place lies inside of the border.
  float depth(float px, float py) const {
    const float c = std::cos(angle), s = std::sin(angle);
    const float u = std::abs((c * (px - x) + s * (py - y)) / half_width);
    const float v = std::abs((c * (py - y) - s * (px - x)) / half_height);
    const float radius =
        power == 2 ? std::sqrt(u * u + v * v) : std::pow(std::pow(u, power) + std::pow(v, power), 1 / power);
    return (1 - radius) * std::min(half_width, half_height);
  }
  float reach() const { return std::hypot(half_width, half_height) + 1; }
};

// Calls paint(pixel, share, x, y) where the shape covers a share of the pixel.
template <typename Paint>
void fill(const Canvas& canvas, const Shape& shape, Paint paint) {
  const auto bound = [&](float value) {
    return std::clamp<int64_t>(static_cast<int64_t>(std::floor(value)), 0, canvas.side_px);
  };
  const int64_t right = bound(shape.x + shape.reach() + 1), bottom = bound(shape.y + shape.reach() + 1);
  for (int64_t y = bound(shape.y - shape.reach()); y < bottom; ++y) {
    for (int64_t x = bound(shape.x - shape.reach()); x < right; ++x) {
      const float depth = shape.depth(static_cast<float>(x), static_cast<float>(y));
      if (depth > -0.5F) paint(canvas.at(x, y), std::min(depth + 0.5F, 1.0F), x, y);
    }
  }
}

void mix(float* pixel, const Colour& colour, float share) {
  for (size_t c = 0; c < 3; ++c) pixel[c] += share * (colour[c] - pixel[c]);
}

// What a shape looks like: a colour that changes along a direction, stripes, or a piece of another picture.
class Surface {
 public:
  Surface(const FaceCrop& crop, const uint8_t* other, int64_t other_px, Dice& dice)
      : other_(other), other_px_(other_px), colour_(colour_of(crop, dice)) {
    const double kind = dice.between(0, 1);
    if (kind < 0.35) {
      step_ = dice.betweenf(0.4, 1.8);
      from_x_ = dice.betweenf(0, static_cast<double>(other_px));
      from_y_ = dice.betweenf(0, static_cast<double>(other_px));
    } else {
      other_ = nullptr;
      period_ = kind < 0.45 ? dice.betweenf(2.5, 20) : 0;
    }
    const double angle = dice.angle();
    along_x_ = static_cast<float>(std::cos(angle));
    along_y_ = static_cast<float>(std::sin(angle));
    slope_ = dice.betweenf(0, 0.008);
  }

  Colour at(int64_t px, int64_t py) const {
    const auto x = static_cast<float>(px), y = static_cast<float>(py);
    if (other_ != nullptr) {
      const int64_t column = static_cast<int64_t>(from_x_ + step_ * x) % other_px_;
      const int64_t row = static_cast<int64_t>(from_y_ + step_ * y) % other_px_;
      const uint8_t* pixel = other_ + (row * other_px_ + column) * 3;
      return {static_cast<float>(pixel[0]) / 255, static_cast<float>(pixel[1]) / 255,
              static_cast<float>(pixel[2]) / 255};
    }
    const float along = along_x_ * x + along_y_ * y;
    float light = 1 + slope_ * (along - 80);
    if (period_ > 0 && std::fmod(std::abs(along), period_) < period_ / 2) light *= 0.5F;
    return {colour_[0] * light, colour_[1] * light, colour_[2] * light};
  }

 private:
  // Of this face's own skin, as a hand has it; of any skin; of anything.
  static Colour colour_of(const FaceCrop& crop, Dice& dice) {
    const double kind = dice.between(0, 1);
    if (kind < 0.35) {
      const auto [x, y] = crop.pixel_of(dice.below(nets::kSurfacePoints));
      const int64_t last = crop.canvas.side_px - 1;
      const float* pixel = crop.canvas.at(std::clamp<int64_t>(static_cast<int64_t>(x), 0, last),
                                          std::clamp<int64_t>(static_cast<int64_t>(y), 0, last));
      return {pixel[0], pixel[1], pixel[2]};
    }
    if (kind < 0.6) {
      const float red = dice.betweenf(0.25, 0.95);
      const float green = red * dice.betweenf(0.6, 0.82);
      return {red, green, green * dice.betweenf(0.6, 0.95)};
    }
    return {dice.betweenf(0, 1), dice.betweenf(0, 1), dice.betweenf(0, 1)};
  }

  const uint8_t* other_;
  int64_t other_px_;
  Colour colour_;
  float step_ = 1, from_x_ = 0, from_y_ = 0, period_ = 0, along_x_ = 1, along_y_ = 0, slope_ = 0;
};

// Beside each other, as the fingers of a hand.
std::vector<Shape> fingers(const Shape& palm, Dice& dice) {
  std::vector<Shape> result = {palm};
  const int64_t count = 3 + dice.below(2);
  const float width = palm.half_height / static_cast<float>(count),
              length = palm.half_width * dice.betweenf(0.8, 1.6);
  const float c = std::cos(palm.angle), s = std::sin(palm.angle);
  for (int64_t i = 0; i < count; ++i) {
    const float across = (2 * static_cast<float>(i) - static_cast<float>(count - 1)) * width;
    const float along = palm.half_width + length * dice.betweenf(0.5, 0.9);
    result.push_back({palm.x + c * along - s * across, palm.y + s * along + c * across, length,
                      width * dice.betweenf(0.7, 1.0), palm.angle + dice.betweenf(-0.15, 0.15), 3});
  }
  return result;
}

std::vector<Shape> shapes_before(const FaceCrop& crop, Dice& dice) {
  const auto [x, y] = crop.pixel_of(dice.below(nets::kSurfacePoints));
  const auto side = static_cast<float>(crop.canvas.side_px);
  Shape shape{.x = x + dice.betweenf(-0.1, 0.1) * side,
              .y = y + dice.betweenf(-0.1, 0.1) * side,
              .half_width = side * static_cast<float>(dice.ratio(0.05, 0.35)),
              .half_height = side * static_cast<float>(dice.ratio(0.03, 0.25)),
              .angle = static_cast<float>(dice.angle()),
              .power = dice.chance(0.5) ? 2.0F : 8.0F};
  if (!dice.chance(0.25)) return {shape};
  shape.half_width = shape.half_height = side * dice.betweenf(0.07, 0.16);
  return fingers(shape, dice);
}

// The middle of an eye and half of its width as a vector from the outer corner to the inner, pixels.
struct EyePlace {
  float x, y, inwards_x, inwards_y;
};

EyePlace eye_place(const FaceCrop& crop, const nets::Lids& lids) {
  const auto [ox, oy] = crop.pixel_of(lids[0]);
  const auto [ix, iy] = crop.pixel_of(lids[nets::kInnerCorner]);
  return {(ox + ix) / 2, (oy + iy) / 2, (ix - ox) / 2, (iy - oy) / 2};
}

// A line with round ends.
Shape line(float x0, float y0, float x1, float y1, float width) {
  return {(x0 + x1) / 2,
          (y0 + y1) / 2,
          std::max(std::hypot(x1 - x0, y1 - y0) / 2, width),
          width,
          std::atan2(y1 - y0, x1 - x0),
          8};
}

void hide(FaceCrop& crop, const std::vector<Shape>& shapes) {
  for (size_t i = 0; i < crop.points.size(); ++i) {
    const auto [x, y] = crop.pixel_of(static_cast<int64_t>(i));
    for (const Shape& shape : shapes) {
      if (shape.depth(x, y) > 0) crop.visible[i] = false;
    }
  }
}

}  // namespace

std::array<float, 2> FaceCrop::pixel_of(int64_t point) const {
  const auto half = static_cast<float>(canvas.side_px) / 2;
  const MeshPoint& at = points[static_cast<size_t>(point)];
  return {(at[0] + 1) * half - 0.5F, (at[1] + 1) * half - 0.5F};
}

int64_t FaceCrop::visible_count() const { return std::ranges::count(visible, true); }

void cover_a_part(FaceCrop& crop, const uint8_t* other, int64_t other_px, Dice& dice) {
  const std::vector<Shape> shapes = shapes_before(crop, dice);
  const Surface surface(crop, other, other_px, dice);
  const auto before = crop.visible;
  hide(crop, shapes);
  if (static_cast<double>(crop.visible_count()) <
      (1 - kMostCovered) * static_cast<double>(nets::kMeshPoints)) {
    crop.visible = before;
    return;
  }
  for (const Shape& shape : shapes) {
    fill(crop.canvas, shape,
         [&](float* pixel, float share, int64_t x, int64_t y) { mix(pixel, surface.at(x, y), share); });
  }
}

void put_on_glasses(FaceCrop& crop, Dice& dice) {
  const Colour frame = dice.chance(0.6)
                           ? Colour{dice.betweenf(0, 0.2), dice.betweenf(0, 0.2), dice.betweenf(0, 0.2)}
                           : Colour{dice.betweenf(0, 1), dice.betweenf(0, 1), dice.betweenf(0, 1)};
  const Colour glass = {dice.betweenf(0, 0.3), dice.betweenf(0, 0.3), dice.betweenf(0, 0.35)};
  const double kind = dice.between(0, 1);
  const float tint = kind < 0.5 ? 0.0F : kind < 0.7 ? dice.betweenf(0.1, 0.6) : dice.betweenf(kOpaque, 1.0);
  const float wide = dice.betweenf(1.35, 2.0), high = wide * dice.betweenf(0.6, 0.95),
              power = dice.betweenf(2, 6);
  const float rim = static_cast<float>(crop.canvas.side_px) / 160 * dice.betweenf(0.5, 2.2);
  const float lower = dice.betweenf(0, 0.25);
  const EyePlace left = eye_place(crop, nets::kLeftLids), right = eye_place(crop, nets::kRightLids);
  std::vector<Shape> lenses;
  for (const EyePlace& eye : {left, right}) {
    const float half = std::max(std::hypot(eye.inwards_x, eye.inwards_y), 1.0F);
    const float angle = std::atan2(right.y - left.y, right.x - left.x);
    lenses.push_back({eye.x - std::sin(angle) * lower * half, eye.y + std::cos(angle) * lower * half,
                      wide * half, high * half, angle, power});
  }
  for (const Shape& lens : lenses) {
    fill(crop.canvas, lens, [&](float* pixel, float share, int64_t x, int64_t y) {
      const float depth = lens.depth(static_cast<float>(x), static_cast<float>(y));
      const float on_rim = std::clamp(2 * rim - depth + 0.5F, 0.0F, 1.0F);
      mix(pixel, glass, share * tint);
      mix(pixel, frame, share * on_rim);
    });
  }
  const float c = std::cos(lenses[0].angle), s = std::sin(lenses[0].angle);
  const float a = 0.97F * lenses[0].half_width, b = 0.97F * lenses[1].half_width;
  const auto draw = [&](float x0, float y0, float x1, float y1) {
    fill(crop.canvas, line(x0, y0, x1, y1, std::max(rim, 0.6F)),
         [&](float* pixel, float share, int64_t, int64_t) { mix(pixel, frame, share); });
  };
  draw(lenses[0].x + c * a, lenses[0].y + s * a, lenses[1].x - c * b, lenses[1].y - s * b);
  if (dice.chance(0.7)) {  // to the ears
    const auto [lx, ly] = crop.pixel_of(127);
    const auto [rx, ry] = crop.pixel_of(356);
    draw(lenses[0].x - c * a, lenses[0].y - s * a, lx, ly);
    draw(lenses[1].x + c * b, lenses[1].y + s * b, rx, ry);
  }
  if (tint < kOpaque) return;
  for (const auto& [lids, iris] :
       {std::pair{nets::kLeftLids, nets::kLeftIris}, {nets::kRightLids, nets::kRightIris}}) {
    for (const int64_t point : lids) crop.visible[static_cast<size_t>(point)] = false;
    for (int64_t i = 0; i < nets::kIrisPoints; ++i) crop.visible[static_cast<size_t>(iris + i)] = false;
  }
}

}  // namespace toonmirror::training
