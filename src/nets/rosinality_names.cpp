// rosinality/stylegan2-pytorch, model.py (names and shapes) and train.py, convert_weight.py (what a file
// holds). Weights of up-sampling layers are flipped against the canonical ones; convs.{2k} and {2k+1} belong
// to resolution 8 · 2ᵏ. The mapping network's learning-rate multiplier is not stored: the reference has 0.01.
#include "nets/checkpoint_layout.h"
#include "nets/generator_names.h"

namespace toonmirror::nets {
namespace {

constexpr double kMappingLrMultiplier = 0.01;

// Latents of the average face: [w_dim], or one row per layer, which all agree in the public files.
std::optional<at::Tensor> average_latent(const checkpoint::CheckpointFile& file, const std::string& prefix) {
  const std::string name = nearest_tensor(file, prefix, "latent_avg");
  if (name.empty()) return std::nullopt;
  const at::Tensor average = file.tensor(name).to(at::kFloat);
  return average.dim() == 2 ? average.mean(0) : average.flatten();
}

class Translator {
 public:
  Translator(GeneratorWeights& result, const TensorSource& source) : result_(result), source_(source) {}

  void styled(const std::string& to, const std::string& from, bool up, int64_t noise) {
    modulated(to, from);
    at::Tensor& weight = result_.tensors[to + ".weight"];
    if (up) {
      weight = weight.flip({2, 3});
      require_blur_filter(source_, source_.tensor(from + ".conv.blur.kernel") / 4.0);
    }
    result_.tensors[to + ".bias"] = source_.tensor(from + ".activate.bias");
    result_.tensors[to + ".noise_strength"] = source_.tensor(from + ".noise.weight").reshape({});
    const std::string buffer = "noises.noise_" + std::to_string(noise);
    if (source_.contains(buffer)) {
      source_.shape(buffer, 4);
      result_.tensors[to + ".noise_const"] = source_.tensor(buffer).squeeze(0).squeeze(0);
    }
  }
  void to_rgb(const std::string& to, const std::string& from) {
    modulated(to, from);
    result_.tensors[to + ".bias"] = source_.tensor(from + ".bias").flatten();
  }

 private:
  void modulated(const std::string& to, const std::string& from) {
    source_.shape(from + ".conv.weight", 5);
    result_.tensors[to + ".weight"] = source_.tensor(from + ".conv.weight").squeeze(0);
    result_.tensors[to + ".affine.weight"] = source_.tensor(from + ".conv.modulation.weight");
    result_.tensors[to + ".affine.bias"] = source_.tensor(from + ".conv.modulation.bias");
  }

  GeneratorWeights& result_;
  const TensorSource& source_;
};

// Old files lack the fixed noise pictures; the reference then draws new ones whenever it starts.
void fill_noise(GeneratorWeights& result) {
  const at::Generator random = at::detail::createCPUGenerator(/*seed_val=*/0);
  for (const auto& [r, channels] : result.options.channels) {
    for (const char* layer : {"conv0", "conv1"}) {
      const std::string to = "synthesis.b" + std::to_string(r) + "." + layer;
      if (result.tensors.contains(to + ".weight") && !result.tensors.contains(to + ".noise_const")) {
        result.tensors[to + ".noise_const"] = at::randn({r, r}, random);
      }
    }
  }
}

}  // namespace

std::optional<GeneratorWeights> rosinality_generator(const checkpoint::CheckpointFile& file) {
  const std::vector<std::string> prefixes = network_prefixes(file, {"input.input", "style.1.weight"});
  if (prefixes.empty()) return std::nullopt;
  const std::string& prefix = prefixes.front();
  const TensorSource source(file, prefix);
  GeneratorWeights result;
  result.source = "rosinality/stylegan2-pytorch";
  if (!prefix.empty()) result.source += ", " + prefix.substr(0, prefix.size() - 1);
  GeneratorOptions& options = result.options;
  options.noise = true;
  options.mapping_lr_multiplier = kMappingLrMultiplier;
  read_mapping_shape(source, "style.#.weight", 1, /*in_first=*/false, options);
  for (int64_t i = 0; i < options.mapping_layers; ++i) {
    const std::string from = "style." + std::to_string(i + 1), to = "mapping.fc" + std::to_string(i);
    result.tensors[to + ".weight"] = source.tensor(from + ".weight");
    result.tensors[to + ".bias"] = source.tensor(from + ".bias");
  }

  options.channels[4] = source.shape("input.input", 4)[1];
  result.tensors["synthesis.b4.const"] = source.tensor("input.input").squeeze(0);
  Translator translate(result, source);
  translate.styled("synthesis.b4.conv1", "conv1", /*up=*/false, 0);
  translate.to_rgb("synthesis.b4.torgb", "to_rgb1");
  options.resolution = 4;
  for (int64_t k = 0; source.contains("convs." + std::to_string(2 * k) + ".conv.weight"); ++k) {
    options.resolution *= 2;
    const std::string to = "synthesis.b" + std::to_string(options.resolution) + ".";
    const std::string first = "convs." + std::to_string(2 * k), second = "convs." + std::to_string(2 * k + 1);
    options.channels[options.resolution] = source.shape(first + ".conv.weight", 5)[1];
    translate.styled(to + "conv0", first, /*up=*/true, 2 * k + 1);
    translate.styled(to + "conv1", second, /*up=*/false, 2 * k + 2);
    translate.to_rgb(to + "torgb", "to_rgbs." + std::to_string(k));
  }
  if (!source.contains("noises.noise_0")) {
    fill_noise(result);
    result.notes.emplace_back("has no noise pictures: drawn with seed 0");
  }
  if (const auto average = average_latent(file, prefix)) {
    result.tensors["mapping.w_avg"] = *average;
  }
  return result;
}

}  // namespace toonmirror::nets
