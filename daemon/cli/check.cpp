// `affsync check`: tries everything once and reports what is wrong and how to fix it. Writes
// nothing.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/json.hpp"
#include "daemon/app.hpp"
#include "daemon/chosen_names.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/cli/check_files.hpp"
#include "daemon/cli/check_known.hpp"
#include "daemon/cli/check_renamed.hpp"
#include "daemon/cli/check_secrets.hpp"
#include "daemon/cli/check_stream.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/cli/secret_files.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/programs.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/spans.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

using Line = SourceCheck;

// Does not start the embedded cluster: it may not exist yet, and `check` must not create it.
std::vector<Line> check_embedded(App& app) {
  auto const& directory = app.config().database.state_dir;
  auto const layout = embedded::describe_layout(directory);
  if (!layout) return {failed_check("database", "", layout.error())};
  auto const user = embedded::find_server_user(layout->data);
  if (!user) return {failed_check("database", "", user.error())};
  auto const programs =
      embedded::find_server_programs({}, embedded::major_of_cluster(layout->data));
  if (!programs) return {failed_check("database", "", programs.error())};
  auto const usable = embedded::check_state_directory(*layout, *user);
  if (!usable) return {failed_check("database", "", usable.error())};
  Line line;
  line.source = "database";
  line.result = "ok";
  line.detail = "embedded PostgreSQL " + std::to_string(programs->major) + ", in " + directory;
  if (!is_database_there(app)) line.detail += " (`sync` creates it)";
  return {line};
}

// Checks that reports can be read from the replica.
Line check_replica(App& app, schema::Examination const& primary) {
  auto const replica = app.examine_database(true);
  if (!replica) return failed_check("database", "read_url", replica.error());
  Line line;
  line.source = "database";
  line.stream = "read_url";
  line.result = "ok";
  line.detail = replica->server + (replica->standby ? ", a standby" : ", which is no standby");
  if (replica->version == primary.version) return line;
  line.result = "warning";
  line.detail += "; its schema is at version " + std::to_string(replica->version) +
                 ", the primary's at " + std::to_string(primary.version);
  return line;
}

// Checks everything that `sync` needs of the database, without writing.
std::vector<Line> check_database(App& app) {
  if (app.config().database.embedded()) return check_embedded(app);
  try {
    auto const found = app.examine_database();
    if (!found) return {failed_check("database", "", found.error())};
    std::vector<Line> lines;
    for (auto const& lack : found->sync_lacks) lines.push_back(failed_check("database", "", lack));
    if (!lines.empty()) return lines;
    Line line;
    line.source = "database";
    line.result = "ok";
    line.detail = found->server + ", " + app.shown_database_url();
    if (!found->up_to_date) {
      line.detail += found->version == 0
                         ? "; it is empty, `sync` creates the schema"
                         : "; the schema is at version " + std::to_string(found->version) +
                               ", `sync` brings it up to date";
    }
    lines.push_back(std::move(line));
    if (!app.config().database.read_url.empty()) lines.push_back(check_replica(app, *found));
    return lines;
  } catch (Failure const& failure) {
    return {failed_check("database", "", failure.error())};
  }
}

// Returns a warning if our clock differs from the broker's: windows of days and the dates of
// running totals would be wrong.
std::optional<Line> check_clock(sync::StreamTask const& task) {
  auto const skew = task.session->clock_skew();
  auto const size = skew ? std::chrono::abs(*skew) : Duration();
  if (size <= std::chrono::minutes(5)) return std::nullopt;
  Error error(ErrorCode::clock_skew,
              "the clock of this machine is " + reports::long_span_text(size) +
                  (*skew > Duration() ? " ahead of" : " behind") + " the broker's",
              "Compare it with a time server: timedatectl. If it is right, the broker's is wrong.");
  Line line = failed_check(task.source(), "", error);
  line.result = "warning";
  return line;
}

std::vector<Line> check_secret_files(config::Config const& config) {
  std::vector<Line> lines;
  for (auto const& file : secret_files_open_to_all(config)) {
    Line line;
    line.source = "secrets";
    line.result = "warning";
    line.detail = "every user of this machine can read or change " + file;
    line.remarks.push_back(line.detail + ". Take that from them: " + command_that_closes(file));
    lines.push_back(std::move(line));
  }
  return lines;
}

