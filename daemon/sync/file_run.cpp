#include "daemon/sync/file_run.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

#include "daemon/sync/file_document.hpp"
#include "daemon/sync/file_patterns.hpp"
#include "daemon/sync/file_remarks.hpp"
#include "daemon/sync/inbox.hpp"
#include "daemon/sync/lost_files.hpp"
#include "daemon/sync/run_outcome.hpp"
#include "schema/store/crash_point.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

// Reads and parses on a thread of its own: a large file takes seconds. Returns nullopt
// if `read` returns no bytes.
template <class Read>
asio::awaitable<std::optional<FileDocument>> read_document(Read read, std::string where,
                                                           StreamTask const& task, TimePoint now) {
  asio::thread_pool worker(1);
  auto work = [&]() -> asio::awaitable<std::optional<FileDocument>> {
    Result<std::optional<std::string>> bytes = read();
    if (bytes && !*bytes) co_return std::nullopt;
    FileDocument file;
    if (bytes) {
      file = read_file_document(std::move(**bytes), task.session->plan(), task.plan, now);
    } else {
      file.answer = bytes.error();
    }
    if (!file.answer) file.answer.error().at(where);
    co_return file;
  };
  // Bind no cancellation slot: a cancellation would reach the coroutine from another thread. It is
  // noticed at the next wait.
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(worker, std::move(work), token);
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

bool is_stored(RunStatus status) {
  return status == RunStatus::succeeded || status == RunStatus::partial;
}
bool is_stored(RunReport const& report) {
  return is_stored(report.status);
}

// Returns whether the file itself is wrong, so that reading it again would not help.
bool is_fault_of_file(RunReport const& report, fs::path const& path) {
  if (report.status != RunStatus::failed && report.status != RunStatus::skipped) return false;
  if (!report.error) return false;
  std::error_code error;
  switch (report.error->code) {
    case ErrorCode::malformed_answer:
    case ErrorCode::answer_too_large:
    case ErrorCode::mapping_failed:
    case ErrorCode::bad_request:
    case ErrorCode::server_error:
    case ErrorCode::permission_denied:
    case ErrorCode::auth_expired:
    case ErrorCode::auth_invalid:
    case ErrorCode::throttled:
    case ErrorCode::window_too_large:
    case ErrorCode::paging_broken:
      return true;
    case ErrorCode::not_found:
      return fs::exists(path, error);  // else somebody took it away
    default:
      return false;
  }
}

// Returns whether the next file would fare no better.
bool is_fault_of_all(RunReport const& report) {
  if (report.status == RunStatus::cancelled) return true;
  if (is_stored(report) || !report.error) return false;
  switch (report.error->code) {
    case ErrorCode::config_invalid:
    case ErrorCode::secret_missing:
    case ErrorCode::clock_skew:
    case ErrorCode::path_unknown:
    case ErrorCode::database_unavailable:
    case ErrorCode::database_error:
    case ErrorCode::database_full:
    case ErrorCode::migration_failed:
    case ErrorCode::lease_lost:
    case ErrorCode::cancelled:
      return true;
    default:
      return false;
  }
}

int severity_of(RunStatus status) {
  switch (status) {
    case RunStatus::cancelled:
      return 4;
    case RunStatus::failed:
      return 3;
    case RunStatus::partial:
      return 2;
    case RunStatus::skipped:
      return 1;
    default:
      return 0;
  }
}

void add_to(RunReport& sum, RunReport const& one) {
  sum.rows_read += one.rows_read;
  sum.inserted += one.inserted;
  sum.updated += one.updated;
  sum.unchanged += one.unchanged;
  sum.deleted += one.deleted;
  sum.quarantined += one.quarantined;
  sum.pages += one.pages;
  sum.bytes_received += one.bytes_received;
  if (one.window_from)
    sum.window_from = std::min(sum.window_from.value_or(*one.window_from), *one.window_from);
  if (one.window_to)
    sum.window_to = std::max(sum.window_to.value_or(*one.window_to), *one.window_to);
  if (severity_of(one.status) > severity_of(sum.status)) {
    sum.status = one.status;
    sum.error = one.error;
  }
  sum.finished_at = one.finished_at;
}

// The report has the error of the first file that failed; adds the names of the others.
void name_failed(std::vector<std::string> const& files, RunReport& all) {
  constexpr std::size_t most = 10;
  if (files.size() < 2 || !all.error || all.status != RunStatus::failed) return;
  auto& text = all.error->message;
  for (std::size_t i = 1; i < std::min(files.size(), most); ++i) {
    text += (i == 1 ? "; also failed: " : ", ") + files[i];
  }
  if (files.size() > most) text += " and " + std::to_string(files.size() - most) + " more";
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
asio::awaitable<std::vector<InboxFile>> whole_files(fs::path folder, std::string pattern) {
  auto files = list_inbox(folder, pattern, std::chrono::system_clock::now());
  if (!files.unsettled.empty()) {
    asio::steady_timer settled(co_await asio::this_coro::executor, settling_time);
    co_await settled.async_wait(asio::use_awaitable);
    files = list_inbox(folder, pattern, std::chrono::system_clock::now());
  }
  co_return std::move(files.whole);
}

// A run that finds nothing to read: it only shows that the folder was looked at, or why it could
// not be.
asio::awaitable<RunReport> run_idle(StreamTask task, std::optional<Error> problem,
                                    RunOptions options, RunParts parts, Logger log) {
  task.plan = plan_of_file(*task.plan, std::nullopt);
  std::optional<Result<engine::Answer>> answer;
  if (problem) answer = Result<engine::Answer>(std::move(*problem));
  task.file = std::make_shared<std::optional<Result<engine::Answer>> const>(std::move(answer));
  co_return co_await run_stream(std::move(task), options, parts, std::move(log));
}

// Puts a file that was read out of the way, unless it is another one now. Returns an error if it
// cannot.
std::optional<Error> put_away(InboxFile const& file, FileRead const& read, Logger const& log) {
  std::string note;
  if (read.report.error) note = read.report.error->to_line();
  for (auto const& text : read.notes) note += (note.empty() ? "" : "\n") + text;
  try {
    if (!move_read_file(file, is_stored(read.report) ? "done" : "failed", note)) {
      log.warn(file.path.filename().string() +
               " was changed or taken away after it was read; if it is in the folder, the next "
               "pass reads it again");
    }
  } catch (Failure const& failure) {
    return failure.error();
  }
  return std::nullopt;
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
  std::vector<InboxFile> files;
  std::optional<Error> problem;
  try {
    files = co_await whole_files(folder, pattern_of(task.plan->spec->request.path));
    leave_to_others(files, task, log);
  } catch (Failure const& failure) {
    problem = failure.error();
  }
  RunReport all;
  if (options.scheduled || files.empty()) {
    all = co_await run_idle(task, std::move(problem), options, parts, log);
    if (all.status != RunStatus::succeeded) co_return all;
  }
  options.scheduled = false;  // the idle run has set the time of the next one
  std::vector<std::string> failed;
  auto last = RunStatus::succeeded;
  auto const own = log.with("source", task.source()).with("stream", task.stream());
  for (auto const& file : files) {
    auto const name = file.path.filename().string();
    auto const as_listed = [&file] { return read_inbox_file(file); };
    auto const where = file.path.string();
    auto const document = co_await read_document(as_listed, where, task, parts.clock->now());
    if (!document) {
      own.warn(name +
               " was changed or taken away before its turn; if it is in the folder, the next "
               "pass reads it");
      continue;
    }
    auto read = co_await run_document(task, file.path, *document, options, parts, log);
    bool const is_wrong = is_fault_of_file(read.report, file.path);
    if (is_wrong) read.report.status = RunStatus::failed;  // a file is never a stream that is off
    if (parts.store != nullptr && (is_wrong || is_stored(read.report))) {
      if (auto error = put_away(file, read, own)) {
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
  if (all.source.empty()) all = co_await run_idle(task, std::nullopt, options, parts, log);
  name_failed(failed, all);
  bool lacks_some = false;
  if (parts.store != nullptr && is_stored(all)) {
    if (auto lost = co_await find_lost_files(task, *parts.store, folder)) {
      all.status = RunStatus::failed;
      all.error = std::move(lost->in(task.source(), task.stream()));
      lacks_some = true;
    }
  }
  // The stream's state is that of its last run, and a good file is no excuse for a bad one.
  bool const is_hidden = (!failed.empty() || lacks_some) && is_stored(last);
  if (parts.store != nullptr && is_hidden) {
    co_await run_idle(std::move(task), all.error, options, parts, log);
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
  auto const file = co_await read_document(read, where, task, parts.clock->now());
  co_return co_await run_document(task, path, *file, options, parts, log);
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
