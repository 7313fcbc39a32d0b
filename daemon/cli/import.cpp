// `affsync import`: reads files into the streams of a source.
#include <fnmatch.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/day_words.hpp"
#include "daemon/cli/summary.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/status_style.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/signals.hpp"
#include "daemon/sync/file_run.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct Imported {
  std::string file;
  sync::FileRead read;
};

void refuse_missing(std::vector<std::string> const& files) {
  for (auto const& file : files) {
    std::error_code error;
    if (fs::is_regular_file(file, error)) {
      auto refusal = sync::refusal_of_name(file);
      if (!refusal) continue;
      throw Failure(ErrorCode::usage, refusal->message, refusal->hint);
    }
    throw Failure(ErrorCode::usage,
                  file + (fs::exists(file, error) ? " is not a file" : " does not exist"));
  }
}

std::string list_of_streams(std::vector<sync::StreamTask> const& tasks) {
  std::string names;
  for (auto const& task : tasks) names += (names.empty() ? "" : ", ") + task.stream();
  return names;
}

// Returns the stream that a file is for: the only one, or the one whose pattern fits its name.
sync::StreamTask const& task_for(fs::path const& file, std::vector<sync::StreamTask> const& tasks,
                                 ImportOptions const& options) {
  if (tasks.size() == 1) return tasks.front();
  auto const name = file.filename().string();
  std::vector<sync::StreamTask const*> fitting;
  for (auto const& task : tasks) {
    if (!sync::folder_of(task.plan->base_url)) continue;
    auto const pattern = sync::pattern_of(task.plan->spec->request.path);
    if (fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0) fitting.push_back(&task);
  }
  if (fitting.size() == 1) return *fitting.front();
  throw Failure(
      ErrorCode::usage,
      tasks.empty() ? "the source " + options.source + " has no stream that is on"
      : fitting.empty()
          ? "the name " + name + " does not say which stream of " + options.source + " it is for"
          : "several streams of " + options.source + " read files with the name " + name,
      "Name the stream with --stream. There are: " + list_of_streams(tasks) + ".");
}

asio::awaitable<std::vector<Imported>> import_all(App& app, ImportOptions const& options,
                                                  sync::Observer& observer, Clock& clock) {
  std::vector<std::string> const sources{options.source};
  std::vector<std::string> streams;
  if (!options.stream.empty()) streams.push_back(options.stream);
  auto const tasks = co_await app.make_tasks(sources, streams, !options.dry_run, observer);
  // Before the first file is read, it is clear where each goes.
  std::vector<sync::StreamTask const*> of_files;
  for (auto const& file : options.files) of_files.push_back(&task_for(file, tasks, options));
  sync::RunOptions run;
  run.since = options.since;
  run.until = options.until;
  sync::RunParts parts;
  parts.store = options.dry_run ? nullptr : &app.store();
  parts.clock = &clock;
  parts.observer = &observer;
  std::vector<Imported> all;
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    Imported one;
    one.file = options.files[i];
    one.read = co_await sync::run_file(*of_files[i], one.file, run, parts, app.log());
    all.push_back(std::move(one));
    if (app.interrupted()) co_return all;
  }
  for (auto const& task : tasks) {
    auto const is_of = [&](sync::StreamTask const* one) { return one == &task; };
    if (std::ranges::none_of(of_files, is_of)) continue;
    bool is_good = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (of_files[i] == &task) is_good = all[i].read.report.status == RunStatus::succeeded;
    }
    if (is_good) co_await sync::note_standing_doubt(task, parts, app.log());
  }
  co_return all;
}

std::string days_of(sync::FileRead const& read) {
  if (!read.days) return "";
  auto const from = format_day(read.days->from), to = format_day(read.days->to);
  return from == to ? from : from + " to " + to;
}

std::string to_table(std::vector<Imported> const& all, Terminal const& terminal) {
  TextTable table({{"file", Align::left, 7, 8, false, false, true},
                   {"stream", Align::left, 8, 8},
                   {"status", Align::left, 9},
                   {"days", Align::left, 4, 0, true, true},
                   {"read", Align::right, 6},
                   {"inserted", Align::right, 6},
                   {"updated", Align::right, 6},
                   {"unchanged", Align::right, 2, 0, true},
                   {"deleted", Align::right, 4, 0, true},
                   {"quarantined", Align::right, 3, 0, true}});
  std::string texts;
  for (auto const& [file, read] : all) {
    auto const& report = read.report;
    auto const status = to_string(report.status);
    auto const count = [&](std::int64_t number) {
      return report.dry_run ? std::string("?") : group_thousands(number);
    };
    table.add_row({fs::path(file).filename().string(), report.stream,
                   Cell(std::string(status), status_style(status)), days_of(read),
                   group_thousands(report.rows_read), count(report.inserted), count(report.updated),
                   count(report.unchanged), count(report.deleted),
                   group_thousands(report.quarantined)});
    for (auto const& note : read.notes) {
      texts += "\n" + wrap_text(file + ": " + note, "", terminal.columns);
    }
    if (report.error) texts += "\n" + wrap_text(report.error->to_line(), "", terminal.columns);
  }
  return table.render(terminal) + texts;
}

std::string to_json(std::vector<Imported> const& all) {
  Json::Array files;
  for (auto const& [file, read] : all) {
    Json::Array notes;
    for (auto const& note : read.notes) notes.push_back(reports::json_text(note));
    auto object = run_json(read.report).members();
    object.insert(object.begin(), {"file", reports::json_text(file)});
    object.push_back({"first_day", reports::json_day_or_null(
                                       read.days ? std::optional(read.days->from) : std::nullopt)});
    object.push_back({"last_day", reports::json_day_or_null(read.days ? std::optional(read.days->to)
                                                                      : std::nullopt)});
    object.push_back({"notes", Json::array(std::move(notes))});
    files.push_back(Json::object(std::move(object)));
  }
  return Json::object({{"files", Json::array(std::move(files))}}).dump();
}

}  // namespace

int run_import(CommonOptions const& common, ImportOptions const& options) {
  refuse_days_without_rows(options.since, options.until, SystemClock().now());
  refuse_missing(options.files);
  // The result tells the notes, so log only what fails besides.
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::error);
  app.require_chosen({options.source}, {});
  if (options.dry_run) {
    app.start_existing_database();
  } else {
    app.migrate_database();
  }
  SystemClock clock;
  sync::Observer nobody;
  auto const all = app.run(import_all(app, options, nobody, clock));
  std::cout << (options.output == Output::json
                    ? to_json(all) + "\n"
                    : to_table(all, log::look_at_terminal(STDOUT_FILENO)));
  if (app.interrupted()) return last_stop_signal() == SIGINT ? 128 + SIGINT : 1;
  int status = 0;
  for (auto const& [file, read] : all) {
    if (read.report.status == RunStatus::succeeded) continue;
    bool const database =
        read.report.error && read.report.error->code == ErrorCode::database_unavailable;
    status = std::max(status, database ? to_exit_status(ErrorCode::database_unavailable) : 1);
  }
  return status;
}

}  // namespace affsync::cli