// Returns a warning for each source whose account another one reads as well, as `sync` gives it,
// and for streams that read the same files.
std::vector<Line> check_accounts(App& app, std::vector<std::string> const& chosen_sources) {
  std::vector<PreparedSource> sources;
  for (auto const& source : app.config().sources) {
    auto prepared = prepare_source(source, app.manifests());
    if (prepared) sources.push_back(std::move(*prepared));
  }
  std::vector<Line> lines;
  for (auto const& [name, sentence] : repeated_accounts(sources)) {
    if (!chosen(chosen_sources, name)) continue;
    Line line;
    line.source = name;
    line.result = "warning";
    line.detail = "reads the account of another source";
    line.remarks.push_back(sentence);
    lines.push_back(std::move(line));
  }
  auto more = check_shared_files(sources);
  std::ranges::move(check_file_names(sources), std::back_inserter(more));
  std::ranges::move(check_unread_files(sources), std::back_inserter(more));
  std::ranges::move(check_short_secrets(sources), std::back_inserter(more));
  for (auto& line : more) {
    if (chosen(chosen_sources, line.source)) lines.push_back(std::move(line));
  }
  for (auto& line : check_shown_variables(app.config().alerts)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

asio::awaitable<std::vector<SourceCheck>> check_all(App& app, CheckOptions const& options,
                                                    sync::Observer& observer, Clock const& clock) {
  std::vector<Line> lines;
  if (options.database) {
    lines = check_database(app);
    for (auto& line : check_secret_files(app.config())) lines.push_back(std::move(line));
  }
  app.start_existing_database();
  app.wait_at_most(longest_wait_of_a_look);
  app.only_try_logins();
  if (options.retry_login) app.retry_refused_logins();
  std::vector<std::string> const every_stream;
  auto tasks = co_await app.make_tasks(options.sources, every_stream, false, observer);
  std::string refused;  // a source whose login failed: skip its other streams
  for (auto const& task : tasks) {
    if (task.source() == refused) continue;
    if (lines.empty() || lines.back().source != task.source()) {
      RunReport report;
      auto const error = co_await task.session->log_in(report);
      if (error) {
        refused = task.source();
        lines.push_back(failed_check(task.source(), "", *error));
        continue;
      }
    }
    lines.push_back(co_await check_stream(task, clock));
    bool const is_last = &task == &tasks.back() || (&task + 1)->source() != task.source();
    if (auto clock_line = is_last ? check_clock(task) : std::nullopt) {
      lines.push_back(std::move(*clock_line));
    }
  }
  for (auto const& manifest : app.manifests()) {
    if (!manifest.flaw) continue;
    lines.push_back(failed_check("connectors", manifest.name, *manifest.flaw));
    lines.back().result = "warning";
  }
  if (options.database) {  // `init` says it in its own words
    for (auto& line : check_accounts(app, options.sources)) lines.push_back(std::move(line));
    bool const answers = std::ranges::none_of(
        lines, [](auto const& line) { return line.source == "database" && line.error; });
    if (answers && is_database_there(app)) {
      auto other = co_await check_known_names(app, options.sources);
      if (other) lines.push_back(std::move(*other));
      auto withdrawn = co_await check_withdrawn(app, options.sources);
      std::ranges::move(withdrawn, std::back_inserter(lines));
      auto renamed = co_await check_renamed(app, options.sources);
      std::ranges::move(renamed, std::back_inserter(lines));
    }
  }
  co_return lines;
}

namespace {

std::string to_json(std::vector<Line> const& lines, bool ok) {
  using reports::json_text_or_null;
  Json::Array checks;
  for (auto const& line : lines) {
    Json::Array remarks;
    for (auto const& remark : line.remarks) remarks.push_back(reports::json_text(remark));
    checks.push_back(Json::object({
        {"source", json_text_or_null(line.source)},
        {"stream", json_text_or_null(line.stream)},
        {"result", json_text_or_null(line.result)},
        {"detail", json_text_or_null(line.detail)},
        {"rows", reports::json_count_or_null(line.rows)},
        {"total", reports::json_count_or_null(line.total)},
        {"error_code", line.error ? json_text_or_null(to_string(line.error->code)) : Json()},
        {"where", line.error ? json_text_or_null(line.error->where) : Json()},
        {"hint", line.error ? json_text_or_null(line.error->hint) : Json()},
        {"remarks", Json::array(std::move(remarks))},
    }));
  }
  return Json::object({{"ok", Json::boolean(ok)}, {"checks", Json::array(std::move(checks))}})
      .dump();
}

}  // namespace

std::string check_table(std::vector<SourceCheck> const& lines, Terminal const& terminal) {
  std::vector<TableColumn> columns(4);
  columns[0].title = "SOURCE";
  columns[1].title = "STREAM";
  columns[2].title = "RESULT";
  columns[3].title = "DETAILS";
  columns[3].importance = 1;
  columns[3].min_width = 20;
  TextTable table(columns);
  std::string advice;
  for (auto const& line : lines) {
    Style const style = line.result == "ok"       ? Style::good
                        : line.result == "failed" ? Style::bad
                                                  : Style::warning;
    table.add_row({line.source, line.stream, Cell(line.result, style), line.detail});
    if (!line.error && line.remarks.empty()) continue;
    std::string const name = line.stream.empty() ? line.source : line.source + "/" + line.stream;
    advice += "\n" + styled(name, Style::bold, terminal) + "\n";
    for (auto const& remark : line.remarks) advice += wrap_text(remark, "  ", terminal.columns);
    if (!line.error) continue;
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

int run_check(CommonOptions const& common, CheckOptions const& options) {
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::error);
  if (app.config().sources.empty()) {
    throw Failure(ErrorCode::usage, "there is nothing to check: the configuration has no source",
                  "Add a source to the configuration; `affsync connectors` shows what each needs.");
  }
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
  std::cout << check_table(lines, log::look_at_terminal(STDOUT_FILENO));
  return status;
}

}  // namespace affsync::cli
