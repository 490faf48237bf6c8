#include "nets/model_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace toonmirror::nets {
namespace {

using nlohmann::json;

json by_resolution(const std::map<int64_t, int64_t>& values) {
  json result = json::object();
  for (const auto& [resolution, channels] : values) result[std::to_string(resolution)] = channels;
  return result;
}

std::map<int64_t, int64_t> resolutions_from(const json& object) {
  std::map<int64_t, int64_t> result;
  for (const auto& [key, value] : object.items()) result[std::stoll(key)] = value.get<int64_t>();
  return result;
}

json architecture_of(const checkpoint::SafetensorsFile& file, const std::string& kind) {
  const std::string& found = file.required_metadata(kKindKey);
  if (found != kind) throw Error(file.path().string() + ": is a network of kind " + found + ", not " + kind);
  return json::parse(file.required_metadata(kArchitectureKey));
}

template <typename Build>
auto build_from(const checkpoint::SafetensorsFile& file, const std::string& kind, Build build) {
  try {
    auto network = build(architecture_of(file, kind));
    assign_tensors(*network, file.all(), file.path().string());
    network->eval();
    return network;
  } catch (const json::exception&) {
    throw Error(file.path().string() + ": its architecture is not understood",
                "is the file from a newer version?");
  } catch (const std::logic_error&) {  // a resolution that is not a number
    throw Error(file.path().string() + ": its architecture is not understood",
                "is the file from a newer version?");
  }
}

template <typename Network>
void save(const std::filesystem::path& path, const Network& network, const std::string& kind,
          const std::string& family, checkpoint::Metadata metadata) {
  checkpoint::NamedTensors tensors = named_tensors(*network);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kHalf);
  metadata.insert(
      {{kKindKey, kind}, {kArchitectureKey, architecture_json(network->options())}, {kFamilyKey, family}});
  checkpoint::write_safetensors(path, tensors, metadata);
}

}  // namespace

std::string architecture_json(const GeneratorOptions& options) {
  return json({{"resolution", options.resolution},
               {"z_dim", options.z_dim},
               {"w_dim", options.w_dim},
               {"mapping_layers", options.mapping_layers},
               {"mapping_lr_multiplier", options.mapping_lr_multiplier},
               {"channels", by_resolution(options.channels)},
               {"noise", options.noise},
               {"likeness_channels", by_resolution(options.likeness_channels)}})
      .dump();
}

std::string architecture_json(const HouseEncoderOptions& options) {
  return json({{"resolution", options.resolution},
               {"w_dim", options.w_dim},
               {"latent_count", options.latent_count},
               {"channels", options.channels},
               {"likeness_channels", by_resolution(options.likeness_channels)}})
      .dump();
}

Generator load_generator(const checkpoint::SafetensorsFile& file) {
  return build_from(file, "generator", [](const json& architecture) {
    GeneratorOptions options;
    options.resolution = architecture.at("resolution").get<int64_t>();
    options.z_dim = architecture.at("z_dim").get<int64_t>();
    options.w_dim = architecture.at("w_dim").get<int64_t>();
    options.mapping_layers = architecture.at("mapping_layers").get<int64_t>();
    options.mapping_lr_multiplier = architecture.at("mapping_lr_multiplier").get<double>();
    options.channels = resolutions_from(architecture.at("channels"));
    options.noise = architecture.at("noise").get<bool>();
    options.likeness_channels = resolutions_from(architecture.at("likeness_channels"));
    return Generator(options);
  });
}

HouseEncoder load_house_encoder(const checkpoint::SafetensorsFile& file) {
  return build_from(file, "encoder", [](const json& architecture) {
    HouseEncoderOptions options;
    options.resolution = architecture.at("resolution").get<int64_t>();
    options.w_dim = architecture.at("w_dim").get<int64_t>();
    options.latent_count = architecture.at("latent_count").get<int64_t>();
    options.channels = architecture.at("channels").get<std::vector<int64_t>>();
    options.likeness_channels = resolutions_from(architecture.at("likeness_channels"));
    return HouseEncoder(options);
  });
}

checkpoint::NamedTensors named_tensors(const torch::nn::Module& module) {
  checkpoint::NamedTensors result;
  for (const auto& item : module.named_parameters()) result[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) result[item.key()] = item.value().detach();
  return result;
}

void assign_tensors(torch::nn::Module& module, const checkpoint::NamedTensors& tensors,
                    const std::string& where) {
  checkpoint::NamedTensors targets = named_tensors(module);
  for (auto& [name, target] : targets) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw Error(where + ": lacks the tensor " + name);
    if (found->second.sizes() != target.sizes())
      throw Error(where + ": tensor " + name + " has another shape");
    target.copy_(found->second);
  }
  for (const auto& [name, tensor] : tensors) {
    if (!targets.contains(name)) throw Error(where + ": has a tensor that the network lacks: " + name);
  }
}

void save_network(const std::filesystem::path& path, const Generator& generator, const std::string& family,
                  checkpoint::Metadata metadata) {
  save(path, generator, "generator", family, std::move(metadata));
}

void save_network(const std::filesystem::path& path, const HouseEncoder& encoder, const std::string& family,
                  checkpoint::Metadata metadata) {
  save(path, encoder, "encoder", family, std::move(metadata));
}

}  // namespace toonmirror::nets
