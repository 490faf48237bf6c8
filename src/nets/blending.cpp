#include "nets/blending.h"

#include <array>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

constexpr std::array<const char*, 5> kConvolutionParts = {".weight", ".bias", ".affine.weight",
                                                          ".affine.bias", ".noise_strength"};
constexpr std::array<const char*, 4> kToRgbParts = {".weight", ".bias", ".affine.weight", ".affine.bias"};

std::string block_name(int64_t resolution) { return "synthesis.b" + std::to_string(resolution) + "."; }

void add_convolution(BlendPlan& plan, const GeneratorOptions& options, const std::string& layer,
                     double share) {
  for (const char* part : kConvolutionParts) {
    if (!options.noise && part == std::string(".noise_strength")) continue;
    plan[layer + part] = share;
  }
}

void add_to_rgb(BlendPlan& plan, const std::string& layer, double share) {
  for (const char* part : kToRgbParts) plan[layer + part] = share;
}

// What is added between a block's convolutions.
void add_additions(BlendPlan& plan, const GeneratorOptions& options, int64_t resolution, double share) {
  const auto add = [&](const std::string& layer) {
    for (const char* part : {".weight", ".bias"}) plan[block_name(resolution) + layer + part] = share;
  };
  if (options.likeness_channels.contains(resolution)) add("likeness");
  if (options.latent_picture_px == 0) return;
  if (resolution >= kFirstPictureBlock_px && resolution <= kLatentPictureSize_px) add("picture_mix");
  if (resolution == kLatentPictureSize_px) add("picture_rgb");
}

// What has no block before it: the constant and the latent picture.
void add_beginning(BlendPlan& plan, const GeneratorOptions& options, double share) {
  plan["synthesis.b4.const"] = share;
  if (options.latent_picture_px == 0) return;
  for (const char* part : {"weight", "bias"}) plan[std::string("synthesis.picture.linear.") + part] = share;
}

void check_weights(const std::vector<double>& weights) {
  for (const double weight : weights) {
    if (!(weight >= 0 && weight <= 1)) throw Error("blend weights have to be from 0 to 1");
  }
}

}  // namespace

BlendPlan pinkney_plan(const GeneratorOptions& options, int64_t resolution, int level, double width) {
  if (!options.channels.contains(resolution) || resolution > options.resolution) {
    throw Error("blend resolution " + std::to_string(resolution) + " is not one of the generator's blocks",
                "choose a power of two from 4 to " + std::to_string(options.resolution));
  }
  if (level != 0 && level != 1) throw Error("blend level has to be 0 or 1");
  if (!(width >= 0)) throw Error("blend width has to be 0 (a hard switch) or more");
  const auto position = [](int64_t r, int l) {
    return 2 * (static_cast<int>(std::bit_width(static_cast<uint64_t>(r))) - 3) + l;
  };
  const int split = position(resolution, level);
  const auto share = [&](int64_t r, int l) {
    const double x = position(r, l) - split;
    return width > 0 ? 1.0 / (1.0 + std::exp(-x / width)) : (x > 1 ? 1.0 : 0.0);
  };
  BlendPlan plan;
  for (int64_t r = 4; r <= options.resolution; r *= 2) {
    if (r == 4) {
      add_beginning(plan, options, share(r, 0));
    } else {
      add_convolution(plan, options, block_name(r) + "conv0", share(r, 0));
      add_convolution(plan, options, block_name(r) + "conv1", share(r, 1));
    }
    add_to_rgb(plan, block_name(r) + "torgb", share(r, 1));
    add_additions(plan, options, r, share(r, 1));
  }
  return plan;
}

BlendPlan vtoonify_plan(const GeneratorOptions& options, const std::vector<double>& weights) {
  check_weights(weights);
  if (static_cast<int64_t>(weights.size()) != options.layer_rows()) {
    throw Error("a VToonify blend of this generator takes " + std::to_string(options.layer_rows()) +
                " weights, not " + std::to_string(weights.size()));
  }
  BlendPlan plan;
  size_t k = 0;  // of the block; 4×4 comes before the first
  add_convolution(plan, options, "synthesis.b4.conv1", weights[0]);
  add_to_rgb(plan, "synthesis.b4.torgb", weights[1]);
  for (int64_t r = 8; r <= options.resolution; r *= 2, ++k) {
    add_convolution(plan, options, block_name(r) + "conv0", weights[2 * k + 1]);
    add_convolution(plan, options, block_name(r) + "conv1", weights[2 * k + 2]);
    add_to_rgb(plan, block_name(r) + "torgb", weights[2 * k + 3]);
    add_additions(plan, options, r, weights[2 * k + 2]);
  }
  return plan;
}

