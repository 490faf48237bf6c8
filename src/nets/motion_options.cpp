#include "nets/motion_options.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/error.h"
#include "nets/mesh_key_points.h"

namespace toonmirror::nets {
namespace {

using checkpoint::NamedTensors;

void check_range(std::string_view name, double value, double low, double high) {
  if (value >= low && value <= high) return;  // false for what is not a number
  throw Error("motion model whose " + std::string(name) + " is " + std::to_string(value),
              "possible are " + std::to_string(low) + " to " + std::to_string(high));
}

void check_widths(const std::string& name, int64_t block_expansion, int64_t max_features) {
  check_range(name + ".block_expansion", static_cast<double>(block_expansion), 1, 1024);
  // Below block_expansion the last level of a reference hourglass would be narrower than what reads it
  // expects.
  check_range(name + ".max_features", static_cast<double>(max_features), static_cast<double>(block_expansion),
              4096);
}

void check_hourglass(const std::string& name, const HourglassOptions& options) {
  check_widths(name, options.block_expansion, options.max_features);
  check_range(name + ".num_blocks", static_cast<double>(options.num_blocks), 1, 10);
  check_range(name + ".scale_factor", options.scale_factor, 1.0 / 64.0, 1);
}

// Shapes as the tensors of one checkpoint have them.
class Shapes {
 public:
  Shapes(const NamedTensors& tensors, const std::string& where) : tensors_(tensors), where_(where) {}

  bool has(const std::string& name) const { return tensors_.contains(name); }

  // Output channels of a convolution.
  int64_t width(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw Error(where_ + ": lacks the tensor " + name);
    if (found->second.dim() != 4 || found->second.numel() == 0) {
      throw Error(where_ + ": tensor " + name + " is not the weight of a convolution");
    }
    return found->second.size(0);
  }

  int64_t kernel(const std::string& name) const {
    width(name);
    return tensors_.at(name).size(3);
  }

  // How many of prefix0suffix, prefix1suffix, … there are.
  int64_t count(const std::string& prefix, const std::string& suffix) const {
    int64_t result = 0;
    while (has(prefix + std::to_string(result) + suffix)) ++result;
    return result;
  }

