#include "nets/first_order_motion.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_key_points.h"
#include "nets/mixed_precision.h"
#include "nets/model_file.h"
#include "nets/mouth_prior.h"

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

// What the mesh says of the face, laid over what key points say of all else.
at::Tensor with_field(const at::Tensor& deformation, const MeshField& field) {
  const at::Tensor cover = field.cover.permute({0, 2, 3, 1});
  const at::Tensor wide = resized_like(deformation.permute({0, 3, 1, 2}), field.cover, /*aligned=*/true);
  return at::lerp(wide.permute({0, 2, 3, 1}), field.grid, cover);
}

// 1 where a deformation [N, H, W, 2] may be followed, 0 where it folds (its determinant is not positive) or leaves
// the picture: [N, 1, H, W].
at::Tensor sound_places(const at::Tensor& deformation) {
  constexpr double kOutside = 1.02;
  const at::NoGradGuard no_grad;
  const at::Tensor grid = deformation.detach();
  const int64_t h = grid.size(1), w = grid.size(2);
  const at::Tensor right = grid.slice(1, 0, h - 1).slice(2, 1) - grid.slice(1, 0, h - 1).slice(2, 0, w - 1);
  const at::Tensor down = grid.slice(1, 1).slice(2, 0, w - 1) - grid.slice(1, 0, h - 1).slice(2, 0, w - 1);
  const at::Tensor determinant =
      right.select(3, 0) * down.select(3, 1) - right.select(3, 1) * down.select(3, 0);
  at::Tensor sound = at::pad((determinant > 0).to(at::kFloat).unsqueeze(1), {0, 1, 0, 1}, "replicate");
  sound = sound * (grid.abs().amax(3) < kOutside).to(at::kFloat).unsqueeze(1);
  return at::avg_pool2d(sound, {3, 3}, {1, 1}, {1, 1}, false, /*count_include_pad=*/false);
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
  if (options.mesh_kp == 0) return;
  mesh_.emplace_back(ConvNormRelu(options.num_channels + 1 + kMeshParts, width_of(0), 3));
  for (int64_t level = 0; level < generator.num_down_blocks; ++level) {
    mesh_.emplace_back(ConvNormRelu(width_of(level), width_of(level + 1), 3));
  }
  register_list(*this, "mesh", mesh_);
}

void MotionGeneratorImpl::encode(EncodedSource& source) {
  at::Tensor x = first_->forward(source.picture);
  source.skips.clear();
  for (size_t level = 0; level < down_.size(); ++level) {
    if (down_.size() - level <= skips_.size()) source.skips.insert(source.skips.begin(), x);
    x = halved(down_[level]->forward(x));
  }
  source.features = x;
  if (!mesh_.empty()) source.mouth = mouth_colours(source.picture, source.key_points.mesh);
}

std::vector<at::Tensor> MotionGeneratorImpl::mesh_hints(const at::Tensor& deformed, const MeshField& field) {
  std::vector<at::Tensor> hints = {mesh_[0]->forward(at::cat({deformed, field.cover, field.parts}, 1))};
  for (size_t level = 1; level < mesh_.size(); ++level) {
    hints.push_back(mesh_[level]->forward(halved(hints.back())));
  }
  return hints;
}

