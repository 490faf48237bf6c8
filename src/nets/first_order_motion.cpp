#include "nets/first_order_motion.h"

#include <algorithm>

#include "base/error.h"
#include "nets/mixed_precision.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

// [N, C, h, w] → [N, C, size of the picture], bilinear. `aligned`: corner pixels are laid on corner pixels.
at::Tensor resized_like(const at::Tensor& x, const at::Tensor& picture, bool aligned) {
  if (x.size(2) == picture.size(2) && x.size(3) == picture.size(3)) return x;
  return at::upsample_bilinear2d(x, {picture.size(2), picture.size(3)}, aligned);
}

// The picture [1 or N, C, H, W] moved by a grid [N, h, w, 2] of any size.
at::Tensor deform(const at::Tensor& picture, const at::Tensor& deformation, bool align_corners,
                  bool aligned_resize) {
  const at::Tensor grid =
      resized_like(deformation.permute({0, 3, 1, 2}), picture, aligned_resize).permute({0, 2, 3, 1});
  return sample(picture.expand({grid.size(0), -1, -1, -1}), grid, align_corners);
}

}  // namespace

MotionGeneratorImpl::MotionGeneratorImpl(const MotionModelOptions& options) {
  const MotionGeneratorOptions& generator = options.generator;
  const auto width_of = [&](int64_t level) {
    return level_width(generator.block_expansion, generator.max_features, level);
  };
  dense_motion_ = register_module("dense_motion_network", DenseMotionNetwork(options));
  first_ = register_module("first", ConvNormRelu(options.num_channels, generator.block_expansion, 7));
  for (int64_t level = 0; level < generator.num_down_blocks; ++level) {
    down_.emplace_back(ConvNormRelu(width_of(level), width_of(level + 1), 3));
  }
  for (int64_t level = generator.num_down_blocks; level-- > 0;) {
    up_.emplace_back(ConvNormRelu(width_of(level + 1), width_of(level), 3));
  }
  register_list(*this, "down_blocks", down_);
  register_list(*this, "up_blocks", up_);
  const auto bottleneck = std::make_shared<torch::nn::Module>();
  for (int64_t i = 0; i < generator.num_bottleneck_blocks; ++i) {
    bottleneck_.emplace_back(PreActivationBlock(width_of(generator.num_down_blocks)));
    bottleneck->register_module("r" + std::to_string(i), bottleneck_.back());
  }
  register_module("bottleneck", bottleneck);
  const auto shape = torch::nn::Conv2dOptions(generator.block_expansion, options.num_channels, 7).padding(3);
  final_ = register_module("final", PreparedConv2d(shape));
  for (int64_t i = 0; i < generator.warped_skips; ++i) {
    const int64_t width = width_of(generator.num_down_blocks - 1 - i);
    skips_.push_back(PreparedConv2d(torch::nn::Conv2dOptions(width, width, 1)));
  }
  if (!skips_.empty()) register_list(*this, "skips", skips_);
  if (generator.blend_source) {
    const auto mask = torch::nn::Conv2dOptions(generator.block_expansion, 1, 7).padding(3);
    blend_ = register_module("blend", PreparedConv2d(mask));
  }
}

void MotionGeneratorImpl::encode(EncodedSource& source) {
  at::Tensor x = first_->forward(source.picture);
  source.skips.clear();
  for (size_t level = 0; level < down_.size(); ++level) {
    if (down_.size() - level <= skips_.size()) source.skips.insert(source.skips.begin(), x);
    x = halved(down_[level]->forward(x));
  }
  source.features = x;
}

