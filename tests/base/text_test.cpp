#include "base/text.h"

#include <gtest/gtest.h>

#include "base/percentile.h"

namespace toonmirror {
namespace {

TEST(Text, LowersAsciiLettersAlone) {
  EXPECT_EQ(lower_case("Grüße ÄB.JPG"), "grüße Äb.jpg");
  EXPECT_EQ(lower_case(""), "");
}

TEST(Text, ExtensionsHaveNoDotAndNoCase) {
  EXPECT_EQ(extension_of("x/a.JPEG"), "jpeg");
  EXPECT_EQ(extension_of("x.d/a"), "");
  EXPECT_EQ(extension_of(".hidden"), "");
}

TEST(Percentile, TakesTheNearestRankBelow) {
  EXPECT_EQ(percentile({1, 2, 3, 4}, 0.5), 2);
  EXPECT_EQ(percentile({1, 2, 3, 4}, 1), 4);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

}  // namespace
}  // namespace toonmirror
