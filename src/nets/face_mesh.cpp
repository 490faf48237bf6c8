#include "nets/face_mesh.h"

#include <algorithm>

#include "base/error.h"

namespace toonmirror::nets {
namespace {

constexpr size_t kStages = 5;
// What a file may ask for.
constexpr int64_t kMaxChannels = 1024, kMaxDepth = 16, kMaxSummary = 4096, kMaxSide_px = 512;

constexpr int64_t kSqueezed = 64;                        // channels that are summed up
constexpr int64_t kEyeSamples = 16, kMouthSamples = 20;  // sides of the patches
constexpr int64_t kCloseSummary = 64;
// Patches reach this many widths of the eye, or of the mouth, to either side.
constexpr double kEyeReach = 0.9, kMouthReach = 0.75;
constexpr int64_t kEyePoints = kLidPoints + kIrisPoints;
// Relative to the other layers, whose outputs need not be right to a hundredth.
constexpr double kShapeRate = 0.4;
constexpr double kDullest = 0.05;  // deviation of a crop below which it is no longer made more contrasty

bool lies_within(const std::vector<int64_t>& numbers, int64_t least, int64_t most) {
  return numbers.size() == kStages &&
         std::ranges::all_of(numbers, [&](int64_t number) { return number >= least && number <= most; });
}

void check(const FaceMeshOptions& options) {
  if (options.resolution < (1 << kStages) || options.resolution > kMaxSide_px ||
      options.resolution % (1 << kStages) != 0) {
    throw Error("face mesh of crops of " + std::to_string(options.resolution) + " px");
  }
  if (!lies_within(options.channels, 2, kMaxChannels) || !lies_within(options.depths, 0, kMaxDepth)) {
    throw Error("face mesh without five sound stages", "this version knows five");
  }
  if (options.summary < 1 || options.summary > kMaxSummary || options.closer < 2 ||
      options.closer > kMaxChannels) {
    throw Error("face mesh of no or too many numbers");
  }
}

// Lids and iris of one eye.
std::vector<int64_t> eye_points(const Lids& lids, int64_t iris) {
  std::vector<int64_t> result(lids.begin(), lids.end());
  for (int64_t i = 0; i < kIrisPoints; ++i) result.push_back(iris + i);
  return result;
}

std::vector<int64_t> closer_points() {
  std::vector<int64_t> result = eye_points(kLeftLids, kLeftIris);
  const std::vector<int64_t> right = eye_points(kRightLids, kRightIris);
  result.insert(result.end(), right.begin(), right.end());
  result.insert(result.end(), kOuterLips.begin(), kOuterLips.end());
  result.insert(result.end(), kInnerLips.begin(), kInnerLips.end());
  return result;
}

// Crops in one light: the mean of each colour is 0, the deviation 1. Without it most of what is learned at
// first is what darkness is.
at::Tensor evened(const at::Tensor& x) {
  const at::Tensor values = x.to(at::kFloat);
  const at::Tensor around = values - values.mean({2, 3}, /*keepdim=*/true);
  const at::Tensor spread = around.square().mean({1, 2, 3}, /*keepdim=*/true) + kDullest * kDullest;
  return (around / spread.sqrt()).to(x.scalar_type());
}

void silence(FullyConnected& layer) {
  const torch::NoGradGuard no_grad;
  layer->weight.zero_();
}

// The middle between two points of [N, P, 3], [N, 2].
at::Tensor middle(const at::Tensor& points, int64_t a, int64_t b) {
  return ((points.select(1, a) + points.select(1, b)) * 0.5).slice(1, 0, 2);
}

at::Tensor distance(const at::Tensor& canonical, int64_t a, int64_t b) {
  return (canonical[a] - canonical[b]).slice(0, 0, 2).norm();
}

// The stages at those places, [N, channels of both, places as they are]: places [N, rows, columns, 2].
at::Tensor sampled(const std::vector<at::Tensor>& stages, const at::Tensor& places) {
  constexpr int64_t kBilinear = 0, kZeros = 0;
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < 2; ++i) {
    parts.push_back(at::grid_sampler(stages[i].to(at::kFloat), places, kBilinear, kZeros,
                                     /*align_corners=*/false));
  }
  return at::cat(parts, 1);
}

}  // namespace

