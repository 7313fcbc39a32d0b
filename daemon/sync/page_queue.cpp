#include "daemon/sync/page_queue.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "schema/store/page_group.hpp"

namespace affsync::sync {
namespace {

// A transaction of this many rows costs hardly more a row than a larger one.
constexpr std::size_t most_rows_together = 5'000;
constexpr std::size_t most_rows_waiting = 5'000;
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

PageQueue::PageQueue(asio::any_io_executor const& executor)
    : changed_(executor, asio::steady_timer::time_point::max()) {}

bool PageQueue::has_room() const {
  return pages_.empty() || (rows_ < most_rows_waiting && bytes_ < most_bytes_waiting);
}

asio::awaitable<void> PageQueue::change() {
  boost::system::error_code ignored;  // always operation_aborted: it never expires
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void PageQueue::changed() {
  changed_.cancel();
}

asio::awaitable<void> PageQueue::push(WaitingPage page) {
  while (!has_room()) co_await change();
  rows_ += rows_of(page);
  bytes_ += bytes_of(page);
  pages_.push_back(std::move(page));
  changed();
}

asio::awaitable<void> PageQueue::drained() {
  while (storing_ || !pages_.empty()) co_await change();
}

void PageQueue::close() {
  closed_ = true;
  changed();
}

asio::awaitable<std::optional<WaitingPage>> PageQueue::next() {
  storing_ = false;
  changed();
  while (pages_.empty() && !closed_) co_await change();
  if (pages_.empty()) co_return std::nullopt;
  schema::PageGroup group;
  WaitingPage joined;
  while (!pages_.empty() && !joined.slice_end) {
    auto& page = pages_.front();
    auto const rows = rows_of(page), bytes = bytes_of(page);
    if (!group.empty() && group.rows() + rows > most_rows_together) break;
    if (!group.add(page.write)) break;
    joined.repeated += page.repeated;
    joined.is_awaited = joined.is_awaited || page.is_awaited;
    joined.slice_end = std::move(page.slice_end);
    rows_ -= rows;
    bytes_ -= bytes;
    pages_.pop_front();
  }
  joined.write = group.take();
  storing_ = true;
  changed();
  co_return joined;
}

}  // namespace affsync::sync
