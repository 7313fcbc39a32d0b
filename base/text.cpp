#include "base/text.hpp"

#include <algorithm>

namespace affsync {
namespace {

bool same_letter(char left, char right) {
  return to_lower(left) == to_lower(right);
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

bool equal_without_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_letter);
}

bool starts_without_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_without_case(text.substr(0, start.size()), start);
}

std::size_t find_without_case(std::string_view text, std::string_view word) {
  auto const at = std::search(text.begin(), text.end(), word.begin(), word.end(), same_letter);
  if (at == text.end() && !word.empty()) return std::string_view::npos;
  return static_cast<std::size_t>(at - text.begin());
}

std::string_view trim_blanks(std::string_view text) {
  // Nearly no text has blanks around it.
  if (!text.empty() && text.front() > ' ' && text.back() > ' ') return text;
  constexpr std::string_view blanks = " \t\r\n";
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace affsync
