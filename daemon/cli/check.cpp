// `affsync check`: tries everything once, says what is wrong and how to mend it, writes nothing.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/json.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/cli/text_table.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

struct Line {
  std::string source;
  std::string stream;  // empty: the database or a login
  std::string result;  // ok, warning, failed
  std::string detail;
  std::optional<Error> error;
  std::optional<std::int64_t> rows, total;
};

Line failed(std::string source, std::string stream, Error error) {
  Line line;
  line.source = std::move(source);
  line.stream = std::move(stream);
  line.result = "failed";
  line.detail = error.message;
  line.error = std::move(error);
  return line;
}

// "2 days", "3 hours", "17 minutes"
std::string for_so_long(Duration time) {
  auto const minutes = std::chrono::floor<std::chrono::minutes>(time).count();
  if (minutes >= 2 * 24 * 60) return std::to_string(minutes / (24 * 60)) + " days";
  if (minutes >= 2 * 60) return std::to_string(minutes / 60) + " hours";
  return std::to_string(minutes) + " minutes";
}

// An embedded cluster is not started here: it may not exist yet, and check makes nothing.
asio::awaitable<Line> check_database(App& app) {
  Line line;
  line.source = "database";
  line.result = "ok";
  if (app.config().database.embedded()) {
    line.detail = "embedded, in " + app.config().database.state_dir;
    co_return line;
  }
  std::optional<Error> error;
  try {
    app.start_database();
    co_await app.store().ping();
    line.detail = app.shown_database_url();
  } catch (Failure const& failure) {
    error = failure.error();
  }
  if (error) co_return failed("database", "", *error);
  co_return line;
}

asio::awaitable<Line> check_stream(sync::StreamTask task, Clock const& clock) {
  if (auto const error = task.plan->obstacle()) {
    Line line = failed(task.source(), task.stream(), *error);
    line.result = "warning";
    co_return line;
  }
  RunReport report;
  auto page = co_await fetch_first_page(task, clock, false, report);
  if (!page) {
    auto const error = task.plan->advised(page.error());
    co_return failed(task.source(), task.stream(), error);
  }

  Line line;
  line.source = task.source();
  line.stream = task.stream();
  line.result = "ok";
  line.rows = page->read.rows_read;
  line.total = page->read.expected_rows;
  line.detail = std::to_string(*line.rows) + " rows";
  if (line.total) line.detail += " of " + std::to_string(*line.total);
  if (task.plan->spec.window) line.detail += " in the newest window";
  if (auto const& bad = page->read.quarantined; !bad.empty()) {
    line.result = "warning";
    line.detail += "; " + std::to_string(bad.size()) +
                   " of them cannot be mapped, such as: " + bad.front().reason;
  }
  co_return line;
}

// Beside the broker's clock ours is off: windows of days and the dates of running totals suffer.
std::optional<Line> check_clock(sync::StreamTask const& task) {
  auto const skew = task.session->clock_skew();
  auto const size = skew ? std::chrono::abs(*skew) : Duration();
  if (size <= std::chrono::minutes(5)) return std::nullopt;
  Error error(ErrorCode::clock_skew,
              "the clock of this machine is " + for_so_long(size) +
                  (*skew > Duration() ? " ahead of" : " behind") + " the broker's",
              "Compare it with a time server: timedatectl. If it is right, the broker's is wrong.");
  Line line = failed(task.source(), "", error);
  line.result = "warning";
  return line;
}

