// How far a long command is: a bar on a terminal, a plain line every few seconds when piped, nothing with
// --quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace toonmirror {

struct ProgressOptions {
  std::string label;              // what is being worked on, such as the input's name
  std::string unit = "frames";    // what is counted, in the plural
  std::string rate_unit = "fps";  // what a unit per second is called
  std::optional<int64_t> total;   // where it is known: enables the bar and the remaining time
  bool count_faces = false;       // show the share of the units that had a face
};

// A moment of the work, as the line shows it.
struct ProgressState {
  int64_t done = 0;
  int64_t with_face = 0;
  double elapsed_s = 0;
  std::string suffix;  // anything else worth saying, such as a loss
};

// One line of at most `columns` columns, without a line end. `with_bar` is for terminals:
// "clip.mp4 [#####-----]  50%  60/120 frames  12.1 fps  ETA 0:05  face 98%".
std::string progress_line(const ProgressOptions& options, const ProgressState& state, int columns,
                          bool with_bar);

// "0:05", "12:34", "1:02:03"; seconds are rounded, negative ones are 0.
std::string format_duration(double seconds);

// Counts from any thread; draws on standard error from the thread that counts, at most ten times a second.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  ~Progress();  // removes the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t units = 1, int64_t with_face = 0);

  void set_suffix(std::string suffix);

  ProgressState state() const;

 private:
  using Clock = std::chrono::steady_clock;

  void draw_when_due();

  const Clock::time_point start_ = Clock::now();
  const bool terminal_;
  const bool silent_;
  mutable std::mutex mutex_;
  ProgressOptions options_;
  ProgressState state_;
  Clock::time_point next_draw_;
};

}  // namespace toonmirror
