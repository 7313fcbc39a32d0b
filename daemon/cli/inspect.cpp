// `affsync inspect`: one page of a stream, row by row: the raw JSON beside the mapped columns, the
// fields that no mapping reads and the mappings that found nothing.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/decimal.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/page_review.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/sync/item_values.hpp"

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
  sync::StreamTask const& task = tasks.at(0);
  if (auto error = task.plan->obstacle()) {
    error->in(options.source, options.stream);
    throw Failure(std::move(*error));
  }
  if (auto lack = sync::lack_of_values(task, task.items)) {
    lack->in(options.source, options.stream);
    throw Failure(std::move(*lack));
  }
  RunReport report;
  auto page = co_await fetch_first_page(task, clock, true, report);
  if (!page) throw Failure(task.plan->advised(page.error()));
  std::pair<sync::StreamTask, FirstPage> result(task, std::move(*page));
  co_return result;
}

// Findings over all rows shown, since a field may be null in a single row.
struct Findings {
  std::map<std::string, int> unmapped;   // field -> rows that have it
  std::map<std::string, int> hidden;     // path -> rows whose raw omits it or has only its hash
  std::map<std::string, int> not_found;  // column -> rows without it
  std::map<std::string, int> unknown;    // field: word -> rows with that unknown status
  std::map<std::string, int> zeros;      // column taken as 0 although a later path is not 0 -> rows
  int rows = 0;
};

std::string word_at(Json const& row, std::string const& path) {
  Json const* const value = JsonPath(path).in(row);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text ? std::string(*text) : "(no word)";
}

bool is_zero(std::string_view text) {
  auto const number = parse_decimal(text);
  return number.error == DecimalError::none &&
         number.text.find_first_of("123456789") == std::string::npos;
}

// Finds columns with 0 where a later path of the mapping has another value. A broker may send 0 for
// a missing value, such as the correction of an amount; then every row would be stored as 0.
void find_zeros(engine::StreamPlan const& plan, engine::RowMapper::Trace const& trace,
                Json const& row, Findings& findings) {
  if (!trace.value || !is_zero(*trace.value)) return;
  for (auto const& column : plan.spec->map.columns) {
    if (column.column != trace.column) continue;
    bool is_later = false;
    for (auto const& path : column.from) {
      auto const* value = JsonPath(path).in(row);
      auto const text = value == nullptr ? std::nullopt : value->scalar_text();
      bool const counts = text && parse_decimal(*text).error == DecimalError::none;
      if (is_later && counts && !is_zero(*text)) {
        ++findings.zeros[trace.column + " <- " + trace.from + ", although " + path.text() +
                         " is not 0"];
      }
      is_later = is_later || path.text() == trace.from;
    }
  }
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
    find_zeros(plan, trace, row, findings);
    table.add_row({trace.column, trace.from, value});
  }
  auto const hidden = engine::hidden_fields(plan, row);
  for (auto const& place : hidden) ++findings.hidden[place];
  for (auto const& field : mapper.unmapped_fields(row)) {
    if (std::ranges::find(hidden, field) == hidden.end()) ++findings.unmapped[field];
  }
  ++findings.rows;
  out += table.render(terminal);
  if (reason) out += styled("  goes to quarantine: " + *reason, Style::bad, terminal) + "\n";
  return out + "\n";
}

std::map<std::string, int> missing_totals(engine::PageRead const& read) {
  std::map<std::string, int> missing;
  for (auto const& path : read.missing_totals) missing.emplace(path, 0);
  return missing;
}

std::string list_findings(char const* title, std::map<std::string, int> const& findings, int rows) {
  if (findings.empty()) return "";
  std::string out = std::string(title) + "\n";
  for (auto const& [name, count] : findings) {
    out += "  " + name;
    if (count < rows) {
      out += "  (in " + std::to_string(count) + " of " + rows_text(rows) + ")";
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

  auto const records = engine::find_records(plan.spec, page.answer.body, false, page.asked);
  if (!records) throw Failure(records.error());
  std::cout << styled(page.request, Style::bold, terminal) << "\n"
            << rows_text(static_cast<std::int64_t>(records->rows.size())) << " on this page";
  if (page.read.expected_rows) std::cout << ", " << *page.read.expected_rows << " in all";
  std::cout << "; table " << plan.table().name << "\n";
  for (auto const& remark : page.read.remarks) {
    std::cout << styled(remark, Style::warning, terminal) << "\n";
  }
  std::cout << "\n";

  engine::RowMapper const mapper(plan, plan.spec->map);
  auto const now = page.answer.server_time.value_or(clock.now());
  Findings findings;
  auto const count =
      std::min<std::size_t>(records->rows.size(), static_cast<std::size_t>(options.rows));
  for (std::size_t i = 0; i < count; ++i) {
    std::cout << styled("row " + std::to_string(i + 1), Style::bold, terminal) << "\n"
              << task.session->withhold_secrets(
                     show_row(plan, mapper, *records->rows[i], now, terminal, findings));
  }
  auto const review = engine::review_page(plan, records->rows, page.answer.body);
  for (auto const& path : review.found_nothing) findings.not_found[path] = findings.rows;
  auto const* unread = plan.spec->raw_mapped_only
                           ? "Fields that no mapping reads (raw keeps what the connector allows):"
                           : "Fields that no mapping reads (they are kept in raw):";
  auto const* hidden = plan.privacy == Privacy::hash
                           ? "Fields that are not kept, or as a hash only (privacy):"
                           : "Fields that are not kept (privacy):";
  // A broker may quote a key as the name of a field.
  std::cout << task.session->withhold_secrets(
      list_findings(unread, findings.unmapped, findings.rows) +
      list_findings(hidden, findings.hidden, findings.rows) +
      list_findings("Mappings that found nothing:", findings.not_found, findings.rows) +
      list_findings("Totals that the connector names but the answer does not contain:",
                    missing_totals(page.read), 0) +
      list_findings("Words that the connector does not know (stored as `unknown`):",
                    findings.unknown, findings.rows) +
      list_findings("Figures taken as 0 although another field is not 0:", findings.zeros,
                    findings.rows));
  if (!review.warnings.empty()) std::cout << "Warnings:\n";
  for (auto const& warning : review.warnings) {
    std::cout << wrap_text(task.session->withhold_secrets(warning), "  ", terminal.columns) << "\n";
  }
  return 0;
}

}  // namespace affsync::cli
