#include "daemon/sync/stream_run.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "daemon/async/both.hpp"
#include "daemon/sync/full_pass.hpp"
#include "daemon/sync/page_queue.hpp"
#include "daemon/sync/page_writing.hpp"
#include "daemon/sync/pass_notes.hpp"
#include "daemon/sync/pass_verdict.hpp"
#include "daemon/sync/personal_parts.hpp"
#include "daemon/sync/prefetch.hpp"
#include "daemon/sync/run_outcome.hpp"
#include "daemon/sync/run_times.hpp"
#include "daemon/sync/slice_closing.hpp"
#include "schema/store/crash_point.hpp"

namespace affsync::sync {
namespace {

using engine::PageRead;
using engine::SliceEnd;
using engine::StreamReader;

class StreamRun {
 public:
  StreamRun(StreamTask task, RunOptions options, RunParts parts, Logger log)
      : task_(std::move(task)),
        options_(options),
        parts_(parts),
        log_(log.with("source", task_.source()).with("stream", task_.stream())),
        notes_(log_) {
    report_.source = task_.source();
    report_.stream = task_.stream();
    report_.table = task_.plan->table().name;
    report_.dry_run = parts_.store == nullptr;
    personal_ = personal_parts(*task_.plan);
  }

  asio::awaitable<RunReport> run();

 private:
  enum class Begun { reading, refused, not_due };
  struct Fetched {
    std::string place;  // the request, for error messages
    Prefetch::Fetched got;
  };
  asio::awaitable<Begun> begin();
  asio::awaitable<Begun> try_to_begin();
  asio::awaitable<void> read_all();
  asio::awaitable<void> read_pages();
  asio::awaitable<void> write_pages();
  asio::awaitable<void> store(WaitingPage page);
  asio::awaitable<void> close_slice(SliceEnd end);
  asio::awaitable<void> close_pass();
  asio::awaitable<void> fetch_next(HttpRequest request);
  void take_answer();
  asio::awaitable<void> end();
  void fail(Error error);
  void stop(Error error);  // and reads no further

