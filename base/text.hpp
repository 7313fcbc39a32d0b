// Texts of machines (names of headers, words of a broker, units) whose ASCII letters mean the same
// in either case. Other letters are left as they are.
#pragma once

#include <string>
#include <string_view>

namespace affsync {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string to_lower(std::string_view text);

bool equal_without_case(std::string_view left, std::string_view right);
bool starts_without_case(std::string_view text, std::string_view start);
// Where `word` first occurs in `text`; npos where it does not.
std::size_t find_without_case(std::string_view text, std::string_view word);
inline bool contains_without_case(std::string_view text, std::string_view word) {
  return find_without_case(text, word) != std::string_view::npos;
}

// Without blanks, tabs and line ends around it.
std::string_view trim_blanks(std::string_view text);

}  // namespace affsync
