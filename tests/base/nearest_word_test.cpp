#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace toonmirror {
namespace {

const std::vector<std::string> kStyles = {"comic", "drawing", "film", "painting", "ukiyoe"};

TEST(NearestWord, MendsSlips) {
  EXPECT_EQ(nearest_word("flim", kStyles), "film");           // swapped
  EXPECT_EQ(nearest_word("drawng", kStyles), "drawing");      // left out
  EXPECT_EQ(nearest_word("paintings", kStyles), "painting");  // added
  EXPECT_EQ(nearest_word("ukiyo-e", kStyles), "ukiyoe");
  EXPECT_EQ(nearest_word("Comic", kStyles), "comic");
  EXPECT_EQ(nearest_word("--stlye", {"--size", "--style", "--scene"}), "--style");
}

TEST(NearestWord, DoesNotGuess) {
  EXPECT_FALSE(nearest_word("watercolour", kStyles));
  EXPECT_FALSE(nearest_word("", kStyles));
  EXPECT_FALSE(nearest_word("film", {}));
}

}  // namespace
}  // namespace toonmirror