 private:
  const NamedTensors& tensors_;
  const std::string& where_;
};

constexpr const char* kConvolution = ".conv.weight";

// The kernel of the anti-aliasing filter has 2 · round(2 (1/scale − 1)) + 1 points.
double scale_factor_of(const Shapes& shapes, const std::string& filter) {
  return shapes.has(filter) ? 4.0 / static_cast<double>(shapes.kernel(filter) + 3) : 1.0;
}

HourglassOptions hourglass_of(const Shapes& shapes, const std::string& network, const std::string& filter) {
  HourglassOptions result;
  const std::string down = network + ".encoder.down_blocks.", up = network + ".decoder.up_blocks.";
  result.num_blocks = shapes.count(down, kConvolution);
  if (result.num_blocks == 0) shapes.width(down + "0" + kConvolution);  // throws
  result.block_expansion = shapes.width(up + std::to_string(result.num_blocks - 1) + kConvolution);
  result.max_features = shapes.width(down + std::to_string(result.num_blocks - 1) + kConvolution);
  result.scale_factor = scale_factor_of(shapes, filter);
  return result;
}

// The widest level; any larger max_features means the same network.
int64_t widest(int64_t block_expansion, int64_t max_features, int64_t levels) {
  return std::min(max_features, block_expansion << levels);
}

}  // namespace

int64_t HourglassOptions::step() const { return static_cast<int64_t>(1.0 / scale_factor); }

int64_t MotionModelOptions::size_multiple_px() const {
  const auto of = [](const HourglassOptions& hourglass) { return hourglass.step() << hourglass.num_blocks; };
  const int64_t hourglasses = std::lcm(of(kp_detector.hourglass), of(generator.dense_motion.hourglass));
  return std::lcm(hourglasses, int64_t{1} << generator.num_down_blocks);
}

int64_t MotionModelOptions::least_size_px() const {
  constexpr int64_t kLeastMap = 2, kBorders = 6;  // the 7×7 convolution takes away three on each side
  return (kLeastMap + kBorders - 2 * kp_detector.pad) * kp_detector.hourglass.step();
}

void MotionModelOptions::check() const {
  check_range("num_channels", static_cast<double>(num_channels), 1, 16);
  check_range("num_kp", static_cast<double>(learned_kp()), 1, 256);
  if (mesh_kp != 0 && mesh_kp != kMeshKeyPoints) {
    throw Error("motion model with " + std::to_string(mesh_kp) + " key points of a face mesh",
                "possible are 0 and " + std::to_string(kMeshKeyPoints));
  }
  check_hourglass("kp_detector", kp_detector.hourglass);
  check_range("kp_detector.temperature", kp_detector.temperature, 1e-6, 1e6);
  check_range("kp_detector.pad", static_cast<double>(kp_detector.pad), 0, 3);
  check_hourglass("dense_motion", generator.dense_motion.hourglass);
  check_range("dense_motion.kp_variance", generator.dense_motion.kp_variance, 1e-6, 1e6);
  check_widths("generator", generator.block_expansion, generator.max_features);
  check_range("generator.num_down_blocks", static_cast<double>(generator.num_down_blocks), 0, 10);
  check_range("generator.num_bottleneck_blocks", static_cast<double>(generator.num_bottleneck_blocks), 0, 64);
  check_range("generator.warped_skips", static_cast<double>(generator.warped_skips), 0,
              static_cast<double>(generator.num_down_blocks));
}

MotionModelOptions motion_options_from_tensors(const NamedTensors& tensors, const std::string& where,
                                               const MotionModelOptions& defaults) {
  const Shapes shapes(tensors, where);
  MotionModelOptions result = defaults;
  result.num_channels = shapes.width("generator.final.weight");
  result.mesh_kp = shapes.has("generator.mesh.0.conv.weight") ? kMeshKeyPoints : 0;
  result.num_kp = shapes.width("kp_detector.kp.weight") + result.mesh_kp;
  result.estimate_jacobian = shapes.has("kp_detector.jacobian.weight");
  KeyPointDetectorOptions& detector = result.kp_detector;
  detector.hourglass = hourglass_of(shapes, "kp_detector.predictor", "kp_detector.down.weight");
  detector.single_jacobian_map =
      result.estimate_jacobian && result.learned_kp() > 1 && shapes.width("kp_detector.jacobian.weight") == 4;

  MotionGeneratorOptions& generator = result.generator;
  generator.block_expansion = shapes.width("generator.first.conv.weight");
  generator.num_down_blocks = shapes.count("generator.down_blocks.", kConvolution);
  generator.max_features = generator.block_expansion;
  if (generator.num_down_blocks > 0) {
    const std::string last = std::to_string(generator.num_down_blocks - 1);
    generator.max_features = shapes.width("generator.down_blocks." + last + kConvolution);
  }
  generator.num_bottleneck_blocks = shapes.count("generator.bottleneck.r", ".conv1.weight");
  generator.warped_skips = shapes.count("generator.skips.", ".weight");
  generator.blend_source = shapes.has("generator.blend.weight");
  const std::string dense = "generator.dense_motion_network";
  generator.estimate_occlusion_map = shapes.has(dense + ".occlusion.weight");
  generator.dense_motion.hourglass = hourglass_of(shapes, dense + ".hourglass", dense + ".down.weight");
  try {
    result.check();
  } catch (const Error& error) {
    throw Error(where + ": " + error.what(), error.hint());
  }
  return result;
}

void check_motion_options(const MotionModelOptions& options, const NamedTensors& tensors,
                          const std::string& where) {
  options.check();
  const MotionModelOptions found = motion_options_from_tensors(tensors, where, options);
  const auto compare = [&](const char* name, int64_t said, int64_t is) {
    if (said == is) return;
    throw Error(where + ": " + name + " is " + std::to_string(is) + " by the shapes of the tensors, but " +
                    std::to_string(said) + " by the configuration",
                "does the configuration belong to another checkpoint?");
  };
  const auto compare_hourglass = [&](const HourglassOptions& said, const HourglassOptions& is) {
    compare("num_blocks", said.num_blocks, is.num_blocks);
    compare("block_expansion", said.block_expansion, is.block_expansion);
    compare("the widest level", widest(said.block_expansion, said.max_features, said.num_blocks),
            is.max_features);
    compare("the step of scale_factor", said.step(), is.step());
  };
  compare("num_channels", options.num_channels, found.num_channels);
  compare("num_kp", options.num_kp, found.num_kp);
  compare("estimate_jacobian", options.estimate_jacobian, found.estimate_jacobian);
  if (options.learned_kp() > 1 && options.estimate_jacobian) {
    compare("single_jacobian_map", options.kp_detector.single_jacobian_map,
            found.kp_detector.single_jacobian_map);
  }
  compare_hourglass(options.kp_detector.hourglass, found.kp_detector.hourglass);

  const MotionGeneratorOptions &said = options.generator, &is = found.generator;
  compare("num_down_blocks", said.num_down_blocks, is.num_down_blocks);
  compare("num_bottleneck_blocks", said.num_bottleneck_blocks, is.num_bottleneck_blocks);
  compare("warped_skips", said.warped_skips, is.warped_skips);
  compare("blend_source", said.blend_source, is.blend_source);
  compare("block_expansion", said.block_expansion, is.block_expansion);
  compare("the widest level", widest(said.block_expansion, said.max_features, said.num_down_blocks),
          is.max_features);
  compare("estimate_occlusion_map", said.estimate_occlusion_map, is.estimate_occlusion_map);
  compare_hourglass(said.dense_motion.hourglass, is.dense_motion.hourglass);
}

}  // namespace toonmirror::nets
