#include "training/losses.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "nets/house_encoder.h"
#include "nets/modulation.h"

namespace toonmirror::training {
namespace {

constexpr double kPackSize_px = 256.0;
constexpr int kLpipsSlices = 7;
constexpr size_t kPerceptualSlices = 5;
// Twice the weight that makes the sum over slices comparable with LPIPS, since |â − b̂|² = 2 − 2 cos.
constexpr double kSliceWeight = 2.0 * 0.063;

// Where ArcFace's 112 px crop expects eye centres, nose tip and mouth corners (insightface, face_align.py).
constexpr std::array<std::array<double, 2>, 5> kArcFaceTemplate = {
    {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}}};
constexpr double kArcFaceSize_px = 112.0;

}  // namespace

RegionWeights with_region_weights(RegionWeights weights, const std::string& text) {
  constexpr float kMost = 100.0f;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const size_t equals = item.find('=');
    const auto name = std::ranges::find(kFaceClassNames, item.substr(0, equals));
    if (name == kFaceClassNames.end()) {
      throw Error("region weights: '" + item + "' names no class of the face", "such as brow=5,hair=2");
    }
    float value = -1;
    const char* end = item.data() + item.size();
    if (equals == std::string::npos || std::from_chars(item.data() + equals + 1, end, value).ptr != end ||
        !(value >= 0 && value <= kMost)) {
      throw Error("region weights: '" + item + "' needs a number from 0 to 100", "such as brow=5,hair=2");
    }
    weights[static_cast<size_t>(name - kFaceClassNames.begin())] = value;
  }
  return weights;
}

at::Tensor region_weights(const at::Tensor& labels, int64_t resolution_px, const RegionWeights& weights) {
  const at::Tensor table = at::tensor(at::ArrayRef<float>(weights.data(), weights.size()));
  const at::Tensor map = table.index_select(0, labels.flatten()).view(labels.sizes()).unsqueeze(1);
  return at::adaptive_avg_pool2d(map, {resolution_px, resolution_px});
}

at::Tensor weighted_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weights) {
  return ((a - b).abs() * weights).mean() * 0.5;
}

at::Tensor gradient_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weights) {
  const at::Tensor d = a - b;
  const auto along = [&](int64_t axis) {
    const int64_t size = d.size(axis) - 1;
    return ((d.narrow(axis, 1, size) - d.narrow(axis, 0, size)).abs() * weights.narrow(axis, 0, size))
               .mean() *
           0.5;
  };
  return along(2) + along(3);
}

RegionColours region_colours(const at::Tensor& pictures, const at::Tensor& labels) {
  constexpr int64_t kSize_px = 64;
  const int64_t stride = labels.size(1) / kSize_px;
  const at::Tensor few =
      labels.slice(1, stride / 2, labels.size(1), stride).slice(2, stride / 2, labels.size(2), stride);
  const at::Tensor masks =
      at::one_hot(few.reshape({-1}), nets::kFaceClassCount).to(at::kFloat).t();  // [11, P]
  const at::Tensor colours = at::adaptive_avg_pool2d(pictures.to(at::kFloat), {kSize_px, kSize_px})
                                 .permute({0, 2, 3, 1})
                                 .reshape({-1, 3});
  const at::Tensor count = masks.sum(1);
  const at::Tensor per_pixel = 1.0 / count.clamp_min(1.0).unsqueeze(1);
  const at::Tensor mean = at::matmul(masks, colours) * per_pixel;
  const at::Tensor square = at::matmul(masks, colours.square()) * per_pixel;
  return {mean, ((square - mean.square()).clamp_min(0.0) + 1e-4).sqrt(), count / masks.size(1)};
}

at::Tensor colour_distance(const RegionColours& a, const RegionColours& b) {
  constexpr double kLeastShare = 0.002;  // too few pixels to tell a colour by
  const at::Tensor both = (a.share > kLeastShare).logical_and(b.share > kLeastShare).to(at::kFloat);
  const at::Tensor difference = ((a.mean - b.mean).abs() + (a.deviation - b.deviation).abs()).mean(1) * 0.5;
  return (difference * both).sum() / both.sum().clamp_min(1.0);
}

PerceptualLoss::PerceptualLoss(const std::filesystem::path& nets_folder, at::ScalarType type)
    : features_(nets_folder, "squeezenet11_caffe", type, kPerceptualSlices) {}

std::vector<at::Tensor> PerceptualLoss::features(const at::Tensor& pictures) const {
  return features_.forward((pictures + 1.0) * 0.5);
}

at::Tensor PerceptualLoss::operator()(const at::Tensor& a, const at::Tensor& b,
                                      const at::Tensor& weights) const {
  std::vector<at::Tensor> expected;
  {
    const at::NoGradGuard no_grad;
    expected = features(b);
  }
  return distance(features(a), expected, weights);
}

at::Tensor PerceptualLoss::distance(const std::vector<at::Tensor>& actual,
                                    const std::vector<at::Tensor>& expected, const at::Tensor& weights) {
  at::Tensor total;
  for (size_t i = 0; i < actual.size(); ++i) {
    const at::Tensor norms =
        (nets::channel_dot(actual[i], actual[i]) * nets::channel_dot(expected[i], expected[i]) + 1e-6)
            .rsqrt();
    at::Tensor agreement = nets::channel_dot(actual[i], expected[i]) * norms;
    if (weights.defined()) {
      const at::Tensor here = at::adaptive_avg_pool2d(weights, {agreement.size(2), agreement.size(3)});
      agreement = agreement * (here / here.mean());
    }
    const at::Tensor apart = 1.0 - agreement.mean();
    total = total.defined() ? total + apart : apart;
  }
  return total * kSliceWeight;
}

