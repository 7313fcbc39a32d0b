#include "daemon/reports/csv.hpp"

#include <algorithm>
#include <string_view>

#include "base/decimal.hpp"

namespace affsync::reports {

bool looks_like_formula(std::string_view text) {
  auto const first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return false;
  auto const begin = text.substr(first);
  bool dangerous = begin.find_first_of("=+-@\t\r") == 0;
  // Some spreadsheets accept the full-width forms of these signs as well.
  for (std::string_view const sign : {"＝", "＋", "－", "＠"}) {
    dangerous = dangerous || begin.starts_with(sign);
  }
  return dangerous && parse_decimal(text).error != DecimalError::none;
}

namespace {

// Spreadsheets of other countries divide a line at these as well, also within a field.
constexpr std::string_view dividers = ";\t\r\n";

}  // namespace

void append_csv_field(std::string& out, std::optional<std::string> const& field) {
  if (!field) return;
  std::string text;
  for (std::size_t at = 0; at <= field->size();) {
    auto const end = std::min(field->find_first_of(dividers, at), field->size());
    auto const part = std::string_view(*field).substr(at, end - at);
    if (looks_like_formula(at == 0 ? std::string_view(*field) : part)) text += '\'';
    text += part;
    if (end < field->size()) text += (*field)[end];
    at = end + 1;
  }
  bool const quoted = text.empty() || text.size() != field->size() ||
                      text.find_first_of("\",;\t\r\n") != std::string::npos ||
                      text.front() == ' ' || text.back() == ' ';
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  for (char const c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace affsync::reports