at::Tensor MotionGeneratorImpl::decode(const EncodedSource& source, const DenseMotion& motion,
                                       bool align_corners, MotionMaps* maps) {
  const auto moved = [&](const at::Tensor& features) {
    const at::Tensor x = deform(features, motion.deformation, align_corners, aligned_resize());
    return motion.occlusion.defined() ? x * resized_like(motion.occlusion, x, /*aligned=*/false) : x;
  };
  at::Tensor x = moved(source.features);
  for (PreActivationBlock& block : bottleneck_) x = block->forward(x);
  for (size_t i = 0; i < up_.size(); ++i) {
    x = up_[i]->forward(doubled(x));
    if (i < skips_.size()) x = x + skips_[i]->forward(moved(source.skips[i]));
  }
  at::Tensor result = at::sigmoid(final_->forward(x).to(at::kFloat));
  if (maps == nullptr && !blend_) return result;
  const at::Tensor deformed = deform(source.picture, motion.deformation, align_corners, aligned_resize());
  at::Tensor kept;
  if (blend_) {
    kept = at::sigmoid(blend_->forward(x).to(at::kFloat));
    result = result + kept * (deformed - result);
  }
  if (maps != nullptr) *maps = {motion, deformed, kept};
  return result;
}

void MotionGeneratorImpl::prepare(at::ScalarType type) {
  dense_motion_->prepare(type);
  first_->prepare(type);
  final_->prepare(type);
  if (blend_) blend_->prepare(type);
  for (PreparedConv2d& skip : skips_) skip->prepare(type);
  for (auto* blocks : {&down_, &up_}) {
    for (ConvNormRelu& block : *blocks) block->prepare(type);
  }
  for (PreActivationBlock& block : bottleneck_) block->prepare(type);
}

MotionModelImpl::MotionModelImpl(const MotionModelOptions& options) : options_(options) {
  options_.check();
  kp_detector_ = register_module("kp_detector", KeyPointDetector(options_));
  generator_ = register_module("generator", MotionGenerator(options_));
}

KeyPoints MotionModelImpl::detect(const at::Tensor& picture, KeyPointMaps* maps) {
  check_picture(picture);
  const MixedPrecision precision(type_);
  return kp_detector_->forward(picture, maps);
}

EncodedSource MotionModelImpl::encode_source(const at::Tensor& source) {
  check_picture(source);
  const MixedPrecision precision(type_);
  EncodedSource result = {
      source, generator_->dense_motion()->downscale(source), {}, {}, kp_detector_->forward(source)};
  generator_->encode(result);
  return result;
}

at::Tensor MotionModelImpl::render(const EncodedSource& source, const KeyPoints& driving, bool align_corners,
                                   MotionMaps* maps) {
  const int64_t sources = source.key_points.count();
  if (driving.value.dim() != 3 || driving.value.size(1) != options_.num_kp || driving.value.size(2) != 2 ||
      driving.jacobian.defined() != options_.estimate_jacobian ||
      (sources != 1 && sources != driving.count())) {
    throw Error("motion model: the driving key points are of another model or number of pictures");
  }
  const MixedPrecision precision(type_);
  const DenseMotion motion =
      generator_->dense_motion()->forward(source.small, source.key_points, driving, align_corners);
  return generator_->decode(source, motion, align_corners, maps);
}

void MotionModelImpl::prepare(at::ScalarType type) {
  type_ = type;
  kp_detector_->prepare(type);
  generator_->prepare(type);
}

void MotionModelImpl::check_picture(const at::Tensor& picture) const {
  const int64_t multiple = options_.size_multiple_px();
  const bool multiples = picture.dim() == 4 && picture.size(1) == options_.num_channels &&
                         picture.size(2) % multiple == 0 && picture.size(3) % multiple == 0;
  if (multiples && std::min(picture.size(2), picture.size(3)) >= options_.least_size_px()) return;
  throw Error("motion model: pictures must have " + std::to_string(options_.num_channels) +
              " channels and sizes that are multiples of " + std::to_string(multiple) + " px from " +
              std::to_string(options_.least_size_px()) + " px on");
}

MotionModel load_motion_model(const checkpoint::NamedTensors& tensors,
                              const std::optional<MotionModelOptions>& options, const std::string& where) {
  if (options) check_motion_options(*options, tensors, where);
  MotionModel model(options ? *options : motion_options_from_tensors(tensors, where));
  checkpoint::NamedTensors used;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with("kp_detector.") || name.starts_with("generator.")) used.emplace(name, tensor);
  }
  assign_tensors(*model, used, where);
  model->eval();
  return model;
}

}  // namespace toonmirror::nets
