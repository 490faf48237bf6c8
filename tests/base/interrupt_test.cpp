#include "base/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <type_traits>

#include "base/error.h"

namespace toonmirror {
namespace {

static_assert(!std::is_base_of_v<Error, Interrupted>, "a loop that survives an Error must still stop");

// Signals change the whole process, so each case runs in one of its own.

TEST(InterruptDeathTest, FirstSignalRaisesTheFlagOnly) {
  const auto stop_politely = [](int signal) {
    install_interrupt_handler();
    throw_if_interrupted();
    if (interrupted()) std::exit(1);
    std::raise(signal);
    if (!interrupted()) std::exit(2);
    try {
      throw_if_interrupted();
    } catch (const Interrupted&) {
      std::exit(130);
    }
    std::exit(3);
  };
  EXPECT_EXIT(stop_politely(SIGINT), ::testing::ExitedWithCode(130), "");
  EXPECT_EXIT(stop_politely(SIGTERM), ::testing::ExitedWithCode(130), "");
  EXPECT_EXIT(stop_politely(SIGHUP), ::testing::ExitedWithCode(130), "");
}

TEST(InterruptDeathTest, SecondSignalEndsTheProgram) {
  const auto insist = [] {
    install_interrupt_handler();
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(insist(), ::testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace toonmirror