  StreamTask task_;
  RunOptions options_;
  RunParts parts_;
  Logger log_;
  PassNotes notes_;
  RunReport report_;
  schema::RunKey key_;
  std::shared_ptr<schema::PersonalParts const> personal_;
  std::unique_ptr<schema::Lease> lease_;
  std::optional<StreamReader> reader_;
  std::int64_t expected_before_ = 0;  // expected rows of the slices that have ended
  std::int64_t contradicting_ = 0;    // rows whose relative time contradicts earlier readings
  std::optional<std::int64_t> expected_;
  bool has_quarantined_ = false;             // the slice has quarantined rows that are not accepted
  std::vector<schema::TableKeys> left_out_;  // stored rows that the connector now leaves out
  bool begun_ = false;
  bool read_to_end_ = false;  // all slices were read and closed
  std::string first_cursor_;  // the cursor at the start of the run
  PassVerdict verdict_;
  std::optional<Prefetch> prefetch_;
  std::optional<Fetched> fetched_;  // an answer not yet passed to the reader
  std::optional<PageRead> ready_;   // a page that was read and is not in the queue yet
  std::optional<PageQueue> queue_;
  bool reading_ = true;  // until the pass has ended, or failed
};

void StreamRun::fail(Error error) {
  error.in(report_.source, report_.stream);
  task_.session->withhold_secrets(error);
  // Keep the first error: later ones are its consequences and would hide it.
  if (report_.error) return;
  report_.status = status_of(error);
  report_.error = std::move(error);
}

void StreamRun::stop(Error error) {
  fail(std::move(error));
  reading_ = false;
}

asio::awaitable<StreamRun::Begun> StreamRun::begin() {
  // The connection that holds the lease may be lost before the run has begun; then nothing was read
  // and nothing was written, so the run starts over with a new lease.
  for (int attempts = 3;; --attempts) {
    try {
      co_return co_await try_to_begin();
    } catch (Failure const& failure) {
      if (failure.error().code != ErrorCode::lease_lost || attempts <= 1) throw;
    }
    lease_.reset();
  }
}

asio::awaitable<StreamRun::Begun> StreamRun::try_to_begin() {
  engine::ReaderStart start;
  start.since = options_.since;
  start.until = options_.until;
  start.mode = options_.full ? engine::ReadMode::full : engine::ReadMode::incremental;

  if (parts_.store != nullptr) {
    lease_ = co_await parts_.store->try_lease(task_.id);
    if (!lease_) {
      Error error(ErrorCode::lease_lost, "another affsync is reading this stream now");
      fail(std::move(error));
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
    start.cursor = first_cursor_ = state.cursor;
    start.again = state.doubtful;
    if (state.last_error_code == to_string(ErrorCode::auth_expired) && state.last_finished_at) {
      task_.session->note_closed(task_.plan->spec.request.path, state.consecutive_failures,
                                 *state.last_finished_at);
    }
    if (is_full_due(task_, state, report_.started_at)) start.mode = engine::ReadMode::full;
    if (state.full_wanted && !options_.since && !options_.until) {
      start.mode = engine::ReadMode::full;
    }
  }
  start.now = report_.started_at;
  refuse_start_ahead(*task_.plan, report_.started_at);
  reader_.emplace(task_.plan, start);
  report_.window_from = reader_->window().from;
  report_.window_to = reader_->window().to;
  if (parts_.store != nullptr) {
    schema::RunStart run = run_start(*reader_, task_.id, report_.started_at);
    key_ = co_await parts_.store->begin_run(std::move(run));
    begun_ = true;
  }
  parts_.observer->on_run_started(report_);
  co_return Begun::reading;
}

asio::awaitable<void> StreamRun::store(WaitingPage page) {
  if (parts_.store != nullptr) {
    schema::PageWritten const written = co_await parts_.store->write_page(std::move(page.write));
    report_.inserted += written.inserted;
    report_.updated += written.updated;
    report_.unchanged += std::max<std::int64_t>(0, written.unchanged - page.repeated);
    report_.quarantined += written.quarantined;
    has_quarantined_ = has_quarantined_ || written.not_accepted > 0;
    left_out_.insert(left_out_.end(), written.left_out.begin(), written.left_out.end());
    contradicting_ += written.contradicting;
    if (reader_->awaits_stored()) reader_->on_stored(page_stored(written));
    crash_point(CrashPoint::page_stored);
  } else {
    report_.quarantined += static_cast<std::int64_t>(page.write.quarantined.size());
  }
  if (page.slice_end) co_await close_slice(std::move(*page.slice_end));
  parts_.observer->on_progress(report_, expected_);
}

asio::awaitable<void> StreamRun::close_slice(SliceEnd end) {
  // Days in doubt are read after the others, so `end` may be earlier than what was reached.
  if (!report_.reached || report_.reached < end.slice.to) report_.reached = end.slice.to;
  if (end.broker_count) {
    report_.broker_total = report_.broker_total.value_or(0) + *end.broker_count;
  }
  if (end.doubt) {
    verdict_.add_doubt(
        end.doubt->code, end.doubt->text,
        "All received rows are stored and no row was marked as vanished. The next pass "
        "asks again.");
  }
  notes_.missing_totals(end.missing_totals);
  if (parts_.store == nullptr) co_return;

  auto const broker_count = end.broker_count;
  schema::SliceClose close =
      slice_closing(std::move(end), task_, key_, task_.session->trusted_now());
  close.left_out = std::exchange(left_out_, {});
  close.has_quarantined = std::exchange(has_quarantined_, false);
  schema::SliceClosed const closed = co_await parts_.store->close_slice(std::move(close));
  if (!closed.live_as_expected) {
    verdict_.add_doubt(ErrorCode::sweep_unverified,
                       "resumed after an interruption: " + std::to_string(closed.live) +
                           " rows are stored, the broker counts " +
                           std::to_string(broker_count.value_or(0)),
                       "The next pass asks again.");
  }
  if (!task_.reconcile_warns) verdict_.differ(closed.unmatched);
  notes_.differences(closed.unmatched);
}

// Fetches the next page and reads it, at once unless the reader needs the result of storing the
// page before.
asio::awaitable<void> StreamRun::fetch_next(HttpRequest request) {
  std::string place = task_.session->place_of(request);
  // The first answer shows whether the broker answers at all: one refusal is enough.
  std::vector<HttpRequest> ahead;
  if (report_.pages > 0) ahead = reader_->foresee(prefetch_->reach());
  Prefetch::Fetched got = co_await prefetch_->answer_to(std::move(request), std::move(ahead));
  fetched_.emplace(std::move(place), std::move(got));
  if (reader_->awaits_stored()) co_await queue_->drained();
  take_answer();
}

void StreamRun::take_answer() {
  auto fetched = std::move(*fetched_);
  fetched_.reset();
  auto& answer = fetched.got.answer;
  if (!answer && reader_->ends_at_refusal(answer.error())) {
    engine::Answer behind_the_end;
    behind_the_end.no_rows = true;
    answer = std::move(behind_the_end);
  }
  if (!answer) {
    if (reader_->on_refusal(answer.error())) return;
    return stop(task_.plan->advised(answer.error()));
  }
  crash_point(CrashPoint::page_received);
  auto read = reader_->on_answer(*answer, fetched.got.arrived_at);
  if (!read) {
    Error error = read.error();
    error.at(fetched.place);
    return stop(std::move(error));
  }
  ++report_.pages;
  report_.rows_read += read->rows_read;
  if (read->expected_rows) expected_ = expected_before_ + *read->expected_rows;
  if (read->slice_end && expected_) expected_before_ = *expected_;
  auto unreadable = verdict_.judge_mapping(*read);
  ready_ = std::move(*read);
  if (unreadable) {
    // Store the rows in quarantine, where the user sees them, but do not count the page as read.
    ready_->checkpoint.clear();
    ready_->slice_end.reset();
    unreadable->at(fetched.place);
    return stop(std::move(*unreadable));
  }
  bool const ended = !reader_->next_request();
  if (parts_.clock->now() - report_.started_at > options_.longest && !ended) {
    report_.status = RunStatus::continued;
    log_.info("the run has reached its time limit; the next one resumes where it stopped");
    reading_ = false;
  }
}

asio::awaitable<void> StreamRun::read_all() {
  auto send = [this](HttpRequest request, std::shared_ptr<bool const> is_asked) {
    return task_.fetch(std::move(request), report_, std::move(is_asked));
  };
  auto const concurrency =
      static_cast<std::size_t>(task_.session->plan().rate.usable_concurrency());
  auto executor = co_await asio::this_coro::executor;
  prefetch_.emplace(executor, std::move(send), *parts_.clock, concurrency, parts_.ahead_budget);
  queue_.emplace(executor);
  co_await async::both(read_pages(), write_pages());
  if (reading_) co_await close_pass();
}

asio::awaitable<void> StreamRun::read_pages() {
  while (reading_) {
    auto request = reader_->next_request();
    if (!request) break;
    co_await fetch_next(std::move(*request));
    if (ready_) {
      auto const now = task_.session->trusted_now();
      WaitingPage page = page_writing(*std::exchange(ready_, std::nullopt), key_, personal_, now);
      co_await queue_->push(std::move(page));
    }
  }
  prefetch_->cancel();
  queue_->close();
}

asio::awaitable<void> StreamRun::write_pages() {
  for (;;) {
    std::optional<WaitingPage> page = co_await queue_->next();
    if (!page) co_return;
    co_await store(std::move(*page));
  }
}

asio::awaitable<void> StreamRun::close_pass() {
  if (parts_.store != nullptr) {
    schema::PassClose pass;
    pass.run = key_;
    pass.table = &task_.plan->table();
    pass.whole = verdict_.is_whole();
    pass.full = reader_->is_full_pass();
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
  auto worst = verdict_.worst();
  if (!worst) co_return;
  fail(std::move(*worst));
  report_.status = RunStatus::partial;
}

asio::awaitable<void> StreamRun::end() {
  report_.finished_at = parts_.clock->now();
  notes_.contradicting(contradicting_);
  if (options_.scheduled) {
    report_.next_run_at = next_run_at(task_, report_, options_.jitter);
  }
  if (begun_) {
    schema::RunEnd end;
    end.run = key_;
    end.report = report_;
    end.success = report_.status == RunStatus::succeeded;
    end.full_pass = reader_->is_full_pass();
    end.read_to_end = read_to_end_;
    end.swept = read_to_end_ && verdict_.is_swept();
    bool const unreadable = report_.error && report_.error->code == ErrorCode::mapping_failed;
    if (read_to_end_) end.cursor = reader_->final_checkpoint();
    if (unreadable) end.cursor = first_cursor_;
    end.next_run_at = report_.next_run_at;
    end.clock_skew = task_.session->clock_skew();
    end.now = *report_.finished_at;
    co_await parts_.store->end_run(std::move(end));
  }
}

asio::awaitable<RunReport> StreamRun::run() {
  report_.started_at = parts_.clock->now();
  std::exception_ptr thrown;
  try {
    co_await asio::this_coro::throw_if_cancelled(true);
    async::Gate::Pass const pass = co_await task_.session->runs().enter();
    report_.started_at = parts_.clock->now();
    if (auto error = task_.plan->obstacle()) {
      fail(std::move(*error));
    } else {
      Begun const begun = co_await begin();
      if (begun == Begun::not_due) {
        report_.status = RunStatus::skipped;
        co_return std::move(report_);
      }
      if (begun == Begun::reading && !task_.has_no_file()) co_await read_all();
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
  if (thrown) fail(error_of(thrown));
  if (!report_.finished_at) report_.finished_at = parts_.clock->now();
  parts_.observer->on_run_ended(report_);
  co_return std::move(report_);
}

}  // namespace

asio::awaitable<RunReport> run_stream(StreamTask task, RunOptions options, RunParts parts,
                                      Logger log) {
  StreamRun run(std::move(task), options, parts, std::move(log));
  co_return co_await run.run();
}

}  // namespace affsync::sync
