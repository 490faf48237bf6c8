#include "training/directions.h"

#include "base/error.h"

namespace toonmirror::training {

const std::vector<std::string>& landmark_attributes() {
  static const std::vector<std::string> kNames = {"yaw", "pitch", "smile", "mouth_open", "eyes_closed"};
  return kNames;
}

at::Tensor measure_landmarks(const at::Tensor& landmarks) {
  const at::Tensor x = landmarks.select(2, 0).to(at::kDouble), y = landmarks.select(2, 1).to(at::kDouble);
  const auto px = [&x](int64_t i) { return x.select(1, i); };
  const auto py = [&y](int64_t i) { return y.select(1, i); };
  const at::Tensor unit = (px(45) - px(36)).abs().clamp_min(1e-3);
  const at::Tensor eyes_y = y.slice(1, 36, 48).mean(1), corners_y = (py(48) + py(54)) / 2;
  const at::Tensor lips_y = (py(51) + py(57)) / 2;
  const at::Tensor yaw = (px(30) - (px(0) + px(16)) / 2) / unit;
  const at::Tensor pitch = (py(30) - eyes_y) / (corners_y - eyes_y).clamp_min(1e-3);
  const at::Tensor smile = ((px(54) - px(48)).abs() + 2 * (lips_y - corners_y)) / unit;
  const at::Tensor mouth_open = (py(66) - py(62)) / unit;
  const at::Tensor lids = (py(41) - py(37) + py(40) - py(38) + py(47) - py(43) + py(46) - py(44)) / 4;
  return at::stack({yaw, pitch, smile, mouth_open, -lids / unit}, 1).to(at::kFloat);
}

at::Tensor find_directions(const at::Tensor& latents, const at::Tensor& attributes) {
  const int64_t count = attributes.size(0), kinds = attributes.size(1);
  if (count < 10 * kinds) {
    throw Error("too few faces for directions: " + std::to_string(count) + " for " + std::to_string(kinds) +
                " attributes");
  }
  const at::Tensor known = attributes.isnan().logical_not();
  const at::Tensor values = attributes.nan_to_num(0.0).to(at::kDouble);
  const at::Tensor number = known.to(at::kDouble).sum(0).clamp_min(1.0);
  const at::Tensor mean = values.sum(0) / number;
  const at::Tensor centred = (values - mean) * known.to(at::kDouble);
  const at::Tensor deviation = (centred.square().sum(0) / number).sqrt();
  if ((deviation <= 1e-9).any().item<bool>()) throw Error("an attribute is the same for all faces");
  const at::Tensor a = centred / deviation;
  const at::Tensor w = (latents - latents.mean(0, /*keepdim=*/true)).flatten(1).to(at::kDouble);
  const at::Tensor gram =
      at::matmul(a.t(), a) + at::eye(kinds, at::kDouble) * (1e-3 * static_cast<double>(count));
  return at::linalg_solve(gram, at::matmul(a.t(), w))
      .to(at::kFloat)
      .view({kinds, latents.size(1), latents.size(2)});
}

}  // namespace toonmirror::training