NarrowBlockImpl::NarrowBlockImpl(int64_t channels) {
  const int64_t inside = channels / 2;
  narrow_ = register_module("narrow", ConvLayer(channels, inside, 1, 1, /*activate=*/true));
  mix_ = register_module("mix", ConvLayer(inside, inside, 3, 1, /*activate=*/true));
  widen_ = register_module("widen", ConvLayer(inside, channels, 1, 1, /*activate=*/false));
}

at::Tensor NarrowBlockImpl::forward(const at::Tensor& x) {
  return (x + widen_->forward(mix_->forward(narrow_->forward(x)))) * (1.0 / kSqrt2);
}

void NarrowBlockImpl::prepare(at::ScalarType type) {
  for (ConvLayer* layer : {&narrow_, &mix_, &widen_}) (*layer)->prepare(type);
}

CloseLookImpl::CloseLookImpl(int64_t in, int64_t side, int64_t channels, int64_t points)
    : side_(side), points_(points) {
  const int64_t wide = channels * 3 / 2, left = side / 4;
  first_ = register_module("first", ConvLayer(in, channels, 3, 2, /*activate=*/true));
  second_ = register_module("second", ConvLayer(channels, wide, 3, 2, /*activate=*/true));
  gather_ = register_module("gather", FullyConnected(wide * left * left, kCloseSummary, /*activate=*/true));
  offsets_ =
      register_module("offsets", FullyConnected(kCloseSummary, points * 2, /*activate=*/false, kShapeRate));
  silence(offsets_);
  const at::Tensor along = (at::arange(side, at::kFloat) + 0.5) * (2.0 / static_cast<double>(side)) - 1.0;
  samples_ = at::stack({along.repeat({side}), along.repeat_interleave(side)}, 1);
}

at::Tensor CloseLookImpl::forward(const at::Tensor& patches) {
  const at::Tensor seen = second_->forward(first_->forward(patches)).to(at::kFloat).contiguous();
  return offsets_->forward(gather_->forward(seen.flatten(1))).view({-1, points_, 2});
}

void CloseLookImpl::prepare(at::ScalarType type) {
  first_->prepare(type);
  second_->prepare(type);
  gather_->prepare(type);
}

FaceMeshImpl::FaceMeshImpl(const FaceMeshOptions& options) : options_(options) {
  check(options);
  int64_t in = 3;
  for (size_t i = 0; i < kStages; ++i) {
    const int64_t out = options.channels[i];
    const std::string stage = "s" + std::to_string(2 << i);
    down_.push_back(register_module(stage + "_down", ConvLayer(in, out, 3, 2, /*activate=*/true)));
    blocks_.emplace_back();
    for (int64_t n = 0; n < options.depths[i]; ++n) {
      blocks_.back().push_back(register_module(stage + "_block" + std::to_string(n + 1), NarrowBlock(out)));
    }
    in = out;
  }
  const int64_t left = options.resolution >> kStages;
  squeeze_ = register_module("squeeze", ConvLayer(in, kSqueezed, 1, 1, /*activate=*/true));
  gather_ = register_module("gather", FullyConnected(kSqueezed * left * left, options.summary, true));
  summary_ = register_module("summary", FullyConnected(options.summary, options.summary, true));
  pose_ = register_module("pose", FullyConnected(options.summary, 4, false, kShapeRate));
  shape_ = register_module("shape", FullyConnected(options.summary, kMeshPoints * 3, false, kShapeRate));
  judgement_ = register_module("judgement", FullyConnected(options.summary, 1 + kMeshPoints, false));
  for (FullyConnected* layer : {&pose_, &shape_, &judgement_}) silence(*layer);
  const int64_t fine = options.channels[0] + options.channels[1];
  eye_ = register_module("eye", CloseLook(fine, kEyeSamples, options.closer, kEyePoints));
  mouth_ = register_module("mouth", CloseLook(fine, kMouthSamples, options.closer,
                                              static_cast<int64_t>(kOuterLips.size() + kInnerLips.size())));
  closer_ = at::tensor(closer_points(), at::kLong);
  canonical = register_buffer("canonical", at::zeros({kMeshPoints, 3}));
  landmarks68 = register_buffer("landmarks68", at::zeros({68, kMeshPoints}));
}

std::vector<at::Tensor> FaceMeshImpl::stages(const at::Tensor& x) {
  std::vector<at::Tensor> result;
  at::Tensor y = evened(x);
  for (size_t i = 0; i < kStages; ++i) {
    y = down_[i]->forward(y);
    for (NarrowBlock& block : blocks_[i]) y = block->forward(y);
    result.push_back(y);
  }
  return result;
}

