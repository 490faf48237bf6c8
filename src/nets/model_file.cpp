#include "nets/model_file.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "nets/face_mesh.h"
#include "nets/generator_names.h"
#include "nets/shared_tensors.h"

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

// Calls read(architecture) and explains what it, or a network made from it, throws for an architecture it
// does not know.
template <typename Read>
auto with_architecture(const checkpoint::CheckpointFile& file, Read read) {
  const std::string* architecture = find_metadata(file, kArchitectureKey);
  try {
    if (architecture != nullptr) return read(json::parse(*architecture));
  } catch (const Error& error) {
    throw Error(file.path().string() + ": " + error.what(), error.hint());
  } catch (const json::exception&) {
  } catch (const std::logic_error&) {  // a resolution that is not a number
  }
  throw Error(file.path().string() + ": its architecture is not understood",
              "is the file from another version of this program?");
}

[[noreturn]] void fail(const std::string& where, const std::string& before, const std::string& tensor,
                       const std::string& after = "") {
  throw Error(where + ": " + before + tensor + after);
}

template <typename Network>
void save(const std::filesystem::path& path, const Network& network, const std::string& kind,
          const std::string& family, checkpoint::Metadata metadata,
          const checkpoint::CheckpointFile* parent = nullptr) {
  checkpoint::NamedTensors tensors = named_tensors(*network);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kHalf);
  if (parent != nullptr) leave_out_shared(*parent, tensors, metadata);
  metadata.insert({{kKindKey, kind}, {kArchitectureKey, architecture_json(network->options())}});
  if (!family.empty()) metadata.insert({kFamilyKey, family});
  checkpoint::write_safetensors(path, tensors, metadata);
}

}  // namespace

std::string architecture_json(const GeneratorOptions& options) {
  json result = {{"resolution", options.resolution},
                 {"z_dim", options.z_dim},
                 {"w_dim", options.w_dim},
                 {"mapping_layers", options.mapping_layers},
                 {"mapping_lr_multiplier", options.mapping_lr_multiplier},
                 {"channels", by_resolution(options.channels)},
                 {"noise", options.noise},
                 {"likeness_channels", by_resolution(options.likeness_channels)}};
  if (options.mapping_dim > 0) result["mapping_dim"] = options.mapping_dim;
  if (options.latent_picture_px > 0) result["latent_picture_px"] = options.latent_picture_px;
  if (options.latent_rows > 0) result["latent_rows"] = options.latent_rows;
  if (std::isfinite(options.conv_clamp)) result["conv_clamp"] = options.conv_clamp;
  return result.dump();
}

std::string architecture_json(const HouseEncoderOptions& options) {
  json result = {{"resolution", options.resolution},
                 {"w_dim", options.w_dim},
                 {"latent_count", options.latent_count},
                 {"channels", options.channels},
                 {"likeness_channels", by_resolution(options.likeness_channels)},
                 {"parsing_channels", options.parsing_channels}};
  if (options.projection_px > 0) result["projection_px"] = options.projection_px;
  return result.dump();
}

std::string architecture_json(const FaceParserOptions& options) {
  json levels = json::object();
  for (const auto& [size, level] : options.levels) {
    levels[std::to_string(size)] = {{"channels", level.channels}, {"depth", level.depth}};
  }
  return json{{"stages", options.stages}, {"levels", levels}}.dump();
}

std::string architecture_json(const FaceMeshOptions& options) {
  return json{{"resolution", options.resolution},
              {"channels", options.channels},
              {"depths", options.depths},
              {"summary", options.summary},
              {"closer", options.closer}}
      .dump();
}

