#include "checkpoint/pickle_text.h"

#include <algorithm>

#include "base/error.h"

namespace toonmirror::checkpoint {
namespace {

// The length of the UTF-8 sequence at the front of `text` and its code point; 0 where it is not valid.
struct Decoded {
  size_t length = 0;
  uint32_t point = 0;
};

Decoded decode(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {1, first};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  uint32_t point = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3fU);
  }
  const uint32_t smallest = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  if (point < smallest || point > 0x10ffff || surrogate) return {};
  return {length, point};
}

void append_utf8(std::string& out, uint32_t point) {
  const auto push = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    push(point);
  } else if (point < 0x800) {
    push(0xc0 | point >> 6);
    push(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    push(0xe0 | point >> 12);
    push(0x80 | (point >> 6 & 0x3f));
    push(0x80 | (point & 0x3f));
  } else {
    push(0xf0 | point >> 18);
    push(0x80 | (point >> 12 & 0x3f));
    push(0x80 | (point >> 6 & 0x3f));
    push(0x80 | (point & 0x3f));
  }
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.length == 0) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

// `digits` hexadecimal digits at `position`, which moves behind them.
uint32_t take_hex(std::string_view text, size_t& position, size_t digits) {
  if (text.size() - position < digits) throw Error("has a text with a broken escape");
  uint32_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char digit = text[position++];
    const uint32_t nibble = digit >= '0' && digit <= '9'   ? static_cast<uint32_t>(digit - '0')
                            : digit >= 'a' && digit <= 'f' ? static_cast<uint32_t>(digit - 'a' + 10)
                            : digit >= 'A' && digit <= 'F' ? static_cast<uint32_t>(digit - 'A' + 10)
                                                           : 16;
    if (nibble == 16) throw Error("has a text with a broken escape");
    value = value << 4 | nibble;
  }
  return value;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr size_t kLongest = 100;
  std::string result(text.substr(0, kLongest));
  std::replace_if(
      result.begin(), result.end(), [](char letter) { return letter < 0x20 || letter > 0x7e; }, '?');
  if (text.size() > kLongest) result += "...";
  return result;
}

std::string to_utf8(std::string_view text, bool latin1) {
  if (!latin1 && is_utf8(text)) return std::string(text);
  std::string result;
  for (const char letter : text) append_utf8(result, static_cast<uint8_t>(letter));
  return result;
}

// Both functions go over hundreds of megabytes in old files: no branch depends on the data, and the compiler
// can make vectors of the first.
std::optional<uint64_t> latin1_length(std::string_view utf8) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto is_lead = [](uint8_t byte) { return (byte & 0xfeU) == 0xc2; };  // of U+0080 … U+00FF
  const auto is_second = [](uint8_t byte) { return (byte & 0xc0U) == 0x80; };
  if (utf8.empty()) return 0;
  if (is_second(bytes[0]) || is_lead(bytes[utf8.size() - 1])) return std::nullopt;
  uint64_t seconds = 0;
  uint8_t wrong = static_cast<uint8_t>(bytes[0] >= 0x80 && !is_lead(bytes[0]));
  for (size_t i = 1; i < utf8.size(); ++i) {
    const bool second = is_second(bytes[i]), lead = is_lead(bytes[i]);
    wrong |= static_cast<uint8_t>(second != is_lead(bytes[i - 1]));
    wrong |= static_cast<uint8_t>((bytes[i] >= 0x80) & !second & !lead);
    seconds += static_cast<uint64_t>(second);
  }
  if (wrong != 0) return std::nullopt;
  return utf8.size() - seconds;
}

void decode_latin1(std::string_view utf8, uint8_t* out) {
  uint8_t before = 0;
  for (const char letter : utf8) {
    const auto byte = static_cast<uint8_t>(letter);
    const bool lead = (byte & 0xfeU) == 0xc2;
    *out = static_cast<uint8_t>(before == 0xc3 ? byte | 0x40U : byte);
    out += lead ? 0 : 1;
    before = byte;
  }
}

std::string unquote(std::string_view literal) {
  while (!literal.empty() && (literal.back() == '\r' || literal.back() == ' ')) literal.remove_suffix(1);
  const bool quoted = literal.size() >= 2 && literal.front() == literal.back() &&
                      (literal.front() == '\'' || literal.front() == '"');
  if (!quoted) throw Error("has a text without quotes");
  literal = literal.substr(1, literal.size() - 2);
  std::string result;
  for (size_t i = 0; i < literal.size();) {
    const char letter = literal[i++];
    if (letter != '\\') {
      result.push_back(letter);
      continue;
    }
    if (i == literal.size()) throw Error("has a text with a broken escape");
    const char escape = literal[i++];
    constexpr std::string_view kEscapes = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      result.push_back(kMeanings[known]);
    } else if (escape == 'x') {
      result.push_back(static_cast<char>(take_hex(literal, i, 2)));
    } else if (escape >= '0' && escape <= '7') {
      uint32_t value = static_cast<uint32_t>(escape - '0');
      for (int digits = 1; digits < 3 && i < literal.size() && literal[i] >= '0' && literal[i] <= '7';
           ++digits) {
        value = value << 3 | static_cast<uint32_t>(literal[i++] - '0');
      }
      result.push_back(static_cast<char>(value));
    } else {
      throw Error("has a text with a broken escape");
    }
  }
  return result;
}

std::string from_raw_unicode_escape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const char letter = text[i++];
    const bool escape = letter == '\\' && i < text.size() && (text[i] == 'u' || text[i] == 'U');
    if (!escape) {
      append_utf8(result, static_cast<uint8_t>(letter));
      continue;
    }
    const size_t digits = text[i++] == 'u' ? 4 : 8;
    const uint32_t point = take_hex(text, i, digits);
    if (point > 0x10ffff) throw Error("has a text with a broken escape");
    append_utf8(result, point);
  }
  return result;
}

}  // namespace toonmirror::checkpoint
