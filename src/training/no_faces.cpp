#include "training/no_faces.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace toonmirror::training {
namespace {

// A square anywhere, turned by anything.
CropMap square_at(double x, double y, double half_px, double angle) {
  const double right_x = half_px * std::cos(angle), right_y = half_px * std::sin(angle);
  return {{x, y}, {right_x, right_y}, {-right_y, right_x}};
}

// The share of the points that lie in the crop.
double share_inside(const KnownFace& face, const CropMap& map) {
  const auto inside = [&](const MeshPoint& point) {
    const auto [x, y] = map.crop(point[0], point[1]);
    return std::abs(x) <= 1 && std::abs(y) <= 1;
  };
  return static_cast<double>(std::ranges::count_if(*face.points, inside)) /
         static_cast<double>(face.points->size());
}

SourcePicture source_of(const uint8_t* pixels, int64_t side_px, Dice& dice) {
  SourcePicture source = whole_picture(pixels, side_px);
  source.beyond = dice.chance(0.3) ? Beyond::kColour : dice.chance(0.5) ? Beyond::kEdge : Beyond::kMirror;
  const float grey = dice.betweenf(0, 1);
  source.colour = dice.chance(0.6) ? Colour{} : Colour{grey, grey, grey};
  return source;
}

void take(const KnownFace& face, const CropMap& map, const Canvas& canvas, Dice& dice) {
  sample_crop(source_of(face.picture, face.side_px, dice), map, nullptr, /*antialias=*/true, canvas);
}

// The first of some squares that shows little enough of the face; false where there is none.
template <typename NewSquare>
bool take_without(const KnownFace& face, double most, NewSquare new_square, const Canvas& canvas,
                  Dice& dice) {
  constexpr int kAttempts = 12;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const CropMap map = new_square();
    if (share_inside(face, map) > most) continue;
    take(face, map, canvas, dice);
    return true;
  }
  return false;
}

bool surroundings(const KnownFace& face, const Canvas& canvas, Dice& dice) {
  const auto side = static_cast<double>(face.side_px);
  const double largest = 1.1 * face.map.scale();
  return take_without(
      face, 0.04,
      [&] {
        return square_at(dice.between(0, side), dice.between(0, side), dice.ratio(0.15, 1.0) * largest,
                         dice.angle());
      },
      canvas, dice);
}

// An ear, a forehead, a cheek.
bool piece(const KnownFace& face, const Canvas& canvas, Dice& dice) {
  return take_without(
      face, 0.3,
      [&] {
        const MeshPoint& near = (*face.points)[static_cast<size_t>(dice.below(nets::kSurfacePoints))];
        return square_at(near[0], near[1], dice.between(0.12, 0.32) * face.map.scale(), dice.angle());
      },
      canvas, dice);
}

void far_away(const KnownFace& face, const Canvas& canvas, Dice& dice) {
  const double half = face.map.scale() * dice.ratio(2.8, 6.0);
  take(face,
       square_at(face.map.centre[0] + dice.around(0.7) * half, face.map.centre[1] + dice.around(0.7) * half,
                 half, dice.around(0.5)),
       canvas, dice);
}

// The face cut into squares, which change places.
void in_disorder(const KnownFace& face, const Canvas& canvas, Dice& dice) {
  take(face, face.map, canvas, dice);
  const std::vector<float> whole(canvas.pixels, canvas.pixels + canvas.size());
  const int64_t across = 4 + dice.below(6), cell = canvas.side_px / across;
  std::vector<int64_t> order(static_cast<size_t>(across * across));
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[static_cast<size_t>(dice.below(static_cast<int64_t>(i) + 1))]);
  }
  for (int64_t y = 0; y < cell * across; ++y) {
    for (int64_t x = 0; x < cell * across; ++x) {
      const int64_t from = order[static_cast<size_t>(y / cell * across + x / cell)];
      const int64_t source_x = from % across * cell + x % cell, source_y = from / across * cell + y % cell;
      std::copy_n(&whole[static_cast<size_t>((source_y * canvas.side_px + source_x) * 3)], 3,
                  canvas.at(x, y));
    }
  }
}

// Noise of some scales over a gradient, or stripes.
void texture(const Canvas& canvas, Dice& dice) {
  const auto colour = [&] { return Colour{dice.betweenf(0, 1), dice.betweenf(0, 1), dice.betweenf(0, 1)}; };
  const Colour first = colour(), second = colour();
  const double angle = dice.angle();
  const auto side = static_cast<float>(canvas.side_px);
  const auto c = static_cast<float>(std::cos(angle)) / side, s = static_cast<float>(std::sin(angle)) / side;
  const bool striped = dice.chance(0.4);
  const auto waves = static_cast<float>(dice.ratio(2, 40));
  const int64_t cells = 2 + dice.below(14);
  std::vector<float> lattice(static_cast<size_t>((cells + 1) * (cells + 1)));
  for (float& value : lattice) value = dice.betweenf(-0.5, 0.5);
  const float rough = dice.betweenf(0, 0.8);
  for (int64_t y = 0; y < canvas.side_px; ++y) {
    for (int64_t x = 0; x < canvas.side_px; ++x) {
      float along = 0.5F + c * static_cast<float>(x) + s * static_cast<float>(y);
      if (striped) along = 0.5F + 0.5F * std::sin(6.2832F * waves * along);
      const float u = static_cast<float>(x * cells) / side, v = static_cast<float>(y * cells) / side;
      const auto column = static_cast<size_t>(u), row = static_cast<size_t>(v);
      const float a = u - static_cast<float>(column), b = v - static_cast<float>(row);
      const float* upper = &lattice[row * static_cast<size_t>(cells + 1) + column];
      const float* lower = upper + cells + 1;
      const float bump =
          (1 - b) * (upper[0] + a * (upper[1] - upper[0])) + b * (lower[0] + a * (lower[1] - lower[0]));
      float* pixel = canvas.at(x, y);
      for (size_t k = 0; k < 3; ++k) {
        pixel[k] = std::clamp(first[k] + (second[k] - first[k]) * along + rough * bump, 0.0F, 1.0F);
      }
    }
  }
}

}  // namespace

void draw_no_face(const KnownFace& face, const Canvas& canvas, Dice& dice) {
  const double kind = dice.between(0, 1);
  if (kind < 0.35 && surroundings(face, canvas, dice)) return;
  if (kind >= 0.35 && kind < 0.55 && piece(face, canvas, dice)) return;
  if (kind >= 0.55 && kind < 0.7) return far_away(face, canvas, dice);
  if (kind >= 0.7 && kind < 0.85) return in_disorder(face, canvas, dice);
  texture(canvas, dice);
}

void draw_faceless(const uint8_t* picture, int64_t side_px, const Canvas& canvas, Dice& dice) {
  const auto side = static_cast<double>(side_px);
  const CropMap map = square_at(dice.between(0.2, 0.8) * side, dice.between(0.2, 0.8) * side,
                                dice.ratio(0.1, 0.7) * side, dice.around(0.6));
  sample_crop(source_of(picture, side_px, dice), map, nullptr, /*antialias=*/true, canvas);
}

}  // namespace toonmirror::training
