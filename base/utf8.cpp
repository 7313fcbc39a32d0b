#include "base/utf8.hpp"

namespace affsync {

std::size_t utf8_character(std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
  };
  if (at >= text.size()) return 0;
  unsigned const lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  std::size_t const length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  unsigned const second = byte(at + 1);
  bool const overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  bool const surrogate = lead == 0xED && second >= 0xA0;
  bool const beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

bool is_control_character(std::string_view character) {
  if (character.size() == 1) {
    return static_cast<unsigned char>(character[0]) < 0x20 || character[0] == '\x7F';
  }
  // C1, line and paragraph separators, and what reorders a line (U+061C, U+200E/F, U+202A…E,
  // U+2066…9).
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
  if (character.size() == 2) {
    return (byte(0) == 0xC2 && byte(1) < 0xA0) || (byte(0) == 0xD8 && byte(1) == 0x9C);
  }
  if (character.size() != 3 || byte(0) != 0xE2) return false;
  return (byte(1) == 0x80 &&
          (byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xA8 && byte(2) <= 0xAE))) ||
         (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9);
}

bool is_joint_without_width(std::string_view character) {
  return character.size() == 3 && character >= "\u200b" && character <= "\u200d";
}

std::string printable_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const length = text[at] == '\0' ? 0 : utf8_character(text, at);
    clean += length == 0 ? replacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return clean;
}

std::string to_one_line(std::string_view text) {
  std::string out;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    auto const length = utf8_character(text, at);
    auto const character = length == 0 ? replacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
    if (character == " " || is_control_character(character)) {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += character;
  }
  return out;
}

}  // namespace affsync
