// The two sides of a run: one reads pages, the other stores them.
#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "base/crash_point.hpp"
#include "daemon/async/both.hpp"
#include "daemon/sync/file_remarks.hpp"
#include "daemon/sync/page_writing.hpp"
#include "daemon/sync/slice_closing.hpp"
#include "daemon/sync/stage_waits.hpp"
#include "daemon/sync/stream_run_steps.hpp"

namespace affsync::sync {

asio::awaitable<void> StreamRun::store(WaitingPage page) {
  if (parts_.store != nullptr) {
    CountedWait const wait(report_.waits.database);
    auto const asked_at = WaitClock::now();
    schema::PageWritten const written = co_await parts_.store->write_page(std::move(page.write));
    parts_.observer->on_written(
        std::chrono::duration_cast<std::chrono::microseconds>(WaitClock::now() - asked_at));
    report_.inserted += written.inserted;
    report_.updated += written.updated;
    report_.deleted += written.deleted;
    report_.unchanged += std::max<std::int64_t>(0, written.unchanged - page.repeated);
    report_.quarantined += written.quarantined;
    hardly_changes_ = 20 * (written.inserted + written.updated) <= written.unchanged;
    has_quarantined_ = has_quarantined_ || written.not_accepted > 0;
    left_out_.insert(left_out_.end(), written.left_out.begin(), written.left_out.end());
    contradicting_ += written.contradicting;
    if (page.is_awaited) reader_->on_stored(page_stored(written));
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
        !end.doubt->hint.empty()
            ? end.doubt->hint
            : "All received rows are stored and no row was marked as vanished. The next pass "
              "asks again.");
  }
  notes_.missing_totals(end.missing_totals);
  // A file has what it has: nobody gives the total later.
  if (task_.file && !task_.reconcile_warns && !end.seen_keys.empty()) {
    for (auto const& total : end.missing_totals) {
      verdict_.add_doubt(ErrorCode::totals_differ,
                         "the file's total `" + total +
                             "` is missing or no number, so its rows were compared with nothing",
                         "Correct the file's sums, or the path under `reconcile`, and read the "
                         "file again.");
    }
  }
  if (parts_.store == nullptr) co_return;

  CountedWait const wait(report_.waits.database);
  auto const broker_count = end.broker_count;
  bool const read_once = end.read_once;
  std::optional<DaySpan> days;
  if (end.slice.from && end.slice.to) days = DaySpan{*end.slice.from, *end.slice.to};
  schema::SliceClose close =
      slice_closing(std::move(end), task_, key_, task_.session->trusted_now());
  close.left_out = std::exchange(left_out_, {});
  close.personal = personal_;
  close.map_anew = map_anew_;
  close.has_quarantined = std::exchange(has_quarantined_, false);
  // What the slice before could not replace, this one cannot either.
  if (close.shared && doubted_before_) close.shared->with_day_before = false;
  schema::SliceClosed const closed = co_await parts_.store->close_slice(std::move(close));
  if (read_once) reader_->on_closed(closed.read_again);
  if (closed.read_again) {
    if (broker_count) *report_.broker_total -= *broker_count;  // counted when it ends once more
    co_return;
  }
  if (read_once && expected_) expected_before_ = *expected_;
  doubted_before_ = closed.doubtful;
  report_.deleted += closed.replaced;
  if (days) {
    auto found = closed.of_file;
    // The other slices of the file have the other days.
    if (task_.plan->own_days) found.days_before.reset();
    auto remarks = remarks_of_slice(found, task_.file_name, *days);
    std::ranges::move(remarks, std::back_inserter(report_.remarks));
  }
  verdict_.slice_closed(closed, broker_count);
  if (!task_.reconcile_warns) verdict_.differ(closed.unmatched);
  notes_.differences(closed.unmatched);
}

// Fetches the next page and reads it, at once unless the reader needs the result of storing the
// page before.
asio::awaitable<void> StreamRun::read_next(HttpRequest request) {
  std::string place = task_.session->place_of(request);
  // The first answer shows whether the broker answers at all: one refusal is enough.
  std::vector<HttpRequest> ahead, later;
  if (report_.pages > 0) {
    ahead = reader_->foresee(prefetch_->reach());
    later = reader_->foresee_later(prefetch_->reach());
  }
  CountedWait answered(report_.waits.answer);
  Prefetch::Fetched got =
      co_await prefetch_->answer_to(std::move(request), std::move(ahead), std::move(later));
  if (got.answer) answered.end(got.answer->received_at, report_.waits.mapping);
  answered.end();
  if (reader_->awaits_stored()) {
    CountedWait const stored(report_.waits.room);
    co_await queue_->drained();
  }
  co_await take_answer(std::move(place), std::move(got));
}

