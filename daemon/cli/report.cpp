// `affsync report`: the reporting views on the terminal.
#include <unistd.h>

#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/known_names.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/cli/report_text.hpp"
#include "daemon/cli/terminal/shown_csv.hpp"
#include "daemon/reports/output.hpp"

namespace affsync::cli {

namespace {

// Default number of lines on a terminal; `--limit 0` shows all.
constexpr int readable_lines = 50;

// Returns a table of unpaid commission for the report on payouts. It covers brokers that report
// which rows were paid; what the others owe is in their balances.
std::string unpaid_commission(App& app, std::string const& source, log::Terminal const& terminal) {
  reports::ReportPlan plan;
  plan.columns = {{"source", "unpaid commission of", reports::ReportValue::text, 8, 8},
                  {"currency", "currency", reports::ReportValue::text, 9},
                  {"amount", "amount", reports::ReportValue::amount, 10},
                  {"amount_usd", "in USD", reports::ReportValue::usd, 6, 0, true},
                  {"oldest_on", "oldest", reports::ReportValue::day, 7, 0, true},
                  {"is_total", "", reports::ReportValue::total}};
  auto const rows = app.run(app.store().query(
      "SELECT source, currency, amount, amount_usd, oldest_on::text, false AS is_total "
      "FROM reporting.unpaid_commission WHERE $1::text = '' OR source = $1 "
      "ORDER BY source, currency",
      {source}));
  return rows.rows.empty() ? std::string() : "\n" + report_table(plan, rows, terminal);
}

}  // namespace

int run_report(CommonOptions const& common, reports::ReportOptions const& options, Output output) {
  reports::ReportPlan plan = reports::plan_report(options);  // may fail before anything is opened
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app, true);
  require_known_source(app, options.source);
  auto const rows = app.run(app.store().query(plan.sql, plan.parameters));
  std::vector<std::string> notes;
  if (!plan.notes_sql.empty()) {
    for (auto const& row : app.run(app.store().query(plan.notes_sql, plan.parameters)).rows) {
      notes.push_back(row.at(0).value_or(""));
    }
  }
  switch (output) {
    case Output::csv:
      std::cout << shown_csv(reports::report_csv(plan, rows));
      break;
    case Output::json:
      std::cout << reports::report_json(plan, rows, notes) << "\n";
      break;
    case Output::table: {
      auto const terminal = log::look_at_terminal(STDOUT_FILENO);
      if (!options.limit && terminal.interactive) plan.limit = readable_lines;
      std::cout << report_table(plan, rows, terminal);
      std::cout << report_notes(notes, terminal);
      if (plan.report == "payouts") std::cout << unpaid_commission(app, options.source, terminal);
      break;
    }
  }
  std::cout << std::flush;
  tell_about_database(app);
  return 0;
}

}  // namespace affsync::cli
