// The program: parses the command line, runs one command, and turns every way it can end into one clear line
// and an exit code.
#include <c10/util/Exception.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
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

int wrong_use(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const bool names_command = argc > 1 && argv[1][0] != '-';
  if (argc <= 1) {
    print_error("no command given", "'toonmirror --help' lists the commands");
  } else if (names_command && app.get_subcommands().empty()) {
    print_error(std::string("there is no command '") + argv[1] + "'",
                "'toonmirror --help' lists the commands");
  } else {
    print_error(first_line(error.what()), help_command(app));
  }
  return kWrongUse;
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return wrong_use(app, error, argc, argv);
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
