#include "base/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <string>

#include "base/terminal_line.h"

namespace toonmirror {
namespace {

// What all levels together print on standard error.
std::string output_at(Verbosity verbosity) {
  ::testing::internal::CaptureStderr();
  set_up_logging(verbosity);
  spdlog::debug("detail");
  spdlog::info("notice");
  spdlog::warn("{}: no sound", "clip.mp4");
  set_up_logging(Verbosity::kNormal);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, VerbosityDecidesWhatIsSaid) {
  const std::string warning = "toonmirror: warning: clip.mp4: no sound\n";
  EXPECT_EQ(output_at(Verbosity::kQuiet), warning);
  EXPECT_EQ(output_at(Verbosity::kNormal), "toonmirror: notice\n" + warning);
  EXPECT_EQ(output_at(Verbosity::kVerbose), "toonmirror: debug: detail\ntoonmirror: notice\n" + warning);
}

TEST(Log, MessageIsPrintedAboveTheProgressLine) {
  set_up_logging(Verbosity::kNormal);
  ::testing::internal::CaptureStderr();
  redraw_terminal_line("50%");
  spdlog::info("notice");
  clear_terminal_line();
  spdlog::info("end");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "\r\033[K50%"
            "\r\033[Ktoonmirror: notice\n50%"
            "\r\033[K"
            "toonmirror: end\n");
}

}  // namespace
}  // namespace toonmirror
