// toonmirror train directions: what `edit --direction` moves latents along.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "base/model_keys.h"
#include "base/model_path.h"
#include "checkpoint/safetensors.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "datasets/face_attributes.h"
#include "nets/model_file.h"
#include "training/directions.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  datasets::FacePhotoOptions photos;
  std::string encoder = "encoder";
  std::filesystem::path output;
  ModelIdentity identity;
};

int run_directions(const Arguments& arguments) {
  const checkpoint::CheckpointFile file(find_model(arguments.encoder, ".safetensors"));
  nets::HouseEncoder encoder = nets::load_house_encoder(file);
  encoder->prepare(at::kFloat);
  const std::vector<datasets::FaceAttributes> observations =
      datasets::observe_faces(arguments.photos, encoder);
  std::vector<at::Tensor> latents, attributes;
  for (const datasets::FaceAttributes& seen : observations) {
    latents.push_back(seen.latents);
    attributes.push_back(seen.attributes);
  }
  if (latents.empty()) throw Error(arguments.photos.photos.string() + ": no photo could be used");
  std::vector<std::string> names = training::landmark_attributes();
  names.insert(names.end(), {"age", "glasses"});
  at::Tensor known = at::stack(attributes);
  // What nobody differs in cannot be found: ages without an index.
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < std::ssize(names); ++i) {
    const at::Tensor column = known.select(1, i).masked_select(known.select(1, i).isnan().logical_not());
    if (column.numel() > 1 && (column.max() > column.min()).item<bool>()) {
      kept.push_back(i);
    } else {
      spdlog::warn("{}: not found, as it is not known or the same for all photos",
                   names[static_cast<size_t>(i)]);
    }
  }
  const at::Tensor directions =
      training::find_directions(at::stack(latents), known.index_select(1, at::tensor(kept)));
  std::filesystem::create_directories(arguments.output);
  for (size_t i = 0; i < kept.size(); ++i) {
    const std::string& name = names[static_cast<size_t>(kept[i])];
    const std::filesystem::path path = arguments.output / (name + ".safetensors");
    checkpoint::write_safetensors(path, {{"direction", directions[static_cast<int64_t>(i)].to(at::kHalf)}},
                                  {{kKindKey, "direction"},
                                   {"attribute", name},
                                   {kFamilyKey, nets::family_of(file)},
                                   {"licence", arguments.identity.licence},
                                   {"provenance", arguments.identity.provenance}});
    spdlog::info("wrote {}", path.string());
  }
  spdlog::info("{} faces; a strength of 1 changes the attribute by one deviation among them", latents.size());
  return kDone;
}

}  // namespace

void add_train_directions(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "directions",
      "Find the directions of W+ that turn a face, make it smile, older …, for 'toonmirror edit'");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--photos", arguments->photos.photos, "Folder of photos of faces")->required();
  command->add_option(
      "--index", arguments->photos.index,
      "CSV with columns file and lm68, optional meta (age): PHOTOS holds FFHQ-aligned crops of 256 px");
  command->add_option("--labels", arguments->photos.labels,
                      "With --index: folder of face-parsing labels, NAME.png");
  command->add_option("--encoder", arguments->encoder, "House encoder that makes the latents")
      ->capture_default_str();
  command->add_option("--limit", arguments->photos.limit,
                      "Use only so many photos, evenly spread over the folder (0: all)");
  command->add_option("-o,--output", arguments->output, "Folder for the directions, one .safetensors each")
      ->required();
  add_identity_options(*command, arguments->identity);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_directions(*arguments); }; });
}

}  // namespace toonmirror::cli
