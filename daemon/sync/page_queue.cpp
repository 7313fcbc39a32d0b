#include "daemon/sync/page_queue.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace affsync::sync {
namespace {

// A transaction of this many rows costs hardly more a row than a larger one.
constexpr std::size_t most_rows_together = 8'000;
constexpr std::size_t most_rows_waiting = 6'000;
constexpr std::size_t most_bytes_waiting = 4 * 1024 * 1024;

std::size_t rows_of(WaitingPage const& page) {
  std::size_t rows = 0;
  for (auto const& batch : page.write.batches) rows += batch.size();
  return rows;
}

std::size_t bytes_of(WaitingPage const& page) {
  std::size_t bytes = 0;
  for (auto const& batch : page.write.batches) bytes += batch.text_bytes();
  return bytes;
}

}  // namespace

// Counts one who waits until everything is stored, for as long as it lives.
class PageQueue::Draining {
 public:
  explicit Draining(PageQueue& queue) : queue_(queue) {
    ++queue_.draining_;
    queue_.changed();
  }
  Draining(Draining const&) = delete;
  Draining& operator=(Draining const&) = delete;
  ~Draining() { --queue_.draining_; }

 private:
  PageQueue& queue_;
};

PageQueue::PageQueue(asio::any_io_executor const& executor, std::shared_ptr<QueueBudget> budget,
                     std::chrono::steady_clock::duration gathering)
    : budget_(std::move(budget)),
      longest_gathering_(gathering),
      changed_(executor, asio::steady_timer::time_point::max()),
      gathering_(executor) {}

PageQueue::~PageQueue() {
  budget_->held -= bytes_ + bytes_stored_now_;
}

bool PageQueue::has_room() const {
  return waiting_.empty() || (rows_ < most_rows_waiting && bytes_ < most_bytes_waiting &&
                              budget_->held < budget_->most);
}

asio::awaitable<void> PageQueue::change() {
  boost::system::error_code ignored;  // always operation_aborted: it never expires
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void PageQueue::changed() {
  changed_.cancel();
  gathering_.cancel();
}

bool PageQueue::may_gather() const {
  if (waiting_.size() != 1 || closed_ || draining_ > 0 || !has_room()) return false;
  auto const& page = waiting_.front().page;
  return !page.slice_end && !page.is_awaited;
}

asio::awaitable<void> PageQueue::gather() {
  gathering_.expires_after(longest_gathering_);
  while (may_gather()) {
    boost::system::error_code interrupted;  // by a change, or because the run is cancelled
    co_await gathering_.async_wait(asio::redirect_error(asio::use_awaitable, interrupted));
    if (!interrupted) co_return;
  }
}

bool PageQueue::join(WaitingPage& page, std::size_t rows, std::size_t bytes) {
  if (waiting_.empty()) return false;
  auto& last = waiting_.back();
  if (last.page.slice_end || last.group.rows() + rows > most_rows_together) return false;
  if (!last.group.add(page.write)) return false;
  last.bytes += bytes;
  last.page.repeated += page.repeated;
  last.page.is_awaited = last.page.is_awaited || page.is_awaited;
  last.page.slice_end = std::move(page.slice_end);
  return true;
}

asio::awaitable<void> PageQueue::push(WaitingPage page) {
  while (!has_room()) co_await change();
  auto const rows = rows_of(page), bytes = bytes_of(page);
  if (!join(page, rows, bytes)) {
    auto& added = waiting_.emplace_back();
    added.group.add(page.write);  // always taken
    added.bytes = bytes;
    added.page.repeated = page.repeated;
    added.page.is_awaited = page.is_awaited;
    added.page.slice_end = std::move(page.slice_end);
  }
  rows_ += rows;
  bytes_ += bytes;
  budget_->held += bytes;
  changed();
}

asio::awaitable<void> PageQueue::drained() {
  Draining const draining(*this);
  while (storing_ || !waiting_.empty()) co_await change();
}

void PageQueue::close() {
  closed_ = true;
  changed();
}

asio::awaitable<std::optional<WaitingPage>> PageQueue::next() {
  storing_ = false;
  budget_->held -= std::exchange(bytes_stored_now_, 0);
  changed();
  while (waiting_.empty() && !closed_) co_await change();
  if (waiting_.empty()) co_return std::nullopt;
  if (std::exchange(begun_, true)) co_await gather();
  auto& first = waiting_.front();
  rows_ -= first.group.rows();
  bytes_ -= first.bytes;
  bytes_stored_now_ = first.bytes;
  WaitingPage joined = std::move(first.page);
  joined.write = first.group.take();
  waiting_.pop_front();
  storing_ = true;
  changed();
  co_return joined;
}

}  // namespace affsync::sync
