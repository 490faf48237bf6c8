// toonmirror train mapping: seeds of the face model that look like people, without a change to what it draws
// of photos.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/picture_output.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "base/model_path.h"
#include "base/usage_error.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "nets/model_file.h"
#include "training/mapping_trainer.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFaceName = "face.safetensors";

struct Arguments {
  fs::path pairs, output;
  std::string generator = "face", encoder = "encoder";
  std::vector<fs::path> children;
  ModelIdentity identity;
  training::EncodingOptions encoding;
  training::FlowTrainingOptions flow;
  training::MappingTrainingOptions mapping;
  double axes_share = 0.99;
  bool to_the_end = false;
  double minutes = 0;

  Arguments() {
    training::RunOptions& flow_run = flow.run;
    flow_run.steps = 8000;
    flow_run.batch_per_worker = 256;
    flow_run.sheet_every = 250;
    flow_run.workers = usable_cores();
    // Of weights of unit size, see FullyConnected.
    flow_run.adam = {.learning_rate = 0.02, .average_decay = 0.999};
    mapping.run = flow_run;
    mapping.run.adam.learning_rate = 0.01;
    mapping.run.steps = 12'000;
    mapping.run.sheet_every = 1500;
  }
};

// What is used in both trainings, from one set of options.
void share_options(Arguments& arguments) {
  training::RunOptions &flow = arguments.flow.run, &mapping = arguments.mapping.run;
  flow.output = arguments.output / "flow";
  mapping.output = arguments.output / "mapping";
  flow.max_minutes = mapping.max_minutes = arguments.minutes;
  mapping.workers = arguments.encoding.workers = flow.workers;
  mapping.seed = arguments.encoding.seed = flow.seed;
  mapping.batch_per_worker = flow.batch_per_worker;
  mapping.checkpoint_every = flow.checkpoint_every;
  mapping.log_every = flow.log_every;
  arguments.flow.take_best = !arguments.to_the_end;
}

// The face model and its children must not be written over: those that are not saved again need the old one.
void check_outputs(const Arguments& arguments, const fs::path& generator) {
  std::vector<fs::path> inputs = arguments.children;
  inputs.push_back(generator);
  for (const fs::path& input : inputs) {
    std::error_code failure;
    if (!fs::equivalent(fs::absolute(input).parent_path(), arguments.output, failure)) continue;
    throw UsageError(input.string() + ": lies in the folder that is written to",
                     "choose another output folder");
  }
  const checkpoint::CheckpointFile face(generator);
  for (const fs::path& child : arguments.children) {
    const checkpoint::CheckpointFile file(child);
    nets::load_generator(file);  // with its parent beside it
    if (nets::may_share_latents(file, face) && child.filename() != kFaceName) continue;
    throw UsageError(child.string() + ": is no child of " + generator.string());
  }
}

// Of this pack by this encoder, from an earlier run where there was one.
training::LatentSet latents_in(const Arguments& arguments, const fs::path& encoder_file) {
  const fs::path path = arguments.output / "latents.safetensors";
  const checkpoint::Metadata made_of = {{"pairs", fs::absolute(arguments.pairs).string()},
                                        {"encoder", fs::absolute(encoder_file).string()},
                                        {"variants", std::to_string(arguments.encoding.variants)}};
  if (fs::exists(path)) {
    const checkpoint::SafetensorsFile file(path);
    for (const auto& [key, value] : made_of) {
      if (file.required_metadata(key) == value) continue;
      throw Error(path.string() + ": was made with another " + key + ", " + file.required_metadata(key),
                  "choose another output folder");
    }
    spdlog::info("using {}, made before", path.string());
    return training::load_latents(file);
  }
  const training::PairPack pack(arguments.pairs);
  const training::LatentSet latents =
      training::encode_varied(pack, nets::load_house_encoder(checkpoint::CheckpointFile(encoder_file)),
                              arguments.encoding, training_hooks().log);
  fs::create_directories(arguments.output);
  training::save_latents(path, latents, made_of);
  return latents;
}

void report(const training::LatentSet& latents, const training::LatentFlow& flow,
            const nets::Generator& before, const nets::Generator& after) {
  const int64_t z_dim = after->options().z_dim;
  const training::Unexplained missed = training::unexplained(flow, after->mapping, z_dim);
  spdlog::info(
      "of the variance of fresh seeds the mapping misses {:.2f} % of w, {:.1f} % of weighted coordinates",
      100.0 * missed.of_w, 100.0 * missed.weighted);
  if (latents.held_out.size(0) < 2) return;
  for (const training::SampleFigures& f :
       training::compare_samples(latents, flow, after->mapping, before->mapping, z_dim)) {
    spdlog::info(
        "{:>15}: mean {:.3f}, covariance {:.3f} off; energy distance to held-out people {:.4f}, nearest "
        "training photo {:.2f}",
        f.name, f.mean, f.covariance, f.energy, f.nearest);
  }
}

// The new face model and the children that go with it.
void save_all(const Arguments& arguments, const fs::path& generator_file, const nets::Generator& before,
              const nets::Generator& after) {
  const checkpoint::CheckpointFile old_file(generator_file);
  const auto provenance = old_file.metadata().find("provenance");
  ModelIdentity identity = arguments.identity;
  identity.family = nets::family_of(old_file);
  if (identity.provenance.empty() && provenance != old_file.metadata().end()) {
    identity.provenance = provenance->second;
  }
  const fs::path face = arguments.output / kFaceName;
  nets::save_network(face, after, identity.family, metadata(identity, "face"));
  say_written(face);
  const checkpoint::CheckpointFile parent(face);
  for (const fs::path& child : arguments.children) {
    const fs::path path = arguments.output / child.filename();
    training::save_child_again(checkpoint::CheckpointFile(child), before, parent, path);
    say_written(path);
  }
}

