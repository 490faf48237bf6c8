// toonmirror train generator|style|mapping|parser|mesh|motion|directions: makes house models.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/train_options.h"

namespace toonmirror::cli {

void add_train(CLI::App& app, Action& chosen) {
  CLI::App* train = app.add_subcommand("train", "Train house models on this machine");
  train->require_subcommand(1);
  add_train_generator(*train, chosen);
  add_train_style(*train, chosen);
  add_train_mapping(*train, chosen);
  add_train_parser(*train, chosen);
  add_train_mesh(*train, chosen);
  add_train_motion(*train, chosen);
  add_train_directions(*train, chosen);
}

}  // namespace toonmirror::cli
