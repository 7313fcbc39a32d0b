// Pages that were read and wait to be stored, in their order. While PostgreSQL is busy they gather,
// and what has gathered is stored in one transaction, since a transaction costs as much as some
// hundred rows. They are joined as they come, so that PostgreSQL does not wait for that. Use it
// from the I/O thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "connectors/engine/paging/slice.hpp"
#include "daemon/async/event.hpp"
#include "schema/store/page_group.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

namespace asio = boost::asio;

// One page, or several that are stored together.
struct WaitingPage {
  schema::PageWrite write;
  std::int64_t repeated = 0;                        // rows that earlier pages had as well
  std::optional<engine::SliceEnd> slice_end;        // to be closed after the write
  bool is_awaited = false;                          // the reader must learn how it was stored
  std::vector<std::shared_ptr<void const>> places;  // of large answers that it came from
  WaitingPage() = default;
};

// What the queues of all runs together hold, in bytes of the rows' text. A queue that is empty
// takes a page all the same, so that each run goes on.
struct QueueBudget {
  std::size_t most = 16 * 1024 * 1024;
  std::size_t held = 0;
};

struct QueueLimits {
  // How long a page waits for others to be stored with it. Pages that come faster are stored
  // together also when PostgreSQL has nothing to do. The first one does not wait: the store reads
  // what it needs of the table then, while others come.
  std::chrono::steady_clock::duration gathering = std::chrono::milliseconds(50);
  // How long pages of which hardly a row has to be stored wait for others, if these come quickly.
  std::chrono::steady_clock::duration held = std::chrono::milliseconds(250);
  // What may wait to be stored, in rows and in bytes of their text. A first load is no faster with
  // more: PostgreSQL is behind all the time.
  std::size_t rows = 6'000;
  std::size_t bytes = std::size_t{4} << 20U;
  // After so many rows no more may wait than usual: the keys of a long list need the memory.
  std::size_t rows_in_all = 1'000'000;

  // For a stream that has rows. The store is slow while it reads what is known of them, or changes
  // some, and quick otherwise; meanwhile the reader goes on.
  static QueueLimits of_known_rows() {
    QueueLimits limits;
    limits.rows = 20'000;
    limits.bytes = std::size_t{8} << 20U;
    return limits;
  }
};

class PageQueue {
 public:
  explicit PageQueue(std::shared_ptr<QueueBudget> budget, QueueLimits limits = {});
  PageQueue(PageQueue const&) = delete;
  PageQueue& operator=(PageQueue const&) = delete;
  ~PageQueue();

  // For the side that reads. Waits while too much waits already; a page of any size fits into an
  // empty queue. Cancellation throws operation_aborted, here and below.
  asio::awaitable<void> push(WaitingPage page);
  // Waits until everything is stored.
  asio::awaitable<void> drained();
  // No page follows.
  void close();

  // For the side that stores: waits for a page, and a moment for further ones that can be stored
  // with it. The pages that it returned before are stored now. nullopt after the last one.
  asio::awaitable<std::optional<WaitingPage>> next();
  // For the same side: whether next() may have pages back that it has just returned, so that they
  // are stored with those that come after them.
  bool may_take_back(WaitingPage const& page) const;
  // Takes them back, when most of their rows were left out, unless it is better to store them now.
  // Returns false then, and leaves `page` as it is.
  bool take_back(WaitingPage& page);

 private:
  class Draining;
  // Pages that were taken back.
  struct Held {
    std::optional<std::chrono::steady_clock::time_point> since;  // when the first of them was
    int pages = 0;
  };
  // Pages that are stored together. The write of `page` is in the group until then.
  struct Waiting {
    schema::PageGroup group;
    WaitingPage page;
    std::size_t rows = 0, bytes = 0;
    Held held;
  };

  bool has_room() const;
  // Whether it is worth waiting for another page before the first ones are stored.
  bool may_gather() const;
  static Waiting first_of(WaitingPage page);
  static bool join(Waiting& before, WaitingPage& page);
  static WaitingPage take(Waiting& waiting);
  // Adds the page to those that came last, if they can be stored together.
  bool join_last(WaitingPage& page);
  void count();
  asio::awaitable<void> gather();

  std::deque<Waiting> waiting_;
  Held handed_out_;                   // of the pages that next() returned last
  std::size_t rows_ = 0, bytes_ = 0;  // of the waiting pages
  std::size_t rows_pushed_ = 0;       // of all pages so far
  std::shared_ptr<QueueBudget> budget_;
  std::size_t bytes_stored_now_ = 0;
  bool storing_ = false;
  bool begun_ = false;  // the first page was handed out
  bool closed_ = false;
  QueueLimits const limits_;
  int draining_ = 0;  // how many wait until everything is stored
  async::Event changed_;
};

}  // namespace affsync::sync
