// NVlabs/stylegan2, dnnlib/tflib/network.py (layout of the pickle) and training/networks_stylegan2.py (names
// and shapes). Convolution weights are HWIO, matrices [in, out], mod_bias lacks the 1 that is its neutral
// value.
#include "nets/generator_names.h"

namespace toonmirror::nets {
namespace {

const nlohmann::json* find(const nlohmann::json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

bool is_generator(const nlohmann::json& network) {
  const nlohmann::json* components = find(network, "components");
  return components != nullptr && find(*components, "synthesis") != nullptr &&
         find(*components, "mapping") != nullptr;
}

// The last generator of a tuple (G, D, Gs), or of a single pickled network.
struct Found {
  std::string prefix;
  const nlohmann::json* network = nullptr;
};

Found find_network(const nlohmann::json& settings) {
  if (is_generator(settings)) return {"", &settings};
  Found result;
  if (!settings.is_array()) return result;
  for (size_t i = 0; i < settings.size(); ++i) {
    if (is_generator(settings[i])) result = {std::to_string(i) + ".", &settings[i]};
  }
  return result;
}

// Everything of one layer but its noise. The numbers of channels are those of its biases.
void add_layer(GeneratorWeights& result, const TensorSource& synthesis, const std::string& from,
               const std::string& to, int64_t kernel) {
  const int64_t in = synthesis.shape(from + "/mod_bias", 1)[0], out = synthesis.shape(from + "/bias", 1)[0];
  synthesis.require_shape(from + "/weight", {kernel, kernel, in, out});
  synthesis.require_shape(from + "/mod_weight", {result.options.w_dim, in});
  result.tensors[to + ".weight"] = synthesis.tensor(from + "/weight").permute({3, 2, 0, 1}).contiguous();
  result.tensors[to + ".bias"] = synthesis.tensor(from + "/bias");
  result.tensors[to + ".affine.weight"] = synthesis.tensor(from + "/mod_weight").t().contiguous();
  result.tensors[to + ".affine.bias"] = synthesis.tensor(from + "/mod_bias") + 1.0;
}

void add_noise(GeneratorWeights& result, const TensorSource& synthesis, const std::string& from,
               const std::string& to, int64_t index) {
  const std::string buffer = "noise" + std::to_string(index);
  synthesis.shape(buffer, 4);
  result.tensors[to + ".noise_strength"] = synthesis.tensor(from + "/noise_strength").reshape({});
  result.tensors[to + ".noise_const"] = synthesis.tensor(buffer).squeeze(0).squeeze(0);
}

}  // namespace

std::optional<GeneratorWeights> tensorflow_generator(const checkpoint::CheckpointFile& file) {
  if (file.format() != checkpoint::Format::kTensorFlowPickle) return std::nullopt;
  const Found found = find_network(file.settings());
  if (found.network == nullptr) return std::nullopt;
  const TensorSource top(file, found.prefix + "variables.");
  const TensorSource mapping(file, found.prefix + "components.mapping.variables.");
  const TensorSource synthesis(file, found.prefix + "components.synthesis.variables.");
  static const nlohmann::json kNone = nlohmann::json::object();
  const nlohmann::json* given = find(*found.network, "static_kwargs");
  const nlohmann::json& kwargs = given == nullptr ? kNone : *given;
  require_setting(top, kwargs, "label_size", 0);
  require_setting(top, kwargs, "architecture", "skip");
  require_setting(top, kwargs, "nonlinearity", "lrelu");
  require_setting(top, kwargs, "mapping_nonlinearity", "lrelu");
  require_setting(top, kwargs, "normalize_latents", true);
  require_setting(top, kwargs, "fused_modconv", true);
  require_setting(top, kwargs, "resample_kernel", {1, 3, 3, 1});
  require_setting(top, kwargs, "num_channels", 3);
  if (!synthesis.contains("4x4/Const/const")) {
    top.fail("holds a generator without a constant input of 4x4",
             "only StyleGAN2 is supported, not StyleGAN");
  }

  GeneratorWeights result;
  result.source = "NVlabs/stylegan2 TensorFlow pickle";
  GeneratorOptions& options = result.options;
  options.noise = true;
  options.mapping_lr_multiplier = kwargs.value("mapping_lrmul", 0.01);
  read_mapping_shape(mapping, "Dense#/weight", 0, /*in_first=*/true, options);
  for (int64_t i = 0; i < options.mapping_layers; ++i) {
    const std::string from = "Dense" + std::to_string(i), to = "mapping.fc" + std::to_string(i);
    result.tensors[to + ".weight"] = mapping.tensor(from + "/weight").t().contiguous();
    result.tensors[to + ".bias"] = mapping.tensor(from + "/bias");
  }
  result.tensors["mapping.w_avg"] = top.tensor("dlatent_avg");

  const std::vector<int64_t> constant = synthesis.shape("4x4/Const/const", 4);
  options.channels[4] = constant[1];
  result.tensors["synthesis.b4.const"] = synthesis.tensor("4x4/Const/const").squeeze(0);
  add_layer(result, synthesis, "4x4/Conv", "synthesis.b4.conv1", 3);
  add_noise(result, synthesis, "4x4/Conv", "synthesis.b4.conv1", 0);
  add_layer(result, synthesis, "4x4/ToRGB", "synthesis.b4.torgb", 1);
  int64_t noise = 1;
  for (int64_t r = 8;; r *= 2) {
    const std::string from = std::to_string(r) + "x" + std::to_string(r) + "/";
    if (!synthesis.contains(from + "Conv0_up/weight")) break;
    const std::string to = "synthesis.b" + std::to_string(r) + ".";
    options.channels[r] = synthesis.shape(from + "Conv1/bias", 1)[0];
    options.resolution = r;
    for (const auto& [layer, canonical] : {std::pair{"Conv0_up", "conv0"}, {"Conv1", "conv1"}}) {
      add_layer(result, synthesis, from + layer, to + canonical, 3);
      add_noise(result, synthesis, from + layer, to + canonical, noise++);
    }
    add_layer(result, synthesis, from + "ToRGB", to + "torgb", 1);
  }
  return result;
}

}  // namespace toonmirror::nets
