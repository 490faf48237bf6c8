#include "nets/find_networks.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/output_file.h"
#include "nets/checkpoint_layout.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

constexpr const char* kInspectHint = "'toonmirror inspect' shows what it holds";

void add_generator(std::vector<FoundNetwork>& found, const checkpoint::CheckpointFile& file) {
  std::optional<GeneratorWeights> weights = find_generator(file);
  if (!weights) return;
  const WithoutInitialisation shapes_only;
  check_tensors(*Generator(weights->options), weights->tensors, file.path().string());
  found.push_back({"generator", weights->source, architecture_json(weights->options),
                   std::move(weights->tensors), std::move(weights->notes)});
}

void add_house_encoder(std::vector<FoundNetwork>& found, const checkpoint::CheckpointFile& file) {
  if (!is_house_file(file, "encoder")) return;
  const HouseEncoder encoder = load_house_encoder(file);
  found.push_back(
      {"encoder", "toonmirror encoder", architecture_json(encoder->options()), named_tensors(*encoder), {}});
}

void add_face_parser(std::vector<FoundNetwork>& found, const checkpoint::CheckpointFile& file) {
  if (!is_house_file(file, "parser")) return;
  const FaceParser parser = load_face_parser(file);
  found.push_back(
      {"parser", "toonmirror parser", architecture_json(parser->options()), named_tensors(*parser), {}});
}

constexpr const char* kPspKind = "psp-encoder";
constexpr const char* kE4eKind = "e4e-encoder";
constexpr const char* kMotionKind = "motion-model";

// The encoder of a public checkpoint, or of a model file of our own.
std::optional<PspEncoderWeights> psp_encoder_in(const checkpoint::CheckpointFile& file) {
  for (const auto& [kind, flavour] : {std::pair{kPspKind, PspFlavour::kPsp}, {kE4eKind, PspFlavour::kE4e}}) {
    if (!is_house_file(file, kind)) continue;
    checkpoint::NamedTensors tensors = tensors_below(file, "");
    const PspEncoderOptions options = psp_options_from_tensors(tensors, flavour, file.path().string());
    return PspEncoderWeights{options, std::move(tensors), "toonmirror " + std::string(kind), {}};
  }
  return find_psp_encoder(file);
}

void add_psp_encoder(std::vector<FoundNetwork>& found, const checkpoint::CheckpointFile& file) {
  std::optional<PspEncoderWeights> weights = psp_encoder_in(file);
  if (!weights) return;
  const PspEncoderOptions& options = weights->options;
  load_psp_encoder(options, weights->tensors, file.path().string());  // names and shapes have to fit
  const nlohmann::json architecture = {{"encoder_type", psp_encoder_type(options.flavour)},
                                       {"input_channels", options.input_channels},
                                       {"widths", options.widths},
                                       {"style_dim", options.style_dim},
                                       {"style_count", options.style_count()}};
  found.push_back({options.flavour == PspFlavour::kPsp ? kPspKind : kE4eKind, weights->source,
                   architecture.dump(), std::move(weights->tensors), std::move(weights->notes)});
}

// The two networks of a motion model, which training code wraps one by one, under the names of the reference.
checkpoint::NamedTensors motion_tensors_in(const checkpoint::CheckpointFile& file) {
  const std::vector<std::string> detectors = network_prefixes(file, {"kp.weight"});
  const std::vector<std::string> generators = network_prefixes(file, {"first.conv.weight", "final.weight"});
  checkpoint::NamedTensors result;
  if (detectors.empty()) return result;
  for (const auto& [name, tensor] : tensors_below(file, detectors.front()))
    result["kp_detector." + name] = tensor;
  if (generators.empty()) return result;
  for (const auto& [name, tensor] : tensors_below(file, generators.front()))
    result["generator." + name] = tensor;
  return result;
}

struct MotionWeights {
  MotionModelOptions options;
  checkpoint::NamedTensors tensors;
  std::string source;
  std::vector<std::string> notes;
};

std::optional<MotionWeights> motion_model_in(const checkpoint::CheckpointFile& file,
                                             const std::optional<MotionModelOptions>& given) {
  MotionWeights result;
  result.tensors = motion_tensors_in(file);
  if (result.tensors.empty()) return std::nullopt;
  const std::string where = file.path().string();
  MotionModelOptions defaults;
  const bool ours = is_house_file(file, kMotionKind);
  result.source = ours ? "toonmirror motion-model" : "AliaksandrSiarohin/first-order-model";
  if (ours) {
    const nlohmann::json architecture =
        nlohmann::json::parse(file.metadata().at(kArchitectureKey), nullptr, /*allow_exceptions=*/false);
    if (!architecture.is_object()) throw Error(where + ": its architecture is not understood");
    defaults.kp_detector.temperature = architecture.value("temperature", defaults.kp_detector.temperature);
    defaults.kp_detector.pad = architecture.value("pad", defaults.kp_detector.pad);
    double& variance = defaults.generator.dense_motion.kp_variance;
    variance = architecture.value("kp_variance", variance);
  } else if (!given) {
    result.notes.emplace_back(
        "does not say temperature, padding and variance of its key points: those of vox-256 are taken");
  }
  if (given) {
    check_motion_options(*given, result.tensors, where);
    result.options = *given;
  } else {
    result.options = motion_options_from_tensors(result.tensors, where, defaults);
  }
  return result;
}

