#include "daemon/sync/file_run.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

#include "base/crash_point.hpp"
#include "base/utf8.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/net/large_answers.hpp"
#include "daemon/sync/file_document.hpp"
#include "daemon/sync/file_patterns.hpp"
#include "daemon/sync/file_remarks.hpp"
#include "daemon/sync/file_reports.hpp"
#include "daemon/sync/inbox.hpp"
#include "daemon/sync/lost_files.hpp"
#include "daemon/sync/run_outcome.hpp"
#include "daemon/sync/standing_doubt.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

// `disk`: the one thread of a pass that touches files, since a share may hang. Reading a large file
// takes seconds as well, and would keep the workers of all runs from the pages of others.

// Reads and parses. Returns nullopt if `read` returns no bytes.
template <class Read>
asio::awaitable<std::optional<FileDocument>> read_document(Read read, std::string where,
                                                           StreamTask const& task, TimePoint now,
                                                           async::Workers& disk) {
  auto work = [&]() -> std::optional<FileDocument> {
    Result<std::optional<std::string>> bytes = read();
    if (bytes && !*bytes) return std::nullopt;
    FileDocument file;
    if (bytes) {
      file = read_file_document(std::move(**bytes), task.session->plan(), task.plan, now);
    } else {
      file.answer = bytes.error();
    }
    if (!file.answer) file.answer.error().at(where);
    return file;
  };
  co_return co_await disk.run(std::move(work));
}

schema::FileNote note_of(fs::path const& path, FileDocument const& file,
                         std::optional<DaySpan> const& period, RunReport const& report) {
  schema::FileNote note;
  note.name = path.filename().string();
  note.content_hash = file.hash.to_hex();
  note.days = period;
  note.rows = file.rows;
  note.status = to_string(report.status);
  note.read_at = report.finished_at.value_or(report.started_at);
  return note;
}

RunReport failed_report(StreamTask const& task, RunParts const& parts, Error error) {
  RunReport report;
  report.source = task.source();
  report.stream = task.stream();
  report.table = task.plan->table().name;
  report.started_at = parts.clock->now();
  report.finished_at = report.started_at;
  report.dry_run = parts.store == nullptr;
  error.in(task.source(), task.stream());
  report.status = status_of(error);
  report.error = std::move(error);
  return report;
}

// Lists the whole files. Waits once for those that were changed a moment ago.
asio::awaitable<std::vector<InboxFile>> whole_files(fs::path folder, std::string pattern,
                                                    async::Workers& disk) {
  auto const list = [&] { return list_inbox(folder, pattern, std::chrono::system_clock::now()); };
  auto files = co_await disk.run(list);
  if (!files.unsettled.empty()) {
    asio::steady_timer settled(co_await asio::this_coro::executor, settling_time);
    co_await settled.async_wait(asio::use_awaitable);
    files = co_await disk.run(list);
  }
  co_return std::move(files.whole);
}

// A run that finds nothing to read: it only shows that the folder was looked at, or why it could
// not be, or else (`is_failure` is false) what is in doubt.
asio::awaitable<RunReport> run_idle(StreamTask task, std::optional<Error> problem, bool is_failure,
                                    RunOptions options, RunParts parts, Logger log) {
  task.plan = plan_of_file(*task.plan, std::nullopt);
  if (problem && !is_failure) task.doubt = std::exchange(problem, std::nullopt);
  std::optional<Result<engine::Answer>> answer;
  if (problem) answer = Result<engine::Answer>(std::move(*problem));
  task.file = std::make_shared<std::optional<Result<engine::Answer>> const>(std::move(answer));
  co_return co_await run_stream(std::move(task), options, parts, std::move(log));
}

// Puts a file that was read out of the way, unless it is another one now. Returns an error if it
// cannot.
asio::awaitable<std::optional<Error>> put_away(InboxFile const& file, FileRead const& read,
                                               SourceSession& session, Logger const& log,
                                               async::Workers& disk) {
  std::string note;
  if (read.report.error) note = read.report.error->to_line();
  for (auto const& text : read.notes) note += (note.empty() ? "" : "\n") + text;
  auto const done = file.path.parent_path() / done_folder;
  bool const is_done = is_stored(read.report);
  struct Moved {
    bool is_moved = false;
    std::optional<FileState> before, after;  // of `done`
  };
  auto work = [&] {
    Moved moved;
    moved.before = state_of_folder(done);
    moved.is_moved = move_read_file(file, is_done ? done_folder : failed_folder, note).has_value();
    moved.after = state_of_folder(done);
    return moved;
  };
  Moved moved;
  try {
    moved = co_await disk.run(std::move(work));
  } catch (Failure const& failure) {
    co_return failure.error();
  }
  if (!moved.is_moved) {
    log.warn(file.path.filename().string() +
             " was changed or taken away after it was read; if it is in the folder, the next pass "
             "reads it again");
  } else if (is_done) {
    session.done_looks().moved(moved.before, moved.after);
  }
  co_return std::nullopt;
}