std::optional<GeneratorWeights> house_generator(const checkpoint::CheckpointFile& file) {
  if (!is_house_file(file, "generator")) return std::nullopt;
  GeneratorWeights result;
  result.source = "toonmirror generator";
  result.tensors = all_tensors(file);
  result.tensors.merge(shared_tensors(file));
  result.options = with_architecture(file, [](const json& architecture) {
    GeneratorOptions options;
    options.resolution = architecture.at("resolution").get<int64_t>();
    options.z_dim = architecture.at("z_dim").get<int64_t>();
    options.w_dim = architecture.at("w_dim").get<int64_t>();
    options.mapping_layers = architecture.at("mapping_layers").get<int64_t>();
    options.mapping_lr_multiplier = architecture.at("mapping_lr_multiplier").get<double>();
    options.mapping_dim = architecture.value("mapping_dim", options.mapping_dim);
    options.channels = resolutions_from(architecture.at("channels"));
    options.noise = architecture.at("noise").get<bool>();
    options.conv_clamp = architecture.value("conv_clamp", options.conv_clamp);
    options.likeness_channels = resolutions_from(architecture.at("likeness_channels"));
    options.latent_picture_px = architecture.value("latent_picture_px", options.latent_picture_px);
    options.latent_rows = architecture.value("latent_rows", options.latent_rows);
    return options;
  });
  return result;
}

Generator load_generator(const checkpoint::CheckpointFile& file) {
  std::optional<GeneratorWeights> found = find_generator(file);
  if (!found) {
    throw Error(file.path().string() + ": holds no StyleGAN2 generator",
                "'toonmirror inspect' shows what it holds");
  }
  const WithoutInitialisation read_next;
  Generator generator(found->options);
  assign_tensors(*generator, std::move(found->tensors), file.path().string());
  generator->eval();
  return generator;
}

HouseEncoder load_house_encoder(const checkpoint::CheckpointFile& file) {
  if (!is_house_file(file, "encoder")) {
    throw Error(file.path().string() + ": holds no house encoder",
                "'toonmirror inspect' shows what it holds");
  }
  const WithoutInitialisation read_next;
  HouseEncoder encoder = with_architecture(file, [](const json& architecture) {
    HouseEncoderOptions options;
    options.resolution = architecture.at("resolution").get<int64_t>();
    options.w_dim = architecture.at("w_dim").get<int64_t>();
    options.latent_count = architecture.at("latent_count").get<int64_t>();
    options.channels = architecture.at("channels").get<std::vector<int64_t>>();
    options.likeness_channels = resolutions_from(architecture.at("likeness_channels"));
    options.parsing_channels = architecture.at("parsing_channels").get<int64_t>();
    options.projection_px = architecture.value("projection_px", options.projection_px);
    return HouseEncoder(options);
  });
  assign_tensors(*encoder, all_tensors(file), file.path().string());
  encoder->eval();
  return encoder;
}

FaceParser load_face_parser(const checkpoint::CheckpointFile& file) {
  const bool of_encoder = is_house_file(file, "encoder");
  if (!of_encoder && !is_house_file(file, "parser")) {
    throw Error(file.path().string() + ": holds no face parser", "'toonmirror inspect' shows what it holds");
  }
  const WithoutInitialisation read_next;
  FaceParser parser = with_architecture(file, [&](const json& architecture) {
    FaceParserOptions options;
    options.stages = architecture.at(of_encoder ? "channels" : "stages").get<std::vector<int64_t>>();
    if (of_encoder) {
      options.levels =
          plain_levels(stages_by_size(options.stages), architecture.at("parsing_channels").get<int64_t>());
      return FaceParser(options);
    }
    for (const auto& [size, level] : architecture.at("levels").items()) {
      options.levels[std::stoll(size)] = {level.at("channels").get<int64_t>(),
                                          level.at("depth").get<int64_t>()};
    }
    return FaceParser(options);
  });
  checkpoint::NamedTensors tensors = all_tensors(file);
  const checkpoint::NamedTensors wanted = named_tensors(*parser);
  const auto unwanted = [&](const auto& item) { return !wanted.contains(item.first); };
  if (of_encoder) {
    std::erase_if(tensors, unwanted);
  } else {
    tensors.merge(shared_tensors(file, [&](const std::string& name) { return wanted.contains(name); }));
  }
  assign_tensors(*parser, std::move(tensors), file.path().string());
  parser->eval();
  return parser;
}

