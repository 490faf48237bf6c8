// toonmirror teach STYLE PHOTOS -o PAIRS: draws the pictures that a style is learned from.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "datasets/draw_pairs.h"
#include "teachers/teacher.h"

namespace toonmirror::cli {

void add_teach(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("teach", "Draw training pairs (photo, picture, labels) with a style's teacher");
  auto arguments = std::make_shared<datasets::DrawPairsOptions>();
  std::string styles;
  for (const teachers::TeacherEntry& teacher : teachers::teachers()) {
    styles += "\n  " + teacher.name + ": " + teacher.description;
  }
  styles += "\n  command:PROGRAM: a program that is given a picture to read and one to write";
  command->add_option("STYLE", arguments->teacher, "The teacher:" + styles)->required();
  command
      ->add_option("PHOTOS", arguments->photos.photos, "Folder of photos; of each the largest face is used")
      ->required();
  command->add_option("-o,--output", arguments->output, "The pack of pairs to write (.safetensors)")
      ->required();
  command->add_option(
      "--index", arguments->photos.index,
      "CSV with columns file and lm68: PHOTOS holds FFHQ-aligned crops of 256 px with known landmarks");
  command->add_option("--labels", arguments->photos.labels,
                      "With --index: folder of face-parsing labels, NAME.png for each photo (CelebAMask-HQ "
                      "numbers, 19 = iris)");
  command->add_option("--parser", arguments->photos.parser, "Face parser for photos without labels")
      ->type_name("NAME|FILE");
  command->add_option("--limit", arguments->photos.limit,
                      "Use only so many photos, evenly spread over the folder (0: all)");
  command->add_option("--sheet", arguments->sheet, "Also write a picture of the first held-out pairs");
  command->add_option("--licence", arguments->licence, "Licence of the photos, for the pack's metadata");
  command->add_option(
      "--nets", arguments->nets,
      "Folder of the networks that are not shipped: film draws from the face mesh of facemesh468");
  command->add_option("--threads", arguments->threads, "Photos drawn at a time (0: one per core)");
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      datasets::draw_pairs(*arguments);
      return kDone;
    };
  });
}

}  // namespace toonmirror::cli
