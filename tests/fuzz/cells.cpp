#include "tests/fuzz/cells.hpp"

#include <charconv>
#include <cstdint>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "connectors/engine/values/times.hpp"
#include "tests/fuzz/require.hpp"

namespace affsync::fuzz {
namespace {

constexpr std::string_view decimal_digits = "0123456789";
// Limits of PostgreSQL's numeric: digits before and after the decimal point.
constexpr long max_integer_digits = 131072;
constexpr long max_fraction_digits = 16383;

std::size_t digits_at(std::string_view text, std::size_t at) {
  auto const end = text.find_first_not_of(decimal_digits, at);
  return (end == text.npos ? text.size() : end) - at;
}

bool is_bigint(std::string_view text) {
  std::int64_t value = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

bool is_day(std::string_view text) {
  return parse_day(text) && !text.starts_with("0000");
}

// YYYY-MM-DDTHH:MM:SS[.ffffff]Z
bool is_instant(std::string_view text) {
  if (text.size() != 20 && text.size() != 27) return false;
  auto const read = engine::parse_iso(text);
  return read && text.back() == 'Z' && read->offset && is_day(text.substr(0, 10)) &&
         format_time(read->wall) == text;
}

void require_number_of_jsonb(std::string_view text) {
  auto const mark = std::min(text.find_first_of("eE"), text.size());
  long exponent = 0;
  if (mark < text.size()) {
    auto written = text.substr(mark + 1);
    if (written.front() == '+') written.remove_prefix(1);
    auto const [stop, error] =
        std::from_chars(written.data(), written.data() + written.size(), exponent);
    require(error == std::errc(), "jsonb takes the exponent", text);
  }
  auto const point = std::min(text.find('.'), mark);
  auto const behind = mark > point ? static_cast<long>(mark - point) - 1 : 0;
  auto const before = static_cast<long>(point);
  require(exponent < 1'000'000 && exponent > -1'000'000 &&
              behind - exponent <= max_fraction_digits && before + exponent <= max_integer_digits,
          "jsonb takes the number", text.substr(0, 80));
}

void require_numbers(Json const& json) {
  if (json.is_number()) require_number_of_jsonb(json.number_text());
  if (json.is_array()) {
    for (auto const& item : json.items()) require_numbers(item);
  }
  if (json.is_object()) {
    for (auto const& member : json.members()) require_numbers(member.value);
  }
}

}  // namespace

bool is_numeric(std::string_view text) {
  bool const negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  auto const before = digits_at(text, 0);
  if (before == 0 || (before > 1 && text.front() == '0')) return false;
  if (negative && text.find_first_not_of("0.") == text.npos) return false;
  if (before > max_integer_digits) return false;
  if (before == text.size()) return true;
  auto const behind = digits_at(text, before + 1);
  return text[before] == '.' && behind > 0 && behind <= max_fraction_digits &&
         before + 1 + behind == text.size();
}

bool is_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    auto const length = utf8_character(text, at);
    if (length == 0 || text[at] == '\0') return false;
    at += length;
  }
  return true;
}

void require_text(std::string_view text, std::string_view what) {
  require(is_text(text), std::string(what) + " is UTF-8 without a NUL", text);
}

void require_cell(Column const& column, std::string_view text) {
  require_text(text, column.name);
  bool good = true;
  switch (column.type) {
    case ColumnType::text:
      good = !text.empty();
      break;
    case ColumnType::numeric:
      good = is_numeric(text);
      break;
    case ColumnType::bigint:
      good = is_bigint(text);
      break;
    case ColumnType::boolean:
      good = text == "true" || text == "false";
      break;
    case ColumnType::date:
      good = is_day(text);
      break;
    case ColumnType::timestamptz:
      good = is_instant(text);
      break;
  }
  require(good, "the column " + std::string(column.name) + " accepts its value", text);
}

void require_jsonb(std::string_view text) {
  require_text(text, "JSON for jsonb");
  auto const json = parse_json(text);
  require(json.has_value(), "JSON for jsonb is JSON", text);
  require(!json->has_nul(), "JSON for jsonb has no U+0000", text);
  require_numbers(*json);
}

void require_error(Error const& error) {
  require_text(error.to_line(), "an error");
  require(!error.message.empty(), "an error has a message", to_string(error.code));
}

}  // namespace affsync::fuzz
