#include "base/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "base/terminal_line.h"

namespace toonmirror {
namespace {

constexpr std::chrono::milliseconds kFirstBar{500};  // shorter work needs no bar
constexpr std::chrono::milliseconds kBarInterval{100};
constexpr std::chrono::seconds kLineInterval{5};
constexpr int kPlainColumns = 200;
constexpr int kBarCells = 24;
constexpr int kShortestBarCells = 8;

int terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string bar(double share, int cells) {
  const int filled = static_cast<int>(std::floor(share * cells));
  return "[" + std::string(static_cast<size_t>(filled), '#') +
         std::string(static_cast<size_t>(cells - filled), '-') + "]";
}

// Cuts at `columns` bytes, at the start of a UTF-8 character.
std::string cut(std::string text, size_t columns) {
  if (text.size() <= columns) return text;
  while (columns > 0 && (static_cast<unsigned char>(text[columns]) & 0xC0) == 0x80) --columns;
  text.resize(columns);
  return text;
}

std::string figures(const ProgressOptions& options, const ProgressState& state) {
  std::string text = options.total ? fmt::format("{}/{} {}", state.done, *options.total, options.unit)
                                   : fmt::format("{} {}", state.done, options.unit);
  const double rate = state.elapsed_s > 0 ? static_cast<double>(state.done) / state.elapsed_s : 0;
  if (rate > 0) text += fmt::format("  {:.1f} {}", rate, options.rate_unit);
  if (rate > 0 && options.total && *options.total >= state.done) {
    text += "  ETA " + format_duration(static_cast<double>(*options.total - state.done) / rate);
  }
  if (options.count_faces && state.done > 0) {
    text += fmt::format("  face {:.0f}%",
                        100.0 * static_cast<double>(state.with_face) / static_cast<double>(state.done));
  }
  if (!state.suffix.empty()) text += "  " + state.suffix;
  return text;
}

}  // namespace

std::string format_duration(double seconds) {
  const int64_t whole = std::max<int64_t>(0, std::llround(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string progress_line(const ProgressOptions& options, const ProgressState& state, int columns,
                          bool with_bar) {
  const std::string tail = figures(options, state);
  std::string line = options.label;
  if (options.total && *options.total > 0) {
    const double share =
        std::clamp(static_cast<double>(state.done) / static_cast<double>(*options.total), 0.0, 1.0);
    const std::string percent = fmt::format("{:3.0f}%", std::floor(100 * share));
    const int room = columns - static_cast<int>(line.size() + percent.size() + tail.size()) - 6;
    const int cells = std::min(room, kBarCells);
    if (with_bar && cells >= kShortestBarCells) line += " " + bar(share, cells);
    line += " " + percent;
  }
  return cut(line + "  " + tail, static_cast<size_t>(std::max(columns, 1)));
}

Progress::Progress(ProgressOptions options)
    : terminal_(isatty(STDERR_FILENO) == 1),
      silent_(verbosity() == Verbosity::kQuiet),
      options_(std::move(options)),
      next_draw_(start_ + (terminal_ ? Clock::duration(kFirstBar) : Clock::duration(kLineInterval))) {}

Progress::~Progress() {
  if (terminal_ && !silent_) clear_terminal_line();
}

void Progress::advance(int64_t units, int64_t with_face) {
  const std::lock_guard lock(mutex_);
  state_.done += units;
  state_.with_face += with_face;
  draw_when_due();
}

void Progress::set_suffix(std::string suffix) {
  const std::lock_guard lock(mutex_);
  state_.suffix = std::move(suffix);
}

ProgressState Progress::state() const {
  const std::lock_guard lock(mutex_);
  ProgressState state = state_;
  state.elapsed_s = std::chrono::duration<double>(Clock::now() - start_).count();
  return state;
}

void Progress::draw_when_due() {
  const Clock::time_point now = Clock::now();
  if (silent_ || now < next_draw_) return;
  state_.elapsed_s = std::chrono::duration<double>(now - start_).count();
  if (terminal_) {
    redraw_terminal_line(progress_line(options_, state_, terminal_columns() - 1, true));
    next_draw_ = now + kBarInterval;
  } else {
    print_terminal_line(progress_line(options_, state_, kPlainColumns, false));
    next_draw_ = now + kLineInterval;
  }
}

}  // namespace toonmirror
