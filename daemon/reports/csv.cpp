#include "daemon/reports/csv.hpp"

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

void append_csv_field(std::string& out, std::optional<std::string> const& field) {
  if (!field) return;
  bool const formula = looks_like_formula(*field);
  bool const quoted = formula || field->empty() ||
                      field->find_first_of("\",\r\n") != std::string::npos ||
                      field->front() == ' ' || field->back() == ' ';
  if (!quoted) {
    out += *field;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (char const c : *field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace affsync::reports
