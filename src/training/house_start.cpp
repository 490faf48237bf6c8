#include "training/house_start.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "nets/model_file.h"
#include "training/eigenfaces.h"
#include "training/latent_translation.h"

namespace toonmirror::training {
namespace {

// The networks of `start`.
struct EarlierModel {
  nets::Generator generator{nullptr};
  nets::HouseEncoder encoder{nullptr};
  std::string generator_file, encoder_file;

  explicit EarlierModel(const std::filesystem::path& start)
      : generator_file((start / "face.safetensors").string()),
        encoder_file((start / "encoder.safetensors").string()) {
    generator = nets::load_generator(checkpoint::CheckpointFile(generator_file));
    encoder = nets::load_house_encoder(checkpoint::CheckpointFile(encoder_file));
  }
};

// Untrained, but for the shape of the mapping network, which may be that of `start`.
HouseModel new_house_model(const GeneratorTrainingOptions& options,
                           const std::optional<EarlierModel>& earlier) {
  nets::GeneratorOptions generator = house_generator_options();
  if (options.keeps_mapping()) {
    generator.mapping_layers = earlier->generator->options().mapping_layers;
    generator.mapping_lr_multiplier = earlier->generator->options().mapping_lr_multiplier;
  }
  return {nets::Generator(generator), nets::HouseEncoder(house_encoder_options(generator))};
}

// Gives the model what the earlier one has. What the architecture has gained since then stays as it is; the
// encoder may have gained nothing if it has to be the earlier one's whole.
void take_over(const EarlierModel& earlier, bool whole_encoder, HouseModel& model) {
  checkpoint::NamedTensors tensors = nets::named_tensors(*model.generator);
  // A mapping network that will be fitted anew may have been of any depth.
  const bool other_mapping =
      earlier.generator->options().mapping_layers != model.generator->options().mapping_layers;
  for (const auto& [name, tensor] : nets::named_tensors(*earlier.generator)) {
    if (!other_mapping || !name.starts_with("mapping.fc")) tensors[name] = tensor;
  }
  nets::assign_tensors(*model.generator, std::move(tensors), earlier.generator_file);
  if (whole_encoder) {
    nets::check_tensors(*model.encoder, nets::named_tensors(*earlier.encoder), earlier.encoder_file);
  }
  nets::assign_earlier(*model.encoder, *earlier.encoder, earlier.encoder_file);
}

// Without `begin` what training gives next is left as it is.
void start_from(const GeneratorTrainingOptions& options, const std::optional<EarlierModel>& earlier,
                const PairPack& pack, bool begin, HouseModel& model) {
  const nets::HouseEncoderOptions& encoder = model.encoder->options();
  if (earlier) {
    take_over(*earlier, /*whole_encoder=*/options.keep_encoder, model);
    if (earlier->encoder->options().projection_px == encoder.projection_px) return;
    if (options.keeps_mapping()) {
      throw Error(earlier->encoder_file + ": has other latents than the house encoder",
                  "train on without --seeds first, which gives the mapping network new latents");
    }
  }
  if (!begin) return;
  begin_at(find_eigenfaces(pack, encoder.projection_px, encoder.w_dim), model.encoder, model.generator);
  if (!earlier) return;
  nets::HouseEncoder before = earlier->encoder;
  nets::assign_tensors(
      *model.generator,
      translated(nets::named_tensors(*model.generator),
                 translation_between(pack, model.encoder, before, training_type(options.precision))),
      options.start.string());
}

}  // namespace

std::vector<HouseModel> models_for(const GeneratorTrainingOptions& options, const PairPack& pack) {
  torch::manual_seed(options.run.seed);
  std::optional<EarlierModel> earlier;
  if (!options.start.empty()) earlier.emplace(options.start);
  std::vector<HouseModel> models;
  for (int64_t i = 0; i < options.run.workers; ++i) models.push_back(new_house_model(options, earlier));
  const bool begin = !std::filesystem::exists(options.run.output / kCheckpointName);
  start_from(options, earlier, pack, begin, models.front());
  return models;
}

}  // namespace toonmirror::training
