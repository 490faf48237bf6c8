// How much the program says on standard error. Messages go through spdlog: `spdlog::warn("{}: no sound",
// file)` prints "toonmirror: warning: clip.mp4: no sound".
#pragma once

namespace toonmirror {

enum class Verbosity {
  kQuiet,    // warnings and errors, no progress
  kNormal,   // also notices and progress
  kVerbose,  // also details that help to find out why something went wrong
};

// Makes spdlog's default logger write as above, above a progress line where one is shown. Call it once,
// early.
void set_up_logging(Verbosity verbosity);

// What set_up_logging was told last.
Verbosity verbosity();

}  // namespace toonmirror
