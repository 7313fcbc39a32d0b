// `affsync inspect`: one page of a stream, row by row: the raw JSON beside the mapped columns, the
// fields that no mapping reads and the mappings that found nothing.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "connectors/engine/mapping.hpp"
#include "connectors/engine/records.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/cli/text_table.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

asio::awaitable<std::pair<sync::StreamTask, FirstPage>> fetch(App& app,
                                                              InspectOptions const& options,
                                                              sync::Observer& observer,
                                                              Clock const& clock) {
  std::vector<std::string> const sources{options.source};
  std::vector<std::string> const streams{options.stream};
  app.start_existing_database();
  app.wait_at_most(longest_wait_of_a_look);
  auto tasks = co_await app.make_tasks(sources, streams, false, observer);
  sync::StreamTask const task = tasks.at(0);
  if (auto error = task.plan->obstacle()) {
    error->in(options.source, options.stream);
    throw Failure(std::move(*error));
  }
  RunReport report;
  auto page = co_await fetch_first_page(task, clock, true, report);
  if (!page) throw Failure(task.plan->advised(page.error()));
  std::pair<sync::StreamTask, FirstPage> result(task, std::move(*page));
  co_return result;
}

// Fields and mappings over all rows shown, so that a field that is null in one row is no alarm.
struct Findings {
  std::map<std::string, int> unmapped;   // field -> rows that have it
  std::map<std::string, int> not_found;  // column -> rows without it
  std::map<std::string, int> unknown;    // field: word -> rows with a status of no known meaning
  int rows = 0;
};

std::string word_at(Json const& row, std::string const& path) {
  Json const* const value = JsonPath(path).in(row);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text ? std::string(*text) : "(no word)";
}

std::string show_row(engine::StreamPlan const& plan, engine::RowMapper const& mapper,
                     Json const& row, TimePoint now, Terminal const& terminal, Findings& findings) {
  std::string out = wrap_text(engine::private_raw(plan, row), "  ", terminal.columns) + "\n";
  std::vector<TableColumn> columns(3);
  columns[0].title = "COLUMN";
  columns[1].title = "FROM";
  columns[2].title = "VALUE";
  columns[2].importance = 1;
  columns[2].min_width = 12;
  TextTable table(columns);

  Row mapped;
  auto const reason = mapper.map(row, now, mapped);
  table.add_row({"external_id", "", mapped.external_id});
  for (auto const& trace : mapper.trace(row, now)) {
    Cell value = trace.value ? Cell(*trace.value) : Cell("null", Style::dim);
    if (trace.column == "status" && trace.value == "unknown") {
      value = Cell(*trace.value, Style::warning);
      ++findings.unknown[trace.from + ": " + word_at(row, trace.from)];
    }
    if (!trace.problem.empty()) value = Cell(trace.problem, Style::bad);
    if (!trace.found) {
      value = Cell("(not in this row)", Style::warning);
      ++findings.not_found[trace.column + " <- " + trace.from];
    }
    table.add_row({trace.column, trace.from, value});
  }
  for (auto const& field : mapper.unmapped_fields(row)) ++findings.unmapped[field];
  ++findings.rows;
  out += table.render(terminal);
  if (reason) out += styled("  goes to quarantine: " + *reason, Style::bad, terminal) + "\n";
  return out + "\n";
}

std::string list_findings(char const* title, std::map<std::string, int> const& findings, int rows) {
  if (findings.empty()) return "";
  std::string out = std::string(title) + "\n";
  for (auto const& [name, count] : findings) {
    out += "  " + name;
    if (count < rows) {
      out += "  (in " + std::to_string(count) + " of " + std::to_string(rows) + " rows)";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

int run_inspect(CommonOptions const& common, InspectOptions const& options) {
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::warn);
  sync::Observer observer;
  SystemClock clock;
  auto const [task, page] = app.run(fetch(app, options, observer, clock));
  auto const terminal = log::look_at_terminal(STDOUT_FILENO);
  auto const& plan = *task.plan;

  auto const records = engine::find_records(plan.spec, page.answer.body);
  if (!records) throw Failure(records.error());
  std::cout << styled(page.request, Style::bold, terminal) << "\n"
            << records->rows.size() << " rows on this page";
  if (page.read.expected_rows) std::cout << ", " << *page.read.expected_rows << " in all";
  std::cout << "; table " << plan.table().name << "\n\n";

  engine::RowMapper const mapper(plan, plan.spec.map);
  auto const now = page.answer.server_time.value_or(clock.now());
  Findings findings;
  auto const count =
      std::min<std::size_t>(records->rows.size(), static_cast<std::size_t>(options.rows));
  for (std::size_t i = 0; i < count; ++i) {
    std::cout << styled("row " + std::to_string(i + 1), Style::bold, terminal) << "\n"
              << task.session->withhold_secrets(
                     show_row(plan, mapper, *records->rows[i], now, terminal, findings));
  }
  std::cout << list_findings("Fields that no mapping reads (they are kept in raw):",
                             findings.unmapped, findings.rows)
            << list_findings("Mappings that found nothing:", findings.not_found, findings.rows)
            << list_findings("Words that the connector does not know (stored as `unknown`):",
                             findings.unknown, findings.rows);
  return 0;
}

}  // namespace affsync::cli
