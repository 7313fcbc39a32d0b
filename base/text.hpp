// Case-insensitive handling of machine-readable text (header names, words of a broker, units). Only
// ASCII letters and digits are known.
#pragma once

#include <string>
#include <string_view>

namespace affsync {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string to_lower(std::string_view text);

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equal_without_case(std::string_view left, std::string_view right);
bool starts_without_case(std::string_view text, std::string_view start);
// Returns the position of the first `word` in `text`; npos if there is none.
std::size_t find_without_case(std::string_view text, std::string_view word);

// Removes leading and trailing spaces, tabs and line ends.
std::string_view trim_blanks(std::string_view text);

}  // namespace affsync