at::Tensor MotionGeneratorImpl::decode(const EncodedSource& source, const DenseMotion& motion,
                                       const MeshField* field, bool align_corners, MotionMaps* maps) {
  const at::Tensor deformation =
      field != nullptr ? with_field(motion.deformation, *field) : motion.deformation;
  const auto moved = [&](const at::Tensor& features) {
    const at::Tensor x = deform(features, deformation, align_corners, aligned_resize());
    return motion.occlusion.defined() ? x * resized_like(motion.occlusion, x, /*aligned=*/false) : x;
  };
  at::Tensor deformed;
  if (field != nullptr || blend_ || maps != nullptr) {
    deformed = deform(source.picture, deformation, align_corners, aligned_resize());
  }
  std::vector<at::Tensor> hints;
  if (field != nullptr) {
    deformed = with_mouth(deformed, *field, source.mouth);
    hints = mesh_hints(deformed, *field);
  }
  at::Tensor x = moved(source.features);
  if (!hints.empty()) x = x + hints.back();
  for (PreActivationBlock& block : bottleneck_) x = block->forward(x);
  for (size_t i = 0; i < up_.size(); ++i) {
    x = up_[i]->forward(doubled(x));
    if (i < skips_.size()) x = x + skips_[i]->forward(moved(source.skips[i]));
    if (!hints.empty()) x = x + hints[hints.size() - 2 - i];
  }
  at::Tensor result = at::sigmoid(final_->forward(x).to(at::kFloat));
  at::Tensor kept;
  if (blend_) {
    kept = at::sigmoid(blend_->forward(x).to(at::kFloat));
    if (field != nullptr) kept = kept * sound_places(deformation);
    result = result + kept * (deformed - result);
  }
  if (maps != nullptr) *maps = {motion, deformation, deformed, kept};
  return result;
}

void MotionGeneratorImpl::prepare(at::ScalarType type) {
  dense_motion_->prepare(type);
  first_->prepare(type);
  final_->prepare(type);
  if (blend_) blend_->prepare(type);
  for (PreparedConv2d& skip : skips_) skip->prepare(type);
  for (auto* blocks : {&down_, &up_, &mesh_}) {
    for (ConvNormRelu& block : *blocks) block->prepare(type);
  }
  for (PreActivationBlock& block : bottleneck_) block->prepare(type);
}

MotionModelImpl::MotionModelImpl(const MotionModelOptions& options) : options_(options) {
  options_.check();
  kp_detector_ = register_module("kp_detector", KeyPointDetector(options_));
  generator_ = register_module("generator", MotionGenerator(options_));
}

KeyPoints MotionModelImpl::detect(const at::Tensor& picture, const at::Tensor& mesh, KeyPointMaps* maps) {
  check_picture(picture);
  check_mesh(mesh, picture.size(0));
  const MixedPrecision precision(type_);
  KeyPoints result = kp_detector_->forward(picture, maps);
  if (options_.mesh_kp > 0) result.mesh = mesh;
  return result;
}

EncodedSource MotionModelImpl::encode_source(const at::Tensor& source, const at::Tensor& mesh) {
  const KeyPoints key_points = detect(source, mesh);
  const MixedPrecision precision(type_);
  EncodedSource result = {source, generator_->dense_motion()->downscale(source), {}, {}, key_points};
  generator_->encode(result);
  return result;
}

at::Tensor MotionModelImpl::render(const EncodedSource& source, const KeyPoints& driving, bool align_corners,
                                   MotionMaps* maps) {
  const int64_t sources = source.key_points.count();
  if (driving.value.dim() != 3 || driving.value.size(1) != options_.learned_kp() ||
      driving.value.size(2) != 2 || driving.jacobian.defined() != options_.estimate_jacobian ||
      (sources != 1 && sources != driving.count())) {
    throw Error("motion model: the driving key points are of another model or number of pictures");
  }
  check_mesh(driving.mesh, driving.count());
  const MixedPrecision precision(type_);
  KeyPoints from = source.key_points, to = driving;
  std::optional<MeshField> field;
  if (options_.mesh_kp > 0) {
    field = mesh_field(from.mesh, to.mesh, source.picture.size(3));
    std::tie(from, to) = with_mesh_key_points(from, to);
  }
  const DenseMotion motion = generator_->dense_motion()->forward(source.small, from, to, align_corners);
  return generator_->decode(source, motion, field ? &*field : nullptr, align_corners, maps);
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

void MotionModelImpl::check_mesh(const at::Tensor& mesh, int64_t count) const {
  if (options_.mesh_kp == 0) return;
  const bool fits = mesh.defined() && mesh.dim() == 3 && mesh.size(0) == count &&
                    mesh.size(1) == kMeshPoints && mesh.size(2) == 3;
  if (!fits) throw Error("motion model: goes by face meshes of 478 points, one for each picture");
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