BlendPlan layers_plan(const GeneratorOptions& options, const std::vector<double>& weights) {
  check_weights(weights);
  const auto layers = static_cast<size_t>(options.layer_rows() - 1);
  if (weights.empty() || weights.size() > layers) {
    throw Error("a blend of this generator takes 1 to " + std::to_string(layers) + " weights, not " +
                std::to_string(weights.size()));
  }
  const auto share = [&](size_t layer) {
    const double at = static_cast<double>(layer) * static_cast<double>(weights.size() - 1) /
                      static_cast<double>(layers - 1);
    const size_t first = std::min(static_cast<size_t>(at), weights.size() - 1);
    const size_t second = std::min(first + 1, weights.size() - 1);
    return std::lerp(weights[first], weights[second], at - static_cast<double>(first));
  };
  BlendPlan plan;
  add_beginning(plan, options, share(0));
  add_convolution(plan, options, "synthesis.b4.conv1", share(0));
  add_to_rgb(plan, "synthesis.b4.torgb", share(0));
  size_t layer = 1;
  for (int64_t r = 8; r <= options.resolution; r *= 2) {
    add_convolution(plan, options, block_name(r) + "conv0", share(layer++));
    add_convolution(plan, options, block_name(r) + "conv1", share(layer));
    add_to_rgb(plan, block_name(r) + "torgb", share(layer));
    add_additions(plan, options, r, share(layer++));
  }
  return plan;
}

void check_blendable(const checkpoint::NamedTensors& low, const checkpoint::NamedTensors& high) {
  const std::string hint = "networks can be blended when one is a fine-tuned copy of the other";
  for (const auto& [name, tensor] : low) {
    const auto found = high.find(name);
    if (found == high.end()) throw Error("cannot be blended: only the first network has " + name, hint);
    if (found->second.sizes() != tensor.sizes()) {
      throw Error("cannot be blended: " + name + " is " + shape_text(tensor.sizes()) +
                      " in the first network and " + shape_text(found->second.sizes()) + " in the second",
                  hint);
    }
  }
  for (const auto& [name, tensor] : high) {
    if (!low.contains(name)) throw Error("cannot be blended: only the second network has " + name, hint);
  }
}

checkpoint::NamedTensors blend_tensors(const checkpoint::NamedTensors& low,
                                       const checkpoint::NamedTensors& high, const BlendPlan& plan) {
  check_blendable(low, high);
  checkpoint::NamedTensors result = low;
  for (const auto& [name, share] : plan) {
    if (share == 0) continue;
    at::Tensor& tensor = result.at(name);
    const at::Tensor& other = high.at(name);
    tensor =
        share == 1 ? other : other * static_cast<float>(share) + tensor * static_cast<float>(1.0 - share);
  }
  return result;
}

checkpoint::NamedTensors mix_tensors(const std::vector<MixPart>& parts) {
  const MixPart& first = parts.at(0);
  for (const MixPart& part : parts) check_blendable(*first.tensors, *part.tensors);
  checkpoint::NamedTensors result = *first.tensors;
  for (const auto& [name, unused] : first.weights) {
    double sum = 0;
    for (const MixPart& part : parts) sum += part.weights.at(name);
    if (!(sum > 0)) throw Error("cannot be blended: no network has a weight for " + name);
    at::Tensor mixed;
    for (const MixPart& part : parts) {
      const double share = part.weights.at(name) / sum;
      if (share == 0) continue;
      const at::Tensor& tensor = part.tensors->at(name);
      if (share == 1) {
        mixed = tensor;
      } else {
        mixed = mixed.defined() ? at::add(mixed, tensor, share) : tensor * static_cast<float>(share);
      }
    }
    result.at(name) = mixed;
  }
  return result;
}

}  // namespace toonmirror::nets
