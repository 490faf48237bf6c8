// NVlabs/stylegan2-ada-pytorch, training/networks.py (names, shapes, conv_clamp) and
// torch_utils/persistence.py (layout of the pickle). Its names are the canonical ones, but for the weights of
// conv0, which its transposed convolution wants flipped.
#include "nets/generator_names.h"

namespace toonmirror::nets {
namespace {

const nlohmann::json& at_path(const TensorSource& source, const nlohmann::json& settings,
                              std::initializer_list<const char*> path) {
  const nlohmann::json* node = &settings;
  for (const char* key : path) {
    const auto found = node->is_object() ? node->find(key) : node->end();
    if (!node->is_object() || found == node->end()) source.fail("does not say its " + std::string(key));
    node = &*found;
  }
  return *node;
}

}  // namespace

std::optional<GeneratorWeights> ada_generator(const checkpoint::CheckpointFile& file) {
  if (file.format() != checkpoint::Format::kAdaPickle) return std::nullopt;
  const nlohmann::json& settings = file.settings();
  const std::string name = settings.is_object() && settings.contains("G_ema") ? "G_ema" : "G";
  const TensorSource source(file, name + ".");
  if (!source.contains("synthesis.b4.const")) return std::nullopt;
  const nlohmann::json& network = settings.at(name);
  require_setting(source, network, "c_dim", 0);
  require_setting(source, network, "img_channels", 3);

  GeneratorWeights result;
  result.source = "NVlabs/stylegan2-ada-pytorch pickle, " + name;
  GeneratorOptions& options = result.options;
  const auto copy = [&](const std::string& tensor) { result.tensors[tensor] = source.tensor(tensor); };
  options.mapping_lr_multiplier = at_path(source, network, {"mapping", "fc0", "bias_gain"}).get<double>();
  read_mapping_shape(source, "mapping.fc#.weight", 0, /*in_first=*/false, options);
  for (int64_t i = 0; i < options.mapping_layers; ++i) {
    const std::string layer = "mapping.fc" + std::to_string(i);
    copy(layer + ".weight");
    copy(layer + ".bias");
  }
  copy("mapping.w_avg");
  copy("synthesis.b4.const");
  options.noise = source.contains("synthesis.b4.conv1.noise_const");
  for (int64_t r = 4;; r *= 2) {
    const std::string block = "b" + std::to_string(r);
    const std::string prefix = "synthesis." + block + ".";
    if (!source.contains(prefix + "conv1.weight")) break;
    options.resolution = r;
    options.channels[r] = source.shape(prefix + "conv1.weight", 4)[0];
    const nlohmann::json& block_settings = at_path(source, network, {"synthesis", block.c_str()});
    require_setting(source, block_settings, "architecture", "skip");
    require_blur_filter(source, source.tensor(prefix + "resample_filter"));
    for (const char* layer : {"conv0", "conv1", "torgb"}) {
      if (r == 4 && layer == std::string("conv0")) continue;
      for (const char* part : {".weight", ".bias", ".affine.weight", ".affine.bias"})
        copy(prefix + layer + part);
      const nlohmann::json& layer_settings = at_path(source, block_settings, {layer});
      require_setting(source, layer_settings, "activation", "lrelu");
      const nlohmann::json& clamp = at_path(source, layer_settings, {"conv_clamp"});
      if (clamp.is_number()) options.conv_clamp = clamp.get<double>();
      if (layer == std::string("torgb") || !options.noise) continue;
      copy(prefix + layer + ".noise_const");
      copy(prefix + layer + ".noise_strength");
    }
    if (r > 4) result.tensors[prefix + "conv0.weight"] = result.tensors[prefix + "conv0.weight"].flip({2, 3});
  }
  return result;
}

}  // namespace toonmirror::nets
