#include "checkpoint/pickle_text.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace toonmirror::checkpoint {
namespace {

using namespace std::string_literals;

TEST(PickleText, PrintableIsShortAndPlain) {
  EXPECT_EQ(printable("a\n\x1b[0m\xc3\xa9"), "a??[0m??");
  EXPECT_EQ(printable(std::string(101, 'x')), std::string(100, 'x') + "...");
}

TEST(PickleText, ToUtf8KeepsUtf8AndTakesTheRestForLatin1) {
  const std::string valid = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  EXPECT_EQ(to_utf8(valid, false), valid);
  EXPECT_EQ(to_utf8("\xe9", true), "\xc3\xa9");
  EXPECT_EQ(to_utf8("\xe9", false), "\xc3\xa9");
  // Overlong, cut off, a surrogate, above the last code point.
  for (const char* broken : {"\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xff"}) {
    EXPECT_EQ(to_utf8(broken, false), to_utf8(broken, true)) << broken;
  }
}

TEST(PickleText, Latin1RoundTripOfEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::string utf8 = to_utf8(bytes, true);
  ASSERT_EQ(latin1_length(utf8), 256u);
  std::string decoded(256, '\0');
  decode_latin1(utf8, reinterpret_cast<uint8_t*>(decoded.data()));
  EXPECT_EQ(decoded, bytes);
  EXPECT_EQ(latin1_length("\xc4\x80"), std::nullopt);  // U+0100
  for (const char* broken :
       {"\xc3", "\xc3z", "\x80", "a\x80", "\xc1\x80", "\xc2\xc2\x80", "\xc2\x80\x80", "\xff"}) {
    EXPECT_EQ(latin1_length(broken), std::nullopt) << broken;
  }
}

TEST(PickleText, UnquotesPythonsLiterals) {
  EXPECT_EQ(unquote("'it\\'s'"), "it's");
  EXPECT_EQ(unquote("\"a\\t\\\\b\""), "a\t\\b");
  EXPECT_EQ(unquote("'\\x00\\xff\\101\\0'"), "\0\xff"s + "A\0"s);
  for (const char* broken : {"", "'", "abc", "'abc\"", "'\\'", "'\\x1'", "'\\q'"}) {
    EXPECT_THROW(unquote(broken), Error) << broken;
  }
}

TEST(PickleText, RawUnicodeEscape) {
  EXPECT_EQ(from_raw_unicode_escape("a\\u20ac\\U0001f600\xe9\\n"),
            "a\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9\\n");
  for (const char* broken : {"\\u12", "\\U00110000", "\\uxyzw"})
    EXPECT_THROW(from_raw_unicode_escape(broken), Error);
}

}  // namespace
}  // namespace toonmirror::checkpoint