std::string motion_architecture_json(const MotionModelOptions& options) {
  return nlohmann::json{{"num_kp", options.num_kp},
                        {"estimate_jacobian", options.estimate_jacobian},
                        {"estimate_occlusion_map", options.generator.estimate_occlusion_map},
                        {"block_expansion", options.generator.block_expansion},
                        {"max_features", options.generator.max_features},
                        {"num_down_blocks", options.generator.num_down_blocks},
                        {"num_bottleneck_blocks", options.generator.num_bottleneck_blocks},
                        {"warped_skips", options.generator.warped_skips},
                        {"blend_source", options.generator.blend_source},
                        {"scale_factor", options.kp_detector.hourglass.scale_factor},
                        {"temperature", options.kp_detector.temperature},
                        {"pad", options.kp_detector.pad},
                        {"kp_variance", options.generator.dense_motion.kp_variance}}
      .dump();
}

void add_motion_model(std::vector<FoundNetwork>& found, const checkpoint::CheckpointFile& file,
                      const std::optional<MotionModelOptions>& given) {
  std::optional<MotionWeights> weights = motion_model_in(file, given);
  if (!weights) return;
  load_motion_model(weights->tensors, weights->options,
                    file.path().string());  // names and shapes have to fit
  found.push_back({kMotionKind, weights->source, motion_architecture_json(weights->options),
                   std::move(weights->tensors), std::move(weights->notes)});
}

// Throws Error unless `path` holds exactly these tensors.
void verify(const std::filesystem::path& path, const std::filesystem::path& target,
            const checkpoint::NamedTensors& tensors) {
  const checkpoint::SafetensorsFile written(path);
  bool same = written.tensors().size() == tensors.size();
  for (const auto& [name, tensor] : tensors) {
    same = same && written.contains(name) && at::equal(written.tensor(name), tensor);
  }
  if (!same) {
    throw Error(target.string() + ": does not hold what was written to it", "check the disk and try again");
  }
}

}  // namespace

int64_t FoundNetwork::parameter_count() const {
  int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

PspEncoder open_psp_encoder(const checkpoint::CheckpointFile& file) {
  const std::optional<PspEncoderWeights> weights = psp_encoder_in(file);
  if (!weights) throw Error(file.path().string() + ": holds no pSp or e4e encoder", kInspectHint);
  return load_psp_encoder(weights->options, weights->tensors, file.path().string());
}

MotionModel open_motion_model(const checkpoint::CheckpointFile& file,
                              const std::optional<MotionModelOptions>& motion) {
  const std::optional<MotionWeights> weights = motion_model_in(file, motion);
  if (!weights) throw Error(file.path().string() + ": holds no First Order Motion Model", kInspectHint);
  return load_motion_model(weights->tensors, weights->options, file.path().string());
}

FoundNetwork motion_network(const MotionModel& model) {
  return {kMotionKind,
          "toonmirror motion-model",
          motion_architecture_json(model->options()),
          named_tensors(*model),
          {}};
}

std::vector<FoundNetwork> find_networks(const checkpoint::CheckpointFile& file,
                                        const std::optional<MotionModelOptions>& motion) {
  std::vector<FoundNetwork> found;
  add_house_encoder(found, file);
  add_face_parser(found, file);
  add_psp_encoder(found, file);
  add_motion_model(found, file, motion);
  add_generator(found, file);
  return found;
}

void write_network(const std::filesystem::path& path, const FoundNetwork& network, bool half,
                   checkpoint::Metadata metadata) {
  metadata.insert({{kKindKey, network.kind}, {kArchitectureKey, network.architecture}});
  checkpoint::NamedTensors tensors;
  for (const auto& [name, tensor] : network.tensors) {
    tensors[name] = tensor.is_floating_point() ? tensor.to(half ? at::kHalf : at::kFloat) : tensor;
  }
  OutputFile output(path);
  checkpoint::write_safetensors(output.temporary_path(), tensors, metadata);
  verify(output.temporary_path(), path, tensors);
  output.commit();
}

}  // namespace toonmirror::nets
