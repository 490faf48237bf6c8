// toonmirror train parser: a face parser on the stages of an encoder, which stays as it is.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/picture_output.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "base/model_path.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "nets/model_file.h"
#include "training/parser_trainer.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  training::ParserTrainingOptions options;
  std::string encoder = "encoder";
  ModelIdentity identity;
};

int run_parser(Arguments arguments) {
  training::ParserTrainingOptions& options = arguments.options;
  options.encoder = find_model(arguments.encoder, ".safetensors");
  const checkpoint::CheckpointFile encoder(options.encoder);
  const nets::FaceParser parser = training::train_parser(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  const std::filesystem::path path = options.run.output / "parser.safetensors";
  nets::save_parser(path, parser, encoder, metadata(arguments.identity, "parser"));
  say_written(path);
  return kDone;
}

}  // namespace

void add_train_parser(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "parser", "Train a face parser on an encoder's stages; the encoder, and with it all styles, stay");
  auto arguments = std::make_shared<Arguments>();
  training::ParserTrainingOptions& options = arguments->options;
  options.run.workers = usable_cores();
  command->add_option("--pairs", options.pairs, "Pack of photos made by 'toonmirror teach photo'")
      ->type_name("FILE")
      ->required();
  command->add_option("--encoder", arguments->encoder, "The encoder it is for")->type_name("NAME|FILE");
  add_identity_options(*command, arguments->identity);
  add_loop_options(*command, options.run, options.precision);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_parser(*arguments); }; });
}

}  // namespace toonmirror::cli