// Another stream of the source may be the one that a file is for.
void leave_to_others(std::vector<InboxFile>& files, StreamTask const& task, Logger const& log) {
  std::erase_if(files, [&](InboxFile const& file) {
    auto const name = file.path.filename().string();
    auto const* other = better_reader(task.session->plan(), *task.plan, name);
    if (other == nullptr) return false;
    log.with("source", task.source())
        .with("stream", task.stream())
        .warn(name + " is left to the stream " + other->stream +
              ", whose path says more of its name");
    return true;
  });
}

// Stores what was read of a file.
asio::awaitable<FileRead> run_document(StreamTask task, fs::path const& path,
                                       FileDocument const& file, RunOptions options, RunParts parts,
                                       Logger log) {
  FileRead read;
  auto const name = path.filename().string();
  read.days = file.days;
  if (options.since || options.until) {
    // Of a file without rows, both are needed.
    auto const from = options.since ? options.since
                      : file.days   ? std::optional(file.days->from)
                                    : std::nullopt;
    auto const to = options.until ? options.until
                    : file.days   ? std::optional(file.days->to)
                                  : std::nullopt;
    read.days = from && to ? std::optional(DaySpan{*from, *to}) : std::nullopt;
    bool const beside = read.days && file.days &&
                        (file.days->from < read.days->from || file.days->to > read.days->to);
    if (beside) {
      read.notes.push_back("its rows are of " + days_text(*file.days) +
                           ", beyond the given period " + days_text(*read.days));
    }
  }
  if (auto refusal = read.days ? refusal_of_period(*task.plan, *read.days) : std::nullopt) {
    read.report = failed_report(task, parts, std::move(refusal->at(path.string())));
    co_return read;
  }
  auto original = task;
  task.plan = plan_of_file(*task.plan, read.days);
  bool const has_days = task.plan->spec->window.has_value();
  options.since = has_days ? std::optional(read.days->from) : std::nullopt;
  options.until = has_days ? std::optional(read.days->to) : std::nullopt;
  options.full = true;
  bool const by_days = task.plan->own_days;
  std::optional<Result<engine::Answer>> const answer = file.answer;
  task.file = std::make_shared<std::optional<Result<engine::Answer>> const>(answer);
  task.file_name = name;
  read.report = co_await run_stream(std::move(task), options, parts, log);
  std::ranges::move(std::exchange(read.report.remarks, {}), std::back_inserter(read.notes));
  if (read.report.error && read.report.error->where.empty()) read.report.error->at(path.string());
  if (by_days && is_stored(read.report) && read.report.rows_read < file.rows) {
    auto const others = file.rows - read.report.rows_read;
    read.notes.push_back(std::to_string(others) + (others == 1 ? " row is" : " rows are") +
                         " of other days than the given period, and left out");
  }
  if (file.without_day > 0 && original.plan->spec->replaces_window && is_stored(read.report)) {
    read.notes.push_back(std::to_string(file.without_day) +
                         (file.without_day == 1 ? " row has" : " rows have") + " no " +
                         original.plan->spec->window->column +
                         ": no later file replaces what it lacks of them");
  }
  if (parts.store == nullptr || !is_stored(read.report)) co_return read;
  crash_point(CrashPoint::file_stored);
  std::exception_ptr thrown;
  try {
    auto const note = note_of(path, file, read.days, read.report);
    auto const others = co_await parts.store->note_file(original.id, note);
    crash_point(CrashPoint::file_noted);
    for (auto const& other : others) {
      if (other.days && read.days) read.notes.push_back(overlap_text(other, *read.days));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) {
    auto error = error_of(thrown);
    read.report.status = status_of(error);
    read.report.error = std::move(error.in(original.source(), original.stream()));
  }
  auto const own = log.with("source", original.source()).with("stream", original.stream());
  for (auto const& text : read.notes) own.warn(name + ": " + text);
  co_return read;
}

asio::awaitable<RunReport> run_folder(StreamTask task, RunOptions options, RunParts parts,
                                      Logger log) {
  auto const folder = *folder_of(task.plan->base_url);
  async::Workers disk(1);
  std::vector<InboxFile> files;
  std::optional<Error> problem;
  try {
    files = co_await whole_files(folder, pattern_of(task.plan->spec->request.path), disk);
    leave_to_others(files, task, log);
  } catch (Failure const& failure) {
    problem = failure.error();
  }
  bool const is_failure = problem.has_value();
  if (!is_failure) {
    co_await tell_unread_files(task, folder, log, disk);
    if (parts.store != nullptr) {
      problem = co_await find_standing_doubt(task, *parts.store, folder, disk);
    }
  }
  RunReport all;
  if (options.scheduled || files.empty()) {
    all = co_await run_idle(task, problem, is_failure, options, parts, log);
    if (is_failure || !is_stored(all)) co_return all;
  }
  if (!files.empty()) {  // these may put it right
    all.status = RunStatus::succeeded;
    all.error.reset();
  }
  options.scheduled = false;  // the idle run has set the time of the next one
  std::vector<std::string> failed;
  auto last = RunStatus::succeeded;
  auto const own = log.with("source", task.source()).with("stream", task.stream());
  for (auto const& file : files) {
    auto const name = file.path.filename().string();
    if (auto refusal = refusal_of_name(file.path)) {
      // It stays where it is: once it is renamed, the next pass reads it.
      failed.push_back(printable_utf8(name));
      auto report = failed_report(task, parts, std::move(*refusal));
      own.error(report.error->to_line());
      if (all.source.empty()) {
        all = std::move(report);
      } else {
        add_to(all, report);
      }
      continue;
    }
    net::LargeAnswers::PlacePtr place;
    if (file.state.size > net::ClientLimits().small_bytes) {
      co_await net::large_answers().enlarge(place, file.state.size);
    }
    auto const as_listed = [&file] { return read_inbox_file(file); };
    auto const where = file.path.string();
    auto const document = co_await read_document(as_listed, where, task, parts.clock->now(), disk);
    if (!document) {
      own.warn(name +
               " was changed or taken away before its turn; if it is in the folder, the next "
               "pass reads it");
      continue;
    }
    auto read = co_await run_document(task, file.path, *document, options, parts, log);
    bool is_wrong = is_fault_of_file(read.report);
    if (is_wrong && read.report.error->code == ErrorCode::not_found) {
      // Unless somebody took it away.
      auto const is_there = [&file] {
        std::error_code error;
        return fs::exists(file.path, error);
      };
      is_wrong = co_await disk.run(is_there);
    }
    if (is_wrong) read.report.status = RunStatus::failed;  // a file is never a stream that is off
    if (parts.store != nullptr && (is_wrong || is_stored(read.report))) {
      auto error = co_await put_away(file, read, *task.session, own, disk);
      if (error) {
        read.report.status = RunStatus::failed;
        read.report.error = std::move(error->in(task.source(), task.stream()));
      }
    }
    if (read.report.status == RunStatus::failed) failed.push_back(name);
    last = read.report.status;
    bool const is_last = is_fault_of_all(read.report);
    if (all.source.empty()) {
      all = std::move(read.report);
    } else {
      add_to(all, read.report);
    }
    if (is_last) break;
  }
  if (all.source.empty()) all = co_await run_idle(task, problem, false, options, parts, log);
  name_failed(failed, all);
  bool lacks_some = false;
  std::optional<Error> doubt;
  if (parts.store != nullptr && is_stored(all) && !files.empty()) {
    doubt = co_await find_standing_doubt(task, *parts.store, folder, disk);
    if (doubt) doubt->in(task.source(), task.stream());
    if (doubt && all.status == RunStatus::succeeded) {
      all.status = RunStatus::partial;
      all.error = doubt;
    }
  }
  if (parts.store != nullptr && is_stored(all)) {
    auto lost = co_await find_lost_files(task, *parts.store, folder, disk, parts.clock->now());
    if (lost) {
      all.status = RunStatus::failed;
      all.error = std::move(lost->in(task.source(), task.stream()));
      lacks_some = true;
    }
  }
  // The stream's state is that of its last run, and a good file is no excuse for a bad one.
  bool const is_hidden = (!failed.empty() || lacks_some) && is_stored(last);
  if (parts.store != nullptr && is_hidden) {
    co_await run_idle(std::move(task), all.error, true, options, parts, log);
  } else if (doubt && last == RunStatus::succeeded) {
    co_await run_idle(std::move(task), std::move(doubt), false, options, parts, log);
  }
  co_return all;
}

}  // namespace