LpipsLike::LpipsLike(const std::filesystem::path& nets_folder)
    : features_(nets_folder, "squeezenet11_caffe", at::kFloat, kLpipsSlices) {
  const checkpoint::SafetensorsFile file(nets_folder / "lpips_squeeze_lin.safetensors");
  for (int i = 0; i < kLpipsSlices; ++i) heads_.push_back(file.tensor("lin" + std::to_string(i) + ".weight"));
}

at::Tensor LpipsLike::operator()(const at::Tensor& a, const at::Tensor& b) const {
  const auto unit = [](const at::Tensor& x) {
    return x / (x.square().sum(1, /*keepdim=*/true).sqrt() + 1e-10);
  };
  const std::vector<at::Tensor> fa = features_.forward((a + 1.0) * 0.5),
                                fb = features_.forward((b + 1.0) * 0.5);
  at::Tensor total = at::zeros({a.size(0)});
  for (size_t i = 0; i < heads_.size(); ++i) {
    const at::Tensor difference = (unit(fa[i]) - unit(fb[i])).square();
    total = total + (difference * heads_[i]).sum(1).mean({1, 2});
  }
  return total;
}

at::Tensor LpipsLike::summary(const at::Tensor& pictures) const {
  return features_.forward((pictures + 1.0) * 0.5).back().mean({2, 3});
}

double kernel_distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor scale = at::cat({a, b}).to(at::kDouble).square().mean().rsqrt();
  const at::Tensor x = a.to(at::kDouble) * scale, y = b.to(at::kDouble) * scale;
  const auto kernel = [](const at::Tensor& p, const at::Tensor& q) {
    return (at::matmul(p, q.t()) / static_cast<double>(p.size(1)) + 1.0).pow(3);
  };
  // The mean over pairs of different pictures.
  const auto within = [&kernel](const at::Tensor& p) {
    const at::Tensor k = kernel(p, p);
    const auto n = static_cast<double>(p.size(0));
    return (k.sum() - k.trace()) / (n * (n - 1));
  };
  return (within(x) + within(y) - 2.0 * kernel(x, y).mean()).item<double>();
}

IdentityNetwork::IdentityNetwork(const std::filesystem::path& nets_folder)
    : graph_(nets_folder, "mobilefacenet128", at::kFloat) {}

at::Tensor IdentityNetwork::embed(const at::Tensor& pictures, const at::Tensor& landmarks) const {
  const at::Tensor points = landmarks.to(at::kDouble).contiguous();
  const int64_t count = pictures.size(0);
  at::Tensor theta = at::empty({count, 2, 3});  // picture grid from crop grid
  auto matrix = theta.accessor<float, 3>();
  for (int64_t n = 0; n < count; ++n) {
    const at::Tensor face = points[n];
    const at::Tensor five = at::stack(
        {face.slice(0, 36, 42).mean(0), face.slice(0, 42, 48).mean(0), face[30], face[48], face[54]});
    // Least-squares similarity (Umeyama 1991), points as complex numbers: picture − p = (a + ib) · (crop −
    // c).
    const auto p = five.accessor<double, 2>();
    double cx = 0, cy = 0, px = 0, py = 0;
    for (int i = 0; i < 5; ++i) {
      cx += kArcFaceTemplate[i][0] / 5;
      cy += kArcFaceTemplate[i][1] / 5;
      px += p[i][0] / 5;
      py += p[i][1] / 5;
    }
    double real = 0, imaginary = 0, spread = 0;
    for (int i = 0; i < 5; ++i) {
      const double u = kArcFaceTemplate[i][0] - cx, v = kArcFaceTemplate[i][1] - cy;
      const double x = p[i][0] - px, y = p[i][1] - py;
      real += u * x + v * y;
      imaginary += u * y - v * x;
      spread += x * x + y * y;
    }
    // The fit runs from the points to the template, as in the reference; this is its inverse.
    const double magnitude = (real * real + imaginary * imaginary) / spread;
    const double a = real / magnitude, b = imaginary / magnitude;
    // Pixel centres to grid coordinates: pixel = (grid + 1) · size / 2 − ½.
    const double half = (kArcFaceSize_px - 1.0) / 2.0;
    const double scale = kArcFaceSize_px / kPackSize_px;
    const double tx = px + a * (half - cx) - b * (half - cy);
    const double ty = py + b * (half - cx) + a * (half - cy);
    const double rows[2][3] = {{a * scale, -b * scale, (tx + 0.5) * 2.0 / kPackSize_px - 1.0},
                               {b * scale, a * scale, (ty + 0.5) * 2.0 / kPackSize_px - 1.0}};
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 3; ++j) matrix[n][i][j] = static_cast<float>(rows[i][j]);
    }
  }
  const int64_t size = static_cast<int64_t>(kArcFaceSize_px);
  const at::Tensor grid = at::affine_grid_generator(theta, {count, 3, size, size}, /*align_corners=*/false);
  const at::Tensor crops = at::grid_sampler(pictures, grid, 0, 0, /*align_corners=*/false) * (127.5 / 128.0);
  const at::Tensor features = graph_.forward(crops)[0];
  return features / features.norm(2, 1, /*keepdim=*/true).clamp_min(1e-6);
}

}  // namespace toonmirror::training
