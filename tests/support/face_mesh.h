// A face mesh that is none of anybody's, and packs of it.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <random>
#include <set>
#include <vector>

#include "checkpoint/safetensors.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::testing {

// [478, 3] in units of a crop, symmetrical, upright and bulging towards the viewer: eyes, brows, mouth and
// contour lie where their names say, all else anywhere.
inline at::Tensor synthetic_mesh() {
  at::Tensor mesh = at::zeros({nets::kMeshPoints, 3});
  std::set<int64_t> free;
  for (int64_t i = 0; i < nets::kSurfacePoints; ++i) free.insert(i);
  const auto put = [&](int64_t i, double x, double y) {
    auto point = mesh.accessor<float, 2>()[i];
    point[0] = static_cast<float>(x);
    point[1] = static_cast<float>(y);
    point[2] = static_cast<float>(0.3 - 0.9 * x * x - 0.5 * y * y);
    free.erase(i);
  };
  const auto put_both = [&](int64_t left, int64_t right, double x, double y) {
    put(left, x, y);
    put(right, -x, y);
  };
  for (size_t k = 0; k < nets::kLidPoints; ++k) {
    const double along = k <= 8 ? static_cast<double>(k) / 8 : static_cast<double>(k - 8) / 8;
    const double y = (k <= 8 ? 0.03 : -0.045) * std::sin(std::numbers::pi * along);
    put_both(nets::kLeftLids[k], nets::kRightLids[k], -0.4 + 0.2 * along, -0.1 + y);
  }
  constexpr double kBorder[5][2] = {{0, 0}, {-0.035, 0}, {0, -0.034}, {0.035, 0}, {0, 0.034}};
  for (int64_t k = 0; k < nets::kIrisPoints; ++k) {
    put_both(nets::kLeftIris + k, nets::kRightIris + k, -0.3 + kBorder[k][0], -0.105 + kBorder[k][1]);
  }
  for (size_t k = 0; k < 20; ++k) {
    const double angle = std::numbers::pi * static_cast<double>(k) / 10;
    put(nets::kOuterLips[k], -0.2 * std::cos(angle), 0.36 + 0.07 * std::sin(angle));
    put(nets::kInnerLips[k], -0.15 * std::cos(angle), 0.36 + 0.02 * std::sin(angle));
  }
  for (size_t k = 0; k < 10; ++k) {
    const double along = static_cast<double>(k % 5) / 4;
    put_both(nets::kBrows[k], nets::kBrows[k + 10], -0.45 + 0.33 * along, k < 5 ? -0.27 : -0.22);
  }
  for (size_t k = 0; k < nets::kContour.size(); ++k) {
    const double angle = std::numbers::pi * static_cast<double>(k) / 18;
    put(nets::kContour[k], 0.55 * std::sin(angle), -0.66 * std::cos(angle));
  }
  put(nets::kBelowNose, 0, 0.2);
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> across(0.04, 0.4), down(-0.55, 0.55);
  while (free.size() > 1) {
    const int64_t left = *free.begin(), right = *std::next(free.begin());
    put_both(left, right, -across(random), down(random));
  }
  if (!free.empty()) put(*free.begin(), 0, -0.4);
  return mesh;
}

// The mesh in the middle of a picture of 256 px: units of the crop are 88 px.
inline at::Tensor mesh_in_picture(double dx = 0, double dy = 0, double scale = 1) {
  at::Tensor mesh = synthetic_mesh() * (88 * scale);
  mesh.select(1, 0) += 127.5 + dx;
  mesh.select(1, 1) += 127.5 + dy;
  return mesh;
}

// Pictures of a grey head on black, each elsewhere, with a white dot of 7 px at `dot`. The last one is held
// out.
inline void write_mesh_pack(const std::filesystem::path& path, int64_t count,
                            int64_t dot = nets::kBelowNose) {
  at::Tensor pictures = at::zeros({count, 256, 256, 3}, at::kByte);
  at::Tensor points = at::zeros({count, nets::kMeshPoints, 3});
  at::Tensor landmarks = at::zeros({count, 68, 2});
  for (int64_t n = 0; n < count; ++n) {
    points[n] = mesh_in_picture(5 * static_cast<double>(n % 5) - 10, 4 * static_cast<double>(n % 4) - 6,
                                0.9 + 0.02 * static_cast<double>(n));
    const auto at = [&](int64_t point, int64_t axis) {
      return std::lround(points[n][point][axis].item<float>());
    };
    pictures[n].slice(0, at(10, 1), at(152, 1)).slice(1, at(234, 0), at(454, 0)).fill_(60);
    pictures[n].slice(0, at(dot, 1) - 3, at(dot, 1) + 4).slice(1, at(dot, 0) - 3, at(dot, 0) + 4).fill_(255);
    // dlib's, as far as a test needs them: some points of the mesh itself.
    landmarks[n] = points[n].slice(0, 0, 68).slice(1, 0, 2);
  }
  at::Tensor held_out = at::zeros({count}, at::kByte);
  held_out[count - 1] = 1;
  checkpoint::write_safetensors(path,
                                {{"pictures", pictures},
                                 {"points", points},
                                 {"landmarks", landmarks},
                                 {"face", at::ones({count}, at::kByte)},
                                 {"held_out", held_out}},
                                {{"toonmirror.kind", "meshes"}});
}

}  // namespace toonmirror::testing
