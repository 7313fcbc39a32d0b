#include "daemon/reports/output.hpp"

#include <utility>

#include "daemon/reports/csv.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/lines.hpp"

namespace affsync::reports {

namespace {

bool is_data(ReportColumn const& column) {
  return column.value != ReportValue::bar && column.value != ReportValue::trend &&
         column.value != ReportValue::total;
}

Json field_to_json(ReportColumn const& column, std::optional<std::string> const& field) {
  if (!field) return {};
  return column.value == ReportValue::count ? Json::number(*field) : Json::string(*field);
}

}  // namespace

std::string report_csv(ReportPlan const& plan, schema::Store::Table const& rows) {
  std::string out;
  auto line = [&](auto&& field_of) {
    bool first = true;
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      if (!is_data(plan.columns[i])) continue;
      if (!std::exchange(first, false)) out += ',';
      append_csv_field(out, field_of(i));
    }
    out += "\r\n";
  };
  line([&](std::size_t i) { return std::optional(plan.columns[i].name); });
  for (auto const& one : report_lines(plan, rows)) {
    if (one.total || one.left_out > 0) continue;
    line([&](std::size_t i) { return rows.rows[one.row].at(i); });
  }
  return out;
}

std::string report_json(ReportPlan const& plan, schema::Store::Table const& rows,
                        std::vector<std::string> const& notes) {
  Json::Array lines;
  Json::Array totals;
  std::size_t left_out = 0;
  for (auto const& one : report_lines(plan, rows)) {
    left_out += one.left_out;
    if (one.left_out > 0) continue;
    auto const& row = rows.rows[one.row];
    bool const total = one.total;
    Json::Object members;
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      auto const& column = plan.columns[i];
      // A line of sums has no keys: leave out its null members. But rows without a currency have a
      // sum of their own, beside that of all currencies.
      bool const is_key = column.name == "currency" && !one.all;
      if (!is_data(column) || (total && !row.at(i) && !is_key)) continue;
      members.push_back({column.name, field_to_json(column, row.at(i))});
    }
    (total ? totals : lines).push_back(Json::object(std::move(members)));
  }
  auto day = [&](std::size_t i) {
    return i < plan.parameters.size() && plan.parameters[i] ? json_text(*plan.parameters[i])
                                                            : Json();
  };
  Json::Object report({{"report", json_text(plan.report)},
                       {"by", json_text_or_null(plan.by)},
                       {"since", day(0)},
                       {"until", day(1)},
                       {"rows", Json::array(std::move(lines))},
                       {"totals", Json::array(std::move(totals))},
                       {"left_out", Json::number(std::to_string(left_out))}});
  if (!notes.empty()) {
    Json::Array said;
    for (auto const& note : notes) said.push_back(json_text(note));
    report.push_back({"notes", Json::array(std::move(said))});
  }
  return Json::object(std::move(report)).dump();
}

}  // namespace affsync::reports
