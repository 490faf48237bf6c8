// How the program ends.
#pragma once

namespace toonmirror::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;         // the input, the output or the machine
inline constexpr int kWrongUse = 2;       // the command line
inline constexpr int kPartlyDone = 3;     // some of several inputs failed
inline constexpr int kInterrupted = 130;  // Ctrl-C or SIGTERM, as shells expect: 128 + SIGINT

}  // namespace toonmirror::cli
