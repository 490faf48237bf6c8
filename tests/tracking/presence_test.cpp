#include "tracking/presence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace toonmirror::tracking {
namespace {

constexpr PresenceTimes kTimes = {.hold_s = 0.4, .ease_out_s = 0.8, .ease_in_s = 0.3};

TEST(Presence, IsNothingBeforeTheFirstFaceAndAllWithIt) {
  Presence presence(kTimes);
  EXPECT_EQ(presence.update(false, 5), 0);
  EXPECT_EQ(presence.update(false, 6), 0);
  EXPECT_EQ(presence.update(true, 6.04), 1);
  EXPECT_EQ(Presence(kTimes).update(true, 1e6), 1) << "clocks may begin anywhere";
}

TEST(Presence, EasesTheFirstFaceInWhereThatIsWanted) {
  Presence presence(kTimes, /*eases_first_in=*/true);
  EXPECT_EQ(presence.update(false, 5), 0);
  EXPECT_NEAR(presence.update(true, 5.03), 0.1, 1e-9);
  EXPECT_NEAR(presence.update(true, 5.15), 0.5, 1e-9);
  EXPECT_EQ(presence.value(), presence.update(true, 5.15));
}

// Whatever the pictures' rate is, and however uneven.
TEST(Presence, HoldsThenEasesOutAsTimePasses) {
  std::mt19937 random(1);
  for (const double interval_s : {0.001, 0.033, 0.2, 0.7}) {
    std::uniform_real_distribution<double> step_s(0.2 * interval_s, 1.8 * interval_s);
    Presence presence(kTimes);
    presence.update(true, 3);
    for (double time_s = 3 + step_s(random); time_s < 6; time_s += step_s(random)) {
      const double expected = 1 - std::clamp((time_s - 3 - kTimes.hold_s) / kTimes.ease_out_s, 0.0, 1.0);
      EXPECT_NEAR(presence.update(false, time_s), expected, 1e-9) << interval_s << " at " << time_s;
    }
  }
}

TEST(Presence, ComesBackFromWhereItWas) {
  Presence presence(kTimes);
  presence.update(true, 0);
  EXPECT_NEAR(presence.update(false, 0.8), 0.5, 1e-9);
  EXPECT_NEAR(presence.update(true, 0.83), 0.6, 1e-9);
  EXPECT_NEAR(presence.update(true, 0.89), 0.8, 1e-9);
  EXPECT_NEAR(presence.update(false, 1.0), 0.8, 1e-9) << "held again";
  EXPECT_EQ(presence.update(true, 1.1), 1);
}

TEST(Presence, WithoutTimesFollowsAtOnce) {
  Presence presence({});
  EXPECT_EQ(presence.update(true, 1), 1);
  EXPECT_EQ(presence.update(false, 1.01), 0);
  EXPECT_EQ(presence.update(true, 1.02), 1);
}

TEST(Presence, NeverJumpsNorLeavesItsRange) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> step_s(0, 0.2);
  Presence presence(kTimes);
  double time_s = 0, before = presence.update(true, time_s);
  bool seen = true;
  for (int i = 0; i < 5000; ++i) {
    if (random() % 8 == 0) seen = !seen;
    const double step = step_s(random);
    time_s += step;
    const double now = presence.update(seen, time_s);
    EXPECT_GE(now, 0);
    EXPECT_LE(now, 1);
    EXPECT_LE(now - before, seen ? step / kTimes.ease_in_s + 1e-9 : 0);
    EXPECT_LE(before - now, seen ? 0 : step / kTimes.ease_out_s + 1e-9);
    before = now;
  }
}

}  // namespace
}  // namespace toonmirror::tracking
