#include "connectors/engine/values/words.hpp"

#include <algorithm>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::string_view read_boolean(std::string_view text, std::string& out) {
  constexpr std::string_view yes[] = {"true", "yes", "y", "on", "t"};
  constexpr std::string_view no[] = {"false", "no", "n", "off", "f"};
  auto const is_one_of = [&](auto const& words) {
    return std::ranges::any_of(words, [&](auto word) { return equal_without_case(text, word); });
  };
  if (is_one_of(yes)) {
    out += "true";
    return {};
  }
  if (is_one_of(no)) {
    out += "false";
    return {};
  }
  // 1 and 0 in any spelling, such as 1.0.
  std::string number;
  if (read_integer(text, number).empty() && (number == "1" || number == "0")) {
    out += number == "1" ? "true" : "false";
    return {};
  }
  return "is neither true nor false";
}

void make_upper(std::string& text, std::size_t from) {
  for (auto i = from; i < text.size(); ++i) text[i] = upper(text[i]);
}

std::string_view read_currency(std::string_view text, std::string& out) {
  for (char const c : text) out += upper(c);
  return {};
}

void read_text(std::string_view text, TextRules const& rules, std::string& out) {
  if (!rules.strip_prefix.empty() && text.starts_with(rules.strip_prefix)) {
    text.remove_prefix(rules.strip_prefix.size());
  }
  if (!rules.take_before.empty()) text = text.substr(0, text.find(rules.take_before));
  text = trim_blanks(text);
  auto const start = out.size();
  out += text;
  if (rules.lower_case) {
    for (auto i = start; i < out.size(); ++i) out[i] = to_lower(out[i]);
  }
}

WordTable::WordTable(std::map<std::string, std::string> const& words,
                     std::optional<std::string> otherwise)
    : words_(words.begin(), words.end()), otherwise_(std::move(otherwise)) {}

std::string_view WordTable::read(std::string_view text, std::string& out) const {
  // A linear search is faster than any table for a few words.
  for (auto const& [word, ours] : words_) {
    if (!equal_folded(word, text)) continue;
    out += ours;
    return {};
  }
  if (!otherwise_) return "is a word that the connector does not know";
  out += *otherwise_;
  return {};
}

}  // namespace affsync::engine