asio::awaitable<FileRead> run_file(StreamTask task, fs::path path, RunOptions options,
                                   RunParts parts, Logger log) {
  auto const read = [&path]() -> Result<std::optional<std::string>> {
    auto bytes = read_whole_file(path);
    if (!bytes) return bytes.error();
    return std::optional(std::move(*bytes));
  };
  auto const where = path.string();
  async::Workers disk(1);
  auto const file = co_await read_document(read, where, task, parts.clock->now(), disk);
  co_return co_await run_document(task, path, *file, options, parts, log);
}

asio::awaitable<void> note_standing_doubt(StreamTask task, RunParts parts, Logger log) {
  auto const folder = folder_of(task.plan->base_url);
  if (!folder || parts.store == nullptr) co_return;
  async::Workers disk(1);
  auto doubt = co_await find_standing_doubt(task, *parts.store, *folder, disk);
  if (doubt) {
    co_await run_idle(std::move(task), std::move(doubt), false, RunOptions(), parts,
                      std::move(log));
  }
}

asio::awaitable<RunReport> run_task(StreamTask task, RunOptions options, RunParts parts,
                                    Logger log) {
  if (!folder_of(task.plan->base_url)) {
    co_return co_await run_stream(std::move(task), options, parts, std::move(log));
  }
  std::exception_ptr thrown;
  try {
    co_return co_await run_folder(task, options, parts, log);
  } catch (...) {
    thrown = std::current_exception();
  }
  auto report = failed_report(task, parts, error_of(thrown));
  parts.observer->on_run_ended(report);
  co_return report;
}

}  // namespace affsync::sync