at::Tensor FaceMeshImpl::look_closely(const std::vector<at::Tensor>& stages, const at::Tensor& pose,
                                      const at::Tensor& coarse) {
  const int64_t count = pose.size(0);
  const at::Tensor right = pose.slice(1, 0, 2);  // [N, 2]
  const at::Tensor down = at::stack({-right.select(1, 1), right.select(1, 0)}, 1);
  const at::Tensor eye = kEyeReach * distance(canonical, kLeftLids[0], kLeftLids[kInnerCorner]);
  const at::Tensor mouth = kMouthReach * distance(canonical, kLeftMouthCorner, kRightMouthCorner);
  // Both eyes and the mouth: [N, 3, 2]. An eye's axis points to the nose.
  const at::Tensor centre = at::stack({middle(coarse, kLeftLids[0], kLeftLids[kInnerCorner]),
                                       middle(coarse, kRightLids[0], kRightLids[kInnerCorner]),
                                       middle(coarse, kLipPairs[2][0], kLipPairs[2][1])},
                                      1);
  const at::Tensor inwards = at::stack({right * eye, -right * eye, right * mouth}, 1);
  const at::Tensor downwards = at::stack({down * eye, down * eye, down * mouth}, 1);

  const auto places = [&](const at::Tensor& samples, int64_t first, int64_t end) {  // [N, parts · side², 2]
    const at::Tensor x = samples.select(1, 0).view({1, 1, -1, 1}),
                     y = samples.select(1, 1).view({1, 1, -1, 1});
    const auto of = [&](const at::Tensor& part) { return part.slice(1, first, end).unsqueeze(2); };
    return of(centre) + of(inwards) * x + of(downwards) * y;
  };
  const auto look = [&](CloseLook& with, int64_t side, int64_t first, int64_t end) {  // [N, parts · K, 2]
    const int64_t parts = end - first;
    const at::Tensor seen =
        sampled(stages, places(with->samples(), first, end).view({count, parts * side, side, 2}));
    const at::Tensor patches = seen.reshape({count, -1, parts, side, side}).transpose(1, 2).flatten(0, 1);
    const at::Tensor offsets = with->forward(patches).view({count, parts, -1, 2});
    const auto of = [&](const at::Tensor& part) { return part.slice(1, first, end).unsqueeze(2); };
    return (offsets.slice(3, 0, 1) * of(inwards) + offsets.slice(3, 1, 2) * of(downwards)).flatten(1, 2);
  };
  return at::constant_pad_nd(at::cat({look(eye_, kEyeSamples, 0, 2), look(mouth_, kMouthSamples, 2, 3)}, 1),
                             {0, 1});
}

FaceMeshResult FaceMeshImpl::forward(const at::Tensor& x) {
  const std::vector<at::Tensor> seen = stages(x);
  const at::Tensor squeezed = squeeze_->forward(seen.back()).to(at::kFloat).contiguous();
  const at::Tensor summary = summary_->forward(gather_->forward(squeezed.flatten(1)));
  const at::Tensor upright = at::tensor({1.0F, 0.0F, 0.0F, 0.0F});
  const at::Tensor pose = pose_->forward(summary) + upright;
  const at::Tensor shape = canonical + shape_->forward(summary).view({-1, kMeshPoints, 3});
  const at::Tensor c = pose.slice(1, 0, 1), s = pose.slice(1, 1, 2);
  const at::Tensor sx = shape.select(2, 0), sy = shape.select(2, 1);
  FaceMeshResult result;
  result.coarse = at::stack({c * sx - s * sy + pose.slice(1, 2, 3), s * sx + c * sy + pose.slice(1, 3, 4),
                             (c.square() + s.square() + 1e-12).sqrt() * shape.select(2, 2)},
                            2);
  result.points =
      result.coarse.index_add(1, closer_, look_closely(seen, pose.detach(), result.coarse.detach()));
  const at::Tensor judgement = judgement_->forward(summary);
  result.presence = judgement.select(1, 0);
  result.visibility = judgement.slice(1, 1);
  return result;
}

void FaceMeshImpl::prepare(at::ScalarType type) {
  for (ConvLayer& layer : down_) layer->prepare(type);
  for (auto& blocks : blocks_) {
    for (NarrowBlock& block : blocks) block->prepare(type);
  }
  squeeze_->prepare(type);
  gather_->prepare(type);
  eye_->prepare(type);
  mouth_->prepare(type);
}

}  // namespace toonmirror::nets