// While a worker maps the rows, nothing else may use the reader: no page that is being stored is
// one that the reader awaits.
asio::awaitable<Result<PageRead>> StreamRun::map(engine::Answer answer, TimePoint arrived_at) {
  CountedWait const wait(report_.waits.mapping);
  auto const bytes = answer.bytes;
  // The answer ends where it was used, because that takes a while too.
  auto work = [&reader = *reader_, given = std::move(answer), arrived_at]() mutable {
    auto const own = std::move(given);
    return reader.on_answer(own, arrived_at);
  };
  if (parts_.workers == nullptr || !parts_.workers->is_worth(bytes)) co_return work();
  co_return co_await parts_.workers->run(std::move(work));
}

asio::awaitable<void> StreamRun::take_answer(std::string place, Prefetch::Fetched fetched) {
  auto& answer = fetched.answer;
  if (answer && answer->refusal && !reader_->ends_list()) answer = Error(*answer->refusal);
  if (!answer && reader_->ends_at_refusal(answer.error())) {
    engine::Answer behind_the_end;
    behind_the_end.no_rows = true;
    answer = std::move(behind_the_end);
  }
  if (!answer) {
    if (!reader_->on_refusal(answer.error())) stop(task_.plan->advised(answer.error()));
    co_return;
  }
  crash_point(CrashPoint::page_received);
  // Given up on this thread, once the rows are stored.
  auto place_in_memory = std::move(answer->place);
  auto read = co_await map(std::move(*answer), fetched.arrived_at);
  if (!read) {
    Error error = read.error();
    error.at(place);
    stop(std::move(error));
    co_return;
  }
  ++report_.pages;
  report_.rows_read += read->rows_read;
  if (read->expected_rows) expected_ = expected_before_ + *read->expected_rows;
  if (read->slice_end && !read->slice_end->read_once && expected_) expected_before_ = *expected_;
  bool const ended = !reader_->next_request();
  takes_rows_ = takes_rows_ || !read->quarantined.empty() ||
                std::ranges::any_of(read->batches, [](Batch const& one) { return !one.empty(); });
  auto unreadable = verdict_.judge_mapping(*read, !ended);
  ready_ = std::move(*read);
  place_of_ready_ = std::move(place_in_memory);
  if (unreadable) {
    // Store the rows in quarantine, where the user sees them, but do not count the page as read.
    ready_->checkpoint.clear();
    ready_->slice_end.reset();
    unreadable->at(place);
    stop(std::move(*unreadable));
    co_return;
  }
  if (parts_.clock->now() - report_.started_at > options_.longest && !ended) {
    report_.status = RunStatus::continued;
    log_.info("the run has reached its time limit; the next one resumes where it stopped");
    reading_ = false;
  }
}

asio::awaitable<void> StreamRun::read_pages() {
  while (reading_) {
    if (reader_->awaits_closed()) {
      CountedWait const closed(report_.waits.room);
      co_await queue_->drained();
    }
    auto request = reader_->next_request();
    if (!request) break;
    co_await read_next(std::move(*request));
    if (ready_) {
      auto const now = task_.session->trusted_now();
      WaitingPage page =
          page_writing(*std::exchange(ready_, std::nullopt), key_, personal_, *task_.plan, now);
      page.write.asked_items = asked_items_;
      page.write.map_anew = map_anew_;
      if (task_.is_beside_api()) page.write.checkpoint.clear();
      page.is_awaited = reader_->awaits_stored();
      if (place_of_ready_) page.places.push_back(std::exchange(place_of_ready_, nullptr));
      CountedWait const wait(report_.waits.room);
      co_await queue_->push(std::move(page));
    }
  }
  prefetch_->cancel();
  queue_->close();
}

asio::awaitable<void> StreamRun::write_pages() {
  for (;;) {
    std::optional<WaitingPage> page;
    {
      CountedWait const wait(report_.waits.page);
      page = co_await queue_->next();
    }
    if (!page) co_return;
    if (hardly_changes_ && queue_->may_take_back(*page)) {
      CountedWait const wait(report_.waits.database);
      schema::PageWrite left = co_await parts_.store->without_known(std::move(page->write));
      page->write = std::move(left);
      if (queue_->take_back(*page)) continue;
    }
    co_await store(std::move(*page));
  }
}

}  // namespace affsync::sync
