// The program: parses the command line, runs one command, and turns every way it can end into one clear line
// and an exit code.
#include <c10/util/Exception.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/nearest_word.h"
#include "base/terminal_line.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

namespace toonmirror::cli {
namespace {

void print_error(const std::string& what, const std::string& hint = {}) {
  clear_terminal_line();
  std::cerr << "toonmirror: error: " << what << '\n';
  if (!hint.empty()) std::cerr << "hint: " << hint << '\n';
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// LibTorch's warnings speak to programmers.
class WarningsAsDetails : public c10::WarningHandler {
 public:
  void process(const c10::SourceLocation&, const std::string& message, bool) override {
    spdlog::debug("LibTorch: {}", first_line(message));
  }
};

std::string help_command(const CLI::App& app) {
  std::string words = "toonmirror";
  for (const CLI::App* command : app.get_subcommands()) words += " " + command->get_name();
  return "'" + words + " --help' lists what it takes";
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// The innermost command that was named, whose options count.
const CLI::App& innermost(const CLI::App& app) {
  const std::vector<CLI::App*> named = app.get_subcommands();
  return named.empty() ? app : innermost(*named.front());
}

// What is probably meant by the first option that `app` does not have; `otherwise` where nothing is near.
std::string mended_option(const CLI::App& app, const std::vector<std::string>& words,
                          const std::string& otherwise) {
  std::vector<std::string> known;
  for (const CLI::Option* option : innermost(app).get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& word : words) {
    const std::string option = word.substr(0, word.find('='));
    if (!option.starts_with("--") || std::ranges::find(known, option) != known.end()) continue;
    if (const auto near = nearest_word(option, known)) return "did you mean " + *near + "?";
    break;
  }
  return otherwise;
}

int wrong_use(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  if (words.empty()) {
    print_error("no command given", "'toonmirror --help' lists the commands");
  } else if (!words.front().starts_with('-') && app.get_subcommands().empty()) {
    const auto near = nearest_word(words.front(), command_names(app));
    print_error("there is no command, and no file, '" + words.front() + "'",
                near ? "did you mean '" + *near + "'?" : "'toonmirror --help' lists the commands");
  } else {
    print_error(first_line(error.what()), mended_option(app, words, help_command(app)));
  }
  return kWrongUse;
}

// A photo, video or folder instead of a command is to be converted.
bool names_input(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty() || words.front().starts_with('-')) return false;
  const std::vector<std::string> commands = command_names(app);
  std::error_code unknown;
  return std::ranges::find(commands, words.front()) == commands.end() &&
         std::filesystem::exists(words.front(), unknown);
}

// Large activations come and go with every picture: glibc would return them to the system each time, and
// fault them in again.
void keep_freed_memory() {
  constexpr int kThreshold = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_TOP_PAD, 64 << 20);
}

// The whole of the program; throws whatever stops it.
int run(int argc, char** argv) {
  CLI::App app("Toonmirror turns the faces in photos and videos into cartoons.", "toonmirror");
  app.set_version_flag("--version", "toonmirror " TOONMIRROR_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.option_defaults()->always_capture_default();
  app.get_formatter()->column_width(36);
  app.get_formatter()->label("REQUIRED", "(required)");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.require_subcommand(1);
  Action action;
  add_all_commands(app, action);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) command->group("Commands");
  app.footer("'toonmirror COMMAND --help' explains a command.");  // last: commands would inherit it
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (names_input(app, words)) words.insert(words.begin(), "convert");
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // takes them from the end
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return wrong_use(app, error, words);
  }
  const int code = action();
  if (!std::cout.flush()) throw Error("standard output: cannot be written", "is the disk full?");
  return code;
}

// Turns every way the program can end into a line and an exit code. Only printing an error could still throw.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  set_up_logging(Verbosity::kNormal);
  install_interrupt_handler();
  keep_freed_memory();
  WarningsAsDetails torch_warnings;
  const c10::Warning::WarningHandlerGuard guard(&torch_warnings);
  try {
    return run(argc, argv);
  } catch (const Interrupted&) {
    clear_terminal_line();
    std::cerr << "toonmirror: interrupted\n";
    return kInterrupted;
  } catch (const UsageError& error) {
    print_error(error.what(), error.hint());
    return kWrongUse;
  } catch (const Error& error) {
    print_error(error.what(), error.hint());
  } catch (const c10::Error& error) {
    spdlog::debug("{}", error.what());
    print_error("LibTorch: " + first_line(error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    print_error("not enough memory", "close other programs, or use a smaller input");
  } catch (const std::exception& error) {
    print_error(first_line(error.what()));
  }
  return kFailed;
}

}  // namespace
}  // namespace toonmirror::cli

// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return toonmirror::cli::main(argc, argv); }
