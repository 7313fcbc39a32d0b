#include "daemon/cli/retry_text.hpp"

#include <utility>

#include "base/json.hpp"
#include "daemon/cli/report_text.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/output.hpp"

namespace affsync::cli {
namespace {

reports::ReportPlan plan_of_retry() {
  reports::ReportPlan plan;
  plan.report = "retry";
  plan.columns = {{"source", "source", reports::ReportValue::text, 7, 8},
                  {"stream", "stream", reports::ReportValue::text, 8, 8},
                  {"rows", "rows", reports::ReportValue::count, 9},
                  {"inserted", "inserted", reports::ReportValue::count, 6},
                  {"updated", "updated", reports::ReportValue::count, 6},
                  {"unchanged", "unchanged", reports::ReportValue::count, 3, 0, true, true},
                  {"superseded", "superseded", reports::ReportValue::count, 2, 0, true, true},
                  {"left_out", "left out", reports::ReportValue::count, 2, 0, true, true},
                  {"accepted", "accepted", reports::ReportValue::count, 2, 0, true, true},
                  {"failing", "still failing", reports::ReportValue::count, 8},
                  {"unreadable", "unreadable", reports::ReportValue::count, 4, 0, true, true}};
  return plan;
}

schema::Store::Table rows_of_retry(std::vector<Retried> const& all) {
  schema::Store::Table table;
  for (auto const& one : all) {
    std::vector<std::optional<std::string>> row{one.source, one.stream};
    for (auto const count : {one.rows, one.inserted, one.updated, one.unchanged, one.superseded,
                             one.left_out, one.accepted, one.failing, one.unreadable}) {
      row.emplace_back(std::to_string(count));
    }
    row.emplace_back("f");
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string explain_retry(Retried const& one, log::Terminal const& terminal) {
  std::string points;
  auto say = [&](std::string const& text) { points += wrap_text(text, "  ", terminal.columns); };
  if (one.error) say(one.error->to_line());
  for (auto const& [reason, count] : one.reasons) {
    say(group_thousands(count) + (count == 1 ? " row: " : " rows: ") + reason);
  }
  if (one.unreadable > 0) {
    say(group_thousands(one.unreadable) + (one.unreadable == 1 ? " row is" : " rows are") +
        " kept as text only, because the broker's JSON was invalid; `affsync sync --full` reads "
        "them again");
  }
  if (points.empty()) return {};
  return "\n" + styled(one.source + "/" + one.stream, Style::bold, terminal) + "\n" + points;
}

Json json_of_retry(Retried const& one) {
  Json::Array reasons;
  for (auto const& [reason, count] : one.reasons) {
    reasons.push_back(Json::object(
        {{"reason", reports::json_text(reason)}, {"rows", reports::json_count(count)}}));
  }
  std::string const code = one.error ? std::string(to_string(one.error->code)) : "";
  return Json::object(
      {{"source", reports::json_text(one.source)},
       {"stream", reports::json_text(one.stream)},
       {"rows", reports::json_count(one.rows)},
       {"stored", reports::json_count(one.stored())},
       {"inserted", reports::json_count(one.inserted)},
       {"updated", reports::json_count(one.updated)},
       {"unchanged", reports::json_count(one.unchanged)},
       {"superseded", reports::json_count(one.superseded)},
       {"left_out", reports::json_count(one.left_out)},
       {"accepted", reports::json_count(one.accepted)},
       {"failing", reports::json_count(one.failing)},
       {"unreadable", reports::json_count(one.unreadable)},
       {"reasons", Json::array(std::move(reasons))},
       {"error_code", reports::json_text_or_null(code)},
       {"error", reports::json_text_or_null(one.error ? one.error->to_line() : "")}});
}

}  // namespace

std::string retry_table(std::vector<Retried> const& all, log::Terminal const& terminal) {
  std::string out = report_table(plan_of_retry(), rows_of_retry(all), terminal);
  for (auto const& one : all) out += explain_retry(one, terminal);
  return out;
}

std::string retry_csv(std::vector<Retried> const& all) {
  return reports::report_csv(plan_of_retry(), rows_of_retry(all));
}

std::string retry_json(std::vector<Retried> const& all) {
  Json::Array streams;
  for (auto const& one : all) streams.push_back(json_of_retry(one));
  return Json::object({{"streams", Json::array(std::move(streams))}}).dump();
}

}  // namespace affsync::cli
