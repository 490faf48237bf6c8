// The sub-commands. To add one: a file src/cli/NAME.cpp with add_NAME, its declaration here, and its line in
// add_all_commands (commands.cpp).
#pragma once

#include <functional>

// CLI11 costs seconds per file that includes it: only those that define commands do.
namespace CLI {  // NOLINT(readability-identifier-naming): that is what CLI11 calls it
class App;
}

namespace toonmirror::cli {

// What the command line asks for; returns an exit code (exit_code.h), or throws Error or Interrupted.
using Action = std::function<int()>;

// Each adds its sub-command to `app`; when the command line names it, `chosen` is set.
void add_animate(CLI::App& app, Action& chosen);
void add_avatar(CLI::App& app, Action& chosen);
void add_bench(CLI::App& app, Action& chosen);
void add_blend(CLI::App& app, Action& chosen);
void add_live(CLI::App& app, Action& chosen);
void add_convert(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_edit(CLI::App& app, Action& chosen);
void add_evaluate(CLI::App& app, Action& chosen);
void add_generate(CLI::App& app, Action& chosen);
void add_grow(CLI::App& app, Action& chosen);
void add_import(CLI::App& app, Action& chosen);
void add_inspect(CLI::App& app, Action& chosen);
void add_project(CLI::App& app, Action& chosen);
void add_teach(CLI::App& app, Action& chosen);
void add_train(CLI::App& app, Action& chosen);

// All of the above, in the order in which --help lists them.
void add_all_commands(CLI::App& app, Action& chosen);

}  // namespace toonmirror::cli