asio::awaitable<std::vector<Line>> check_all(App& app, CheckOptions const& options,
                                             sync::Observer& observer, Clock const& clock) {
  std::vector<Line> lines;
  lines.push_back(co_await check_database(app));
  app.start_existing_database();
  app.wait_at_most(longest_wait_of_a_look);
  if (options.retry_login) app.retry_refused_logins();
  std::vector<std::string> const every_stream;
  auto tasks = co_await app.make_tasks(options.sources, every_stream, false, observer);
  std::string refused;  // a source whose login failed is not asked again
  for (auto const& task : tasks) {
    if (task.source() == refused) continue;
    if (lines.back().source != task.source()) {
      RunReport report;
      auto const error = co_await task.session->log_in(report);
      if (error) {
        refused = task.source();
        lines.push_back(failed(task.source(), "", *error));
        continue;
      }
    }
    lines.push_back(co_await check_stream(task, clock));
    bool const is_last = &task == &tasks.back() || (&task + 1)->source() != task.source();
    if (auto clock_line = is_last ? check_clock(task) : std::nullopt) {
      lines.push_back(std::move(*clock_line));
    }
  }
  co_return lines;
}

void append_optional(std::string& out, char const* name, std::optional<std::int64_t> value) {
  out += std::string(",\"") + name + "\":" + (value ? std::to_string(*value) : "null");
}

std::string to_json(std::vector<Line> const& lines, bool ok) {
  std::string out = std::string("{\"ok\":") + (ok ? "true" : "false") + ",\"checks\":[";
  bool first = true;
  auto text = [&out](char const* name, std::string const& value) {
    out += std::string("\"") + name + "\":";
    if (value.empty()) {
      out += "null";
    } else {
      append_json_string(out, value);
    }
  };
  for (auto const& line : lines) {
    if (!std::exchange(first, false)) out += ',';
    out += '{';
    text("source", line.source);
    out += ',';
    text("stream", line.stream);
    out += ',';
    text("result", line.result);
    out += ',';
    text("detail", line.detail);
    append_optional(out, "rows", line.rows);
    append_optional(out, "total", line.total);
    out += ',';
    text("error_code", line.error ? std::string(to_string(line.error->code)) : "");
    out += ',';
    text("where", line.error ? line.error->where : "");
    out += ',';
    text("hint", line.error ? line.error->hint : "");
    out += '}';
  }
  return out + "]}";
}

std::string to_table(std::vector<Line> const& lines, Terminal const& terminal) {
  std::vector<TableColumn> columns(4);
  columns[0].title = "SOURCE";
  columns[1].title = "STREAM";
  columns[2].title = "RESULT";
  columns[3].title = "WHAT WAS SEEN";
  columns[3].importance = 1;
  columns[3].min_width = 20;
  TextTable table(columns);
  std::string advice;
  for (auto const& line : lines) {
    Style const style = line.result == "ok"       ? Style::good
                        : line.result == "failed" ? Style::bad
                                                  : Style::warning;
    table.add_row({line.source, line.stream, Cell(line.result, style), line.detail});
    if (!line.error) continue;
    std::string const name = line.stream.empty() ? line.source : line.source + "/" + line.stream;
    advice += "\n" + styled(name, Style::bold, terminal) + "\n";
    advice += wrap_text(line.error->message, "  ", terminal.columns);
    if (!line.error->where.empty()) {
      advice += wrap_text("at " + line.error->where, "  ", terminal.columns);
    }
    if (!line.error->hint.empty()) {
      advice += wrap_text("→ " + line.error->hint, "  ", terminal.columns);
    }
  }
  return table.render(terminal) + advice;
}

}  // namespace

int run_check(CommonOptions const& common, CheckOptions const& options) {
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::error);
  sync::Observer observer;
  SystemClock clock;
  std::vector<Line> const lines = app.run(check_all(app, options, observer, clock));

  int status = 0;
  for (auto const& line : lines) {
    if (line.result != "failed") continue;
    int const its = to_exit_status(line.error->code);
    status = std::max(status, its == 2 ? 1 : its);
  }
  if (options.output == Output::json) {
    std::cout << to_json(lines, status == 0) << "\n";
    return status;
  }
  std::cout << to_table(lines, log::look_at_terminal(STDOUT_FILENO));
  return status;
}

}  // namespace affsync::cli
