#include "connectors/engine/values/localized_numbers.hpp"

#include "base/text.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view wrong = "is not a number as the connector says that it is written";
// Nobody groups behind a leading zero. Read as groups, 0.125 would be a thousand times as much.
constexpr std::string_view wrong_zero =
    "groups digits behind a leading zero, which nobody does: it is rather a number with another "
    "decimal mark. Correct `locale`, or `decimal_comma` and `grouping`, of the connector";
// Blanks between groups: no-break, narrow no-break, thin, figure.
constexpr std::string_view blanks[] = {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89",
                                       "\xE2\x80\x87"};
constexpr std::string_view minus_sign = "\xE2\x88\x92";

// Returns the length of the mark between groups at the start of the text; 0 if there is none.
std::size_t group_mark(std::string_view text, std::string_view grouping) {
  if (grouping != " ") return !grouping.empty() && text.starts_with(grouping) ? grouping.size() : 0;
  for (auto const blank : blanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

std::size_t digits_at(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

}  // namespace

std::string_view read_localized(std::string_view text, NumberFormat const& format,
                                std::string& out) {
  constexpr std::size_t longest = 100;
  if (text.size() > longest) return wrong;
  out.clear();
  if (text.starts_with(minus_sign)) {
    out += '-';
    text.remove_prefix(minus_sign.size());
  } else if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-') out += '-';
    text.remove_prefix(1);
  }
  auto count = digits_at(text);
  if (count == 0) return wrong;
  bool const has_leading_zero = text.front() == '0';
  out += text.substr(0, count);
  text.remove_prefix(count);
  bool grouped = false;
  while (auto const mark = group_mark(text, format.grouping)) {
    if (!grouped && count > 3) return wrong;
    if (has_leading_zero) return wrong_zero;
    grouped = true;
    text.remove_prefix(mark);
    count = digits_at(text);
    if (count != 3) return wrong;
    out += text.substr(0, count);
    text.remove_prefix(count);
  }
  if (text.empty()) return {};
  if (text.front() != format.decimal_mark) return wrong;
  text.remove_prefix(1);
  if (text.empty() || digits_at(text) != text.size()) return wrong;
  out += '.';
  out += text;
  return {};
}

}  // namespace affsync::engine
