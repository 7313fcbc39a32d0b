#include "daemon/sync/stream_run.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "base/crash_point.hpp"
#include "connectors/engine/paging/window.hpp"
#include "daemon/async/both.hpp"
#include "daemon/sync/full_pass.hpp"
#include "daemon/sync/item_values.hpp"
#include "daemon/sync/page_writing.hpp"
#include "daemon/sync/run_outcome.hpp"
#include "daemon/sync/run_times.hpp"
#include "daemon/sync/stream_run_steps.hpp"

namespace affsync::sync {
namespace {

// How long a stream waits for another one whose rows give the values of `for_each`.
constexpr auto wait_for_values = std::chrono::minutes(2);

// A success that is dated later than this is of a clock that was ahead.
constexpr auto far_ahead = std::chrono::minutes(10);

std::vector<RecordTable const*> filled_tables(engine::StreamSpec const& stream) {
  std::vector<RecordTable const*> tables{stream.map.table};
  for (auto const& mapping : stream.also) {
    if (std::ranges::find(tables, mapping.table) == tables.end()) tables.push_back(mapping.table);
  }
  return tables;
}

}  // namespace

void StreamRun::fail(Error error) {
  error.in(report_.source, report_.stream);
  task_.session->withhold_secrets(error);
  // Keep the first error: later ones are its consequences and would hide it.
  if (report_.error) return;
  report_.status = status_of(error);
  // What was begun and cannot be read to its end is no stream that the broker does not offer.
  bool const refused = report_.status == RunStatus::skipped && error.code != ErrorCode::lease_lost;
  if (refused && (report_.pages > 0 || (reader_ && reader_->resumes()))) {
    report_.status = RunStatus::failed;
  }
  report_.had_rows = has_rows_;
  report_.error = std::move(error);
}

// The database takes the run for one that goes on, or was interrupted: that outranks what a run
// that read everything has found.
void StreamRun::fail_to_end(Error error) {
  if (report_.error && report_.status == RunStatus::partial) {
    error.message += " (before that: " + report_.error->message + ")";
    report_.error.reset();
  }
  fail(std::move(error));
}

void StreamRun::stop(Error error) {
  fail(std::move(error));
  reading_ = false;
}

asio::awaitable<StreamRun::Begun> StreamRun::begin() {
  // The lease may be lost before the run has begun; then nothing was read and nothing was written,
  // so the run starts over with a new lease.
  for (int attempts = 3;; --attempts) {
    try {
      co_return co_await try_to_begin();
    } catch (Failure const& failure) {
      if (failure.error().code != ErrorCode::lease_lost || attempts <= 1) throw;
    }
    lease_.reset();
  }
}

// The first day that passes of the stream read; nullopt for a run over chosen days or a file.
std::optional<Day> StreamRun::first_day() const {
  auto const& window = task_.plan->spec->window;
  if (!window || window->changes || task_.file || options_.since || options_.until) {
    return std::nullopt;
  }
  return window->by_month() ? engine::begin_of_month(window->start) : window->start;
}

asio::awaitable<StreamRun::Begun> StreamRun::try_to_begin() {
  engine::ReaderStart start;
  start.since = options_.since;
  start.until = options_.until;
  start.mode = options_.full ? engine::ReadMode::full : engine::ReadMode::incremental;
  start.has_database = parts_.store != nullptr && !task_.file;
  bool success_is_ahead = false;

  if (parts_.store != nullptr) {
    lease_ = co_await parts_.store->try_lease(task_.id);
    if (!lease_) {
      fail(held_by(co_await parts_.store->lease_holder(task_.id)));
      co_return Begun::refused;
    }
    crash_point(CrashPoint::lease_taken);
    // Set the start only now, after any earlier run has ended: runs of a stream never overlap in
    // sync_run.
    report_.started_at = parts_.clock->now();
    schema::StreamState const state = co_await parts_.store->load_state(task_.id);
    if (options_.scheduled) {
      report_.next_run_at = due_later(task_, state, report_.started_at);
      if (report_.next_run_at) co_return Begun::not_due;
    }
    has_rows_ = state.last_success_at.has_value();
    success_is_ahead = has_rows_ && *state.last_success_at > report_.started_at + far_ahead;
    verdict_.set_accepted(state.accepted);
    if (!task_.is_beside_api()) start.cursor = first_cursor_ = state.cursor;
    // Where another file was stopped says nothing of this one.
    start.anew = task_.file != nullptr || state.full_wanted_since_pass;
    start.again = state.doubtful;
    start.items = co_await item_values(task_, *parts_.store);
    if (auto unread = co_await unread_values(task_, start.items, *parts_.store)) {
      // The other stream may be read at this moment for the first time.
      if (options_.scheduled && status_of(*unread) == RunStatus::failed) {
        report_.next_run_at = report_.started_at + wait_for_values;
        co_return Begun::not_due;
      }
      fail(std::move(*unread));
      co_return Begun::refused;
    }
    if (state.last_error_code == to_string(ErrorCode::auth_expired) && state.last_finished_at) {
      task_.session->note_closed(task_.plan->spec->request.path, state.consecutive_failures,
                                 *state.last_finished_at);
    }
    if (is_full_due(task_, state, report_.started_at)) start.mode = engine::ReadMode::full;
    if (state.full_wanted && !options_.since && !options_.until) {
      start.mode = engine::ReadMode::full;
    }
  }
  if (parts_.store == nullptr) {
    start.items = task_.items;
    if (auto const lack = lack_of_values(task_, start.items)) {
      log_.warn(lack->message, {{"hint", lack->hint}});
    }
  }
  start.now = report_.started_at;
  refuse_start_ahead(*task_.plan, report_.started_at);
  reader_.emplace(task_.plan, start);
  asked_items_ = asked_items(*task_.plan, reader_->items());
  report_.window_from = reader_->window().from;
  report_.window_to = reader_->window().to;
  auto const& days = reader_->window();
  if ((options_.since || options_.until) && days.from && days.to && *days.from > *days.to) {
    log_.warn("none of the chosen days is read: those of the stream begin on " +
              format_day(*days.from) + ", the chosen ones end on " + format_day(*days.to));
  }
  if (parts_.store != nullptr) {
    schema::RunStart run = run_start(*reader_, task_.id, report_.started_at);
    run.input = task_.input();
    run.forget_success = success_is_ahead;
    auto const first = first_day();
    auto const is_before = [&](DaySpan const& doubtful) { return doubtful.from < *first; };
    if (first && std::ranges::any_of(start.again, is_before)) run.first_day = first;
    key_ = co_await parts_.store->begin_run(std::move(run));
    begun_ = true;
    report_.run_id = key_.run_id;
    log_ = log_.with(number_field("run", key_.run_id));
    notes_ = PassNotes(log_);
  }
  parts_.observer->on_run_started(report_);
  co_return Begun::reading;
}

// Why a file is not read though it is whole.
Error StreamRun::nothing_asked() const {
  if (auto lack = lack_of_values(task_, reader_->items())) return std::move(*lack);
  Error error(ErrorCode::usage, "nothing of the file is read: the stream asks for nothing");
  if (options_.since && options_.until) {
    error.message = "nothing of the file is read: its days, " + format_day(*options_.since) +
                    " to " + format_day(*options_.until) + ", are after today";
    error.hint = "Correct the days, or read the file when they have come.";
  }
  return error;
}

asio::awaitable<void> StreamRun::read_all() {
  if (task_.file && !reader_->next_request()) {
    stop(nothing_asked());
    co_return;
  }
  auto send = [this](HttpRequest request, std::shared_ptr<bool const> is_asked) {
    return task_.fetch(std::move(request), report_, std::move(is_asked));
  };
  auto const concurrency =
      static_cast<std::size_t>(task_.session->plan().rate.usable_concurrency());
  auto executor = co_await asio::this_coro::executor;
  prefetch_.emplace(executor, std::move(send), *parts_.clock, concurrency, parts_.ahead_budget);
  queue_.emplace(parts_.queue_budget, has_rows_ ? QueueLimits::of_known_rows() : QueueLimits());
  co_await async::both(read_pages(), write_pages());
  if (reading_) co_await close_pass();
}

// Other files hold other rows, whatever days this one has.
bool StreamRun::is_full_pass() const {
  return task_.file_name.empty() && reader_->is_full_pass();
}

asio::awaitable<void> StreamRun::close_pass() {
  if (parts_.store != nullptr) {
    schema::PassClose pass;
    pass.run = key_;
    pass.table = &task_.plan->table();
    pass.tables = filled_tables(*task_.plan->spec);
    pass.whole = verdict_.is_whole();
    pass.full = is_full_pass();
    pass.input = task_.input();
    pass.replaces = task_.plan->spec->replaces_window;
    pass.none_unchanged = report_.unchanged == 0;
    for (auto const& path : task_.plan->spec->volatile_fields) {
      JsonPath const field(path);
      if (field.steps().size() == 1) pass.volatile_members.emplace_back(field.head());
    }
    pass.personal = personal_;
    pass.map_anew = map_anew_;
    if (auto const& window = task_.plan->spec->window; window && !task_.file) {
      pass.by_days = !window->changes;
      pass.scope_column = window->column;
      pass.last_day = report_.window_to;
    }
    pass.lost = reader_->lost();
    pass.mass_drop_limit = task_.mass_drop_limit;
    pass.now = parts_.clock->now();
    schema::PassClosed const closed = co_await parts_.store->close_pass(std::move(pass));
    report_.deleted += closed.deleted;
    verdict_.close(closed, report_.rows_read);
    notes_.pass_closed(closed);
  } else {
    verdict_.close_dry(report_.quarantined, report_.rows_read);
  }
  read_to_end_ = true;
  note_where();
  auto worst = verdict_.worst();
  if (!worst) co_return;
  fail(std::move(*worst));
  report_.status = RunStatus::partial;
}

// Tells of a list or a file of which `where` takes nothing. One that asks for rows that are not
// zero may be right about all of them.
void StreamRun::note_where() {
  auto const& where = task_.plan->spec->map.where;
  if (takes_rows_ || report_.rows_read == 0 || !where) return;
  if (!is_full_pass() && !task_.file) return;
  if (where->not_zero) return;
  if (task_.file) {
    report_.remarks.push_back("none of its rows is stored, because `where` (`" +
                              where->path.text() + "`) takes none of them");
    return;
  }
  notes_.none_taken(report_.rows_read, where->path.text());
}

asio::awaitable<void> StreamRun::end() {
  report_.finished_at = parts_.clock->now();
  notes_.contradicting(contradicting_);
  if (options_.scheduled) report_.next_run_at = next_run_at(task_, report_, options_.jitter);
  if (begun_) {
    schema::RunEnd end;
    end.run = key_;
    end.report = report_;
    end.success = report_.status == RunStatus::succeeded;
    // A file is news whatever its days are.
    end.up_to_date = task_.file || reader_->reaches_last_day();
    end.full_pass = is_full_pass();
    // An API reads all rows again by itself, and a file beside it is no part of that.
    end.adds_only = !task_.is_beside_api() && (!task_.file_name.empty() || task_.plan->adds_only);
    end.input = task_.input();
    end.read_to_end = read_to_end_;
    end.swept = read_to_end_ && verdict_.is_swept();
    bool const unreadable = report_.error && report_.error->code == ErrorCode::mapping_failed;
    if (!task_.is_beside_api()) {
      if (read_to_end_) end.cursor = reader_->final_checkpoint();
      if (unreadable) end.cursor = first_cursor_;
    }
    end.next_run_at = report_.next_run_at;
    end.clock_skew = task_.session->clock_skew();
    end.learned_rate = task_.session->rate_to_store();
    end.now = *report_.finished_at;
    auto const ended = co_await parts_.store->end_run(std::move(end));
    if (auto const& flaw = ended.rate_not_stored) {
      log_.warn(
          "what is known of the broker's limit could not be stored; the next process learns"
          " it anew",
          {{"error", flaw->message}});
    }
  }
}

void StreamRun::log_waits() const {
  auto const ms = [](char const* key, std::chrono::microseconds time) {
    return number_field(key, time.count() / 1000);
  };
  auto const& waits = report_.waits;
  log_.debug(
      "what the run waited for",
      {ms("answer_ms", waits.answer), ms("mapping_ms", waits.mapping), ms("room_ms", waits.room),
       ms("page_ms", waits.page), ms("database_ms", waits.database),
       number_field("run_ms", report_.duration().count())});
}

asio::awaitable<RunReport> StreamRun::run() {
  report_.started_at = parts_.clock->now();
  std::exception_ptr thrown;
  try {
    co_await asio::this_coro::throw_if_cancelled(true);
    if (auto error = task_.plan->obstacle()) {
      fail(std::move(*error));
    } else {
      Begun const begun = co_await begin();
      if (begun == Begun::not_due) {
        report_.status = RunStatus::skipped;
        co_return std::move(report_);
      }
      if (begun == Begun::reading && !task_.has_no_file()) co_await read_all();
      if (begun == Begun::reading && task_.has_no_file() && task_.doubt) {
        fail(*task_.doubt);
        report_.status = RunStatus::partial;
      }
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) fail(error_of(thrown));
  if (report_.status == RunStatus::running) report_.status = RunStatus::succeeded;

  // Close the run in the database even if it was cancelled.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  thrown = nullptr;
  try {
    if (prefetch_) co_await prefetch_->stop();
    co_await end();
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) fail_to_end(error_of(thrown));
  if (!report_.finished_at) report_.finished_at = parts_.clock->now();
  log_waits();
  parts_.observer->on_run_ended(report_);
  co_return std::move(report_);
}

asio::awaitable<RunReport> run_stream(StreamTask task, RunOptions options, RunParts parts,
                                      Logger log) {
  StreamRun run(std::move(task), options, parts, std::move(log));
  co_return co_await run.run();
}

}  // namespace affsync::sync
