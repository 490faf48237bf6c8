#include "base/terminal_line.h"

#include <cstdio>
#include <mutex>
#include <string>

namespace toonmirror {
namespace {

constexpr std::string_view kEraseLine = "\r\033[K";

struct TerminalLine {
  std::mutex mutex;
  std::string shown;
};

TerminalLine& terminal_line() {
  static TerminalLine line;
  return line;
}

void write_to_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void redraw_terminal_line(std::string_view text) {
  TerminalLine& line = terminal_line();
  const std::lock_guard lock(line.mutex);
  line.shown = text;
  write_to_stderr(std::string(kEraseLine) + line.shown);
}

void print_terminal_line(std::string_view text) {
  TerminalLine& line = terminal_line();
  const std::lock_guard lock(line.mutex);
  std::string output(text);
  output += '\n';
  if (!line.shown.empty()) output = std::string(kEraseLine) + output + line.shown;
  write_to_stderr(output);
}

void clear_terminal_line() {
  TerminalLine& line = terminal_line();
  const std::lock_guard lock(line.mutex);
  if (line.shown.empty()) return;
  line.shown.clear();
  write_to_stderr(std::string(kEraseLine));
}

}  // namespace toonmirror