int run_mapping(Arguments arguments) {
  share_options(arguments);
  const fs::path generator_file = find_model(arguments.generator, ".safetensors");
  const fs::path encoder_file = find_model(arguments.encoder, ".safetensors");
  check_outputs(arguments, generator_file);
  nets::Generator before = nets::load_generator(checkpoint::CheckpointFile(generator_file));
  training::LatentSet latents = latents_in(arguments, encoder_file);
  latents.axes.lead(arguments.axes_share);
  if (latents.training.size(1) != before->options().w_dim) {
    throw UsageError(encoder_file.string() + ": gives other latents than " + generator_file.string() +
                     " takes");
  }
  spdlog::info("{} latents, {} of people held out; {:.0f} % of the variance along {} axes",
               latents.training.size(0), latents.held_out.size(0), 100.0 * arguments.axes_share,
               latents.axes.leading);
  const training::LatentFlow flow = training::train_flow(arguments.flow, latents, training_hooks());
  throw_if_interrupted();
  spdlog::info("teaching the mapping network what the flow gives");
  const nets::Generator after =
      training::distil_flow(arguments.mapping, flow, latents, before, training_hooks(), app::write_picture);
  throw_if_interrupted();
  report(latents, flow, before, after);
  save_all(arguments, generator_file, before, after);
  return kDone;
}

void add_run_options(CLI::App& command, Arguments& arguments) {
  training::RunOptions& run = arguments.flow.run;
  command
      .add_option("-o,--output", arguments.output,
                  "Folder for latents, logs, sheets, the checkpoints to resume from, and the finished models")
      ->required();
  command.add_option("--flow-steps", run.steps, "Steps of learning how latents are distributed");
  command.add_option("--distil-steps", arguments.mapping.run.steps,
                     "Steps of teaching that to the mapping network");
  command.add_option("--minutes", arguments.minutes,
                     "End each of the two after so many minutes of this call (0: no limit)");
  command.add_option("--workers", run.workers, "Threads; each trains on its own share of the batch");
  command.add_option("--batch", run.batch_per_worker, "Latents per worker and step");
  command.add_option("--flow-rate", run.adam.learning_rate, "Adam's rate after warm-up, of the flow");
  command.add_option("--distil-rate", arguments.mapping.run.adam.learning_rate, "The same of the mapping");
  command.add_option("--check-every", run.sheet_every,
                     "Steps of the flow between two checks on people who are held out");
  command.add_option("--sheet-every", arguments.mapping.run.sheet_every,
                     "Steps of the mapping between two sample sheets");
  command.add_option("--checkpoint-every", run.checkpoint_every, "Steps between two checkpoints");
  command.add_option("--log-every", run.log_every, "Steps between two lines of the log");
  command.add_option("--precision", arguments.encoding.precision, "Of encoding the photos: auto, bf16, fp32");
  add_seed_option(command, run.seed);
  add_verbosity_options(command);
}

}  // namespace

void add_train_mapping(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "mapping",
      "Train the mapping network of a face generator, so that seeds look like people; all else stays");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--pairs", arguments->pairs, "Pack of photos made by 'toonmirror teach photo'")
      ->type_name("FILE")
      ->required();
  command->add_option("--generator", arguments->generator, "The face generator")->type_name("NAME|FILE");
  command->add_option("--encoder", arguments->encoder, "Its encoder")->type_name("NAME|FILE");
  command
      ->add_option("--children", arguments->children,
                   "Styles of this generator, to be saved again so that they go with the new one")
      ->type_name("FILE,…")
      ->delimiter(',')
      ->check(CLI::ExistingFile);
  command
      ->add_option("--mapping-layers", arguments->mapping.layers,
                   "Layers of the mapping network, an even number")
      ->check(CLI::Range(2, 16));
  command
      ->add_option("--variants", arguments->encoding.variants,
                   "Latents for each photo: as it is, and varied so many times less one")
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--seeds", arguments->mapping.pairs,
                   "How many seeds the mapping learns from, each taken through the flow once")
      ->check(CLI::Range(1000, 1'000'000));
  command
      ->add_option("--axes-share", arguments->axes_share,
                   "Share of the latents' variance that the flow models; the rest is drawn independently")
      ->check(CLI::Range(0.01, 1.0));
  command
      ->add_option("--rest", arguments->flow.rest,
                   "How much of that rest is drawn: less takes grain, and detail, from seeds")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag(
      "--to-the-end", arguments->to_the_end,
      "Take the flow's last weights, also where held-out people liked earlier ones better: more "
      "like people, but more like those in the pack");
  command->add_option("--dropout", arguments->flow.dropout, "Share of the flow's numbers dropped in training")
      ->check(CLI::Range(0.0, 0.9));
  command->add_option("--noise", arguments->flow.noise, "Noise on the latents the flow learns, in deviations")
      ->check(CLI::Range(0.0, 1.0));
  add_identity_options(*command, arguments->identity);
  add_run_options(*command, *arguments);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_mapping(*arguments); }; });
}

}  // namespace toonmirror::cli
