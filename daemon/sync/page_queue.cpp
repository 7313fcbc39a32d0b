#include "daemon/sync/page_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace affsync::sync {
namespace {

// A transaction of this many rows costs hardly more a row than a larger one.
constexpr std::size_t most_rows_together = 8'000;

// All that a page holds of its rows, stored or not: a user may have accepted that a broker's rows
// are all put aside.
std::size_t rows_of(WaitingPage const& page) {
  std::size_t rows = page.write.quarantined.size();
  for (auto const& batch : page.write.batches) rows += batch.size();
  for (auto const& keys : page.write.left_out) rows += keys.external_ids.size();
  return rows;
}

std::size_t bytes_of(WaitingPage const& page) {
  std::size_t bytes = 0;
  for (auto const& batch : page.write.batches) bytes += batch.text_bytes();
  for (auto const& row : page.write.quarantined) {
    bytes += row.external_id.size() + row.reason.size() + row.raw.size();
  }
  for (auto const& keys : page.write.left_out) {
    for (auto const& key : keys.external_ids) bytes += key.size();
  }
  return bytes;
}

}  // namespace

// Counts one who waits until everything is stored, for as long as it lives.
class PageQueue::Draining {
 public:
  explicit Draining(PageQueue& queue) : queue_(queue) {
    ++queue_.draining_;
    queue_.changed_.tell();
  }
  Draining(Draining const&) = delete;
  Draining& operator=(Draining const&) = delete;
  ~Draining() { --queue_.draining_; }

 private:
  PageQueue& queue_;
};

PageQueue::PageQueue(std::shared_ptr<QueueBudget> budget, QueueLimits limits)
    : budget_(std::move(budget)), limits_(limits) {}

PageQueue::~PageQueue() {
  budget_->held -= bytes_ + bytes_stored_now_;
}

bool PageQueue::has_room() const {
  if (waiting_.empty()) return true;
  if (rows_ >= limits_.rows || bytes_ >= limits_.bytes) return false;
  // What is more than usual leaves half of the memory to other runs.
  QueueLimits const usual;
  if (rows_ < usual.rows && bytes_ < usual.bytes) return budget_->held < budget_->most;
  return rows_pushed_ < limits_.rows_in_all && budget_->held < budget_->most / 2;
}

bool PageQueue::may_gather() const {
  if (waiting_.size() != 1 || closed_ || draining_ > 0 || !has_room()) return false;
  auto const& page = waiting_.front().page;
  return !page.slice_end && !page.is_awaited;
}

asio::awaitable<void> PageQueue::gather() {
  auto const until = std::chrono::steady_clock::now() + limits_.gathering;
  while (may_gather()) {
    bool const in_time = co_await changed_.told_before(until);
    if (!in_time) co_return;
  }
}

PageQueue::Waiting PageQueue::first_of(WaitingPage page) {
  Waiting waiting;
  waiting.rows = rows_of(page);
  waiting.bytes = bytes_of(page);
  waiting.group.add(page.write);  // always taken
  waiting.page = std::move(page);
  return waiting;
}

bool PageQueue::join(Waiting& before, WaitingPage& page) {
  auto const rows = rows_of(page), bytes = bytes_of(page);
  if (!before.group.add(page.write)) return false;
  before.rows += rows;
  before.bytes += bytes;
  before.page.repeated += page.repeated;
  before.page.is_awaited = before.page.is_awaited || page.is_awaited;
  before.page.slice_end = std::move(page.slice_end);
  std::ranges::move(page.places, std::back_inserter(before.page.places));
  return true;
}

WaitingPage PageQueue::take(Waiting& waiting) {
  WaitingPage joined = std::move(waiting.page);
  joined.write = waiting.group.take();
  return joined;
}

bool PageQueue::join_last(WaitingPage& page) {
  if (waiting_.empty()) return false;
  auto& last = waiting_.back();
  if (last.page.slice_end || last.group.rows() + rows_of(page) > most_rows_together) return false;
  return join(last, page);
}

void PageQueue::count() {
  budget_->held -= bytes_;
  rows_ = bytes_ = 0;
  for (auto const& one : waiting_) {
    rows_ += one.rows;
    bytes_ += one.bytes;
  }
  budget_->held += bytes_;
}

asio::awaitable<void> PageQueue::push(WaitingPage page) {
  while (!has_room()) co_await changed_.told();
  rows_pushed_ += rows_of(page);
  if (!join_last(page)) waiting_.push_back(first_of(std::move(page)));
  count();
  changed_.tell();
}

asio::awaitable<void> PageQueue::drained() {
  Draining const draining(*this);
  while (storing_ || !waiting_.empty()) co_await changed_.told();
}

void PageQueue::close() {
  closed_ = true;
  changed_.tell();
}

asio::awaitable<std::optional<WaitingPage>> PageQueue::next() {
  storing_ = false;
  budget_->held -= std::exchange(bytes_stored_now_, 0);
  changed_.tell();
  while (waiting_.empty() && !closed_) co_await changed_.told();
  if (waiting_.empty()) co_return std::nullopt;
  if (std::exchange(begun_, true)) co_await gather();
  bytes_stored_now_ = waiting_.front().bytes;
  budget_->held += bytes_stored_now_;
  handed_out_ = waiting_.front().held;
  WaitingPage page = take(waiting_.front());
  waiting_.pop_front();
  count();
  storing_ = true;
  changed_.tell();
  co_return page;
}

bool PageQueue::may_take_back(WaitingPage const& page) const {
  if (page.slice_end || page.is_awaited) return false;
  // The last ones wait for nothing but what is there already.
  if ((closed_ || draining_ > 0) && waiting_.empty()) return false;
  // If no page has come meanwhile, the next one takes longer than is worth waiting for.
  if (page.write.pages == handed_out_.pages) return false;
  return !handed_out_.since || std::chrono::steady_clock::now() - *handed_out_.since < limits_.held;
}

bool PageQueue::take_back(WaitingPage& page) {
  if (!may_take_back(page) || rows_of(page) > schema::most_rows_left) return false;
  Held const held{handed_out_.since.value_or(std::chrono::steady_clock::now()), page.write.pages};
  if (waiting_.empty()) {
    waiting_.push_front(first_of(std::move(page)));
  } else {
    auto& next = waiting_.front();
    auto const rows = rows_of(page), bytes = bytes_of(page);
    if (!next.group.add_before(page.write)) return false;
    next.rows += rows;
    next.bytes += bytes;
    next.page.repeated += page.repeated;
    std::ranges::move(page.places, std::back_inserter(next.page.places));
  }
  waiting_.front().held = held;
  count();
  return true;
}

}  // namespace affsync::sync
