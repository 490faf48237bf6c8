// Texts as pickles write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toonmirror::checkpoint {

// For messages: at most 100 bytes, without anything that could steer a terminal.
std::string printable(std::string_view text);

// The text itself where it is UTF-8; otherwise every byte is taken for a Latin-1 character.
std::string to_utf8(std::string_view text, bool latin1);

// Code points of a UTF-8 text that has none above 255; nothing where it has, or is not UTF-8.
std::optional<uint64_t> latin1_length(std::string_view utf8);

// Writes those code points to `out`, one byte each.
void decode_latin1(std::string_view utf8, uint8_t* out);

// The bytes that a Python 2 string literal stands for, "'a\\n'" with its quotes. Throws Error where it is
// none.
std::string unquote(std::string_view literal);

// The UTF-8 of a text in Python's raw-unicode-escape: Latin-1, and \uXXXX and \UXXXXXXXX. Throws Error.
std::string from_raw_unicode_escape(std::string_view text);

}  // namespace toonmirror::checkpoint