FaceMesh load_face_mesh(const checkpoint::CheckpointFile& file) {
  if (!is_house_file(file, kMeshKind)) {
    throw Error(file.path().string() + ": holds no face mesh", "'toonmirror inspect' shows what it holds");
  }
  const WithoutInitialisation read_next;
  FaceMesh mesh = with_architecture(file, [](const json& architecture) {
    FaceMeshOptions options;
    options.resolution = architecture.at("resolution").get<int64_t>();
    options.channels = architecture.at("channels").get<std::vector<int64_t>>();
    options.depths = architecture.at("depths").get<std::vector<int64_t>>();
    options.summary = architecture.at("summary").get<int64_t>();
    options.closer = architecture.at("closer").get<int64_t>();
    return FaceMesh(options);
  });
  assign_tensors(*mesh, all_tensors(file), file.path().string());
  mesh->eval();
  return mesh;
}

bool is_house_file(const checkpoint::CheckpointFile& file, const std::string& kind) {
  const std::string* found = find_metadata(file, kKindKey);
  return found != nullptr && *found == kind;
}

std::string family_of(const checkpoint::CheckpointFile& file) {
  const std::string* family = find_metadata(file, kFamilyKey);
  return family == nullptr ? std::string() : *family;
}

bool may_share_latents(const checkpoint::CheckpointFile& a, const checkpoint::CheckpointFile& b) {
  const std::string family_a = family_of(a), family_b = family_of(b);
  return family_a.empty() || family_b.empty() || family_a == family_b;
}

std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

checkpoint::NamedTensors named_tensors(const torch::nn::Module& module) {
  checkpoint::NamedTensors result;
  for (const auto& item : module.named_parameters()) result[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) result[item.key()] = item.value().detach();
  return result;
}

void check_tensors(const torch::nn::Module& module, const checkpoint::NamedTensors& tensors,
                   const std::string& where) {
  const checkpoint::NamedTensors targets = named_tensors(module);
  for (const auto& [name, target] : targets) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) fail(where, "lacks the tensor ", name);
    if (found->second.sizes() == target.sizes()) continue;
    fail(where, "tensor ", name,
         " has the shape " + shape_text(found->second.sizes()) + " instead of " + shape_text(target.sizes()));
  }
  for (const auto& [name, tensor] : tensors) {
    if (!targets.contains(name)) fail(where, "has a tensor that the network lacks: ", name);
  }
}

void assign_earlier(torch::nn::Module& module, const torch::nn::Module& earlier, const std::string& where) {
  checkpoint::NamedTensors tensors = named_tensors(module);
  for (const auto& [name, tensor] : named_tensors(earlier)) tensors[name] = tensor;
  assign_tensors(module, std::move(tensors), where);
}

void assign_tensors(torch::nn::Module& module, checkpoint::NamedTensors tensors, const std::string& where) {
  check_tensors(module, tensors, where);
  for (auto& [name, target] : named_tensors(module)) {
    const auto found = tensors.find(name);
    target.copy_(found->second);
    tensors.erase(found);
  }
}

void save_network(const std::filesystem::path& path, const Generator& generator, const std::string& family,
                  checkpoint::Metadata metadata) {
  save(path, generator, "generator", family, std::move(metadata));
}

void save_child(const std::filesystem::path& path, const Generator& generator,
                const checkpoint::CheckpointFile& parent, checkpoint::Metadata metadata) {
  save(path, generator, "generator", family_of(parent), std::move(metadata), &parent);
}

void save_network(const std::filesystem::path& path, const HouseEncoder& encoder, const std::string& family,
                  checkpoint::Metadata metadata) {
  save(path, encoder, "encoder", family, std::move(metadata));
}

void save_parser(const std::filesystem::path& path, const FaceParser& parser,
                 const checkpoint::CheckpointFile& encoder, checkpoint::Metadata metadata) {
  save(path, parser, "parser", family_of(encoder), std::move(metadata), &encoder);
}

void save_network(const std::filesystem::path& path, const FaceMesh& mesh, checkpoint::Metadata metadata) {
  save(path, mesh, kMeshKind, "", std::move(metadata));
}

}  // namespace toonmirror::nets
