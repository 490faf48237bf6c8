#include "cli/commands.h"

namespace toonmirror::cli {

void add_all_commands(CLI::App& app, Action& chosen) {
  add_live(app, chosen);
  add_convert(app, chosen);
  add_animate(app, chosen);
  add_avatar(app, chosen);
  add_generate(app, chosen);
  add_blend(app, chosen);
  add_project(app, chosen);
  add_edit(app, chosen);
  add_teach(app, chosen);
  add_train(app, chosen);
  add_grow(app, chosen);
  add_evaluate(app, chosen);
  add_import(app, chosen);
  add_inspect(app, chosen);
  add_bench(app, chosen);
  add_doctor(app, chosen);
}

}  // namespace toonmirror::cli
