// Sends requests of a run ahead: while the answer to one is awaited or stored, those that will
// follow it are under way already. Answers are used strictly in the order of the requests that the
// run asks for, however they arrive. Use it from the I/O thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/async/event.hpp"
#include "daemon/async/task_group.hpp"

namespace affsync::sync {

namespace asio = boost::asio;

// What all runs together keep of answers that were asked for ahead of their turn, in bytes of their
// text; parsed they take four to five times as much memory. A request under way counts as much as
// the run's last answer.
struct AheadBudget {
  std::size_t most = 2'500'000;
  std::size_t held = 0;
  // A run may keep this much whatever the others do: they must not hold up one with small pages.
  std::size_t always_for_a_run = 128 * 1024;
};

class Prefetch {
 public:
  // Sends a request until it has a good answer or a final error. `is_asked` becomes true when the
  // run waits for that answer.
  using Fetch = std::function<asio::awaitable<Result<engine::Answer>>(
      HttpRequest request, std::shared_ptr<bool const> is_asked)>;

  struct Fetched {
    Result<engine::Answer> answer;
    TimePoint arrived_at;
    Fetched(Result<engine::Answer> its_answer, TimePoint at)
        : answer(std::move(its_answer)), arrived_at(at) {}
  };

  // `concurrency`: requests under way at the same time.
  Prefetch(asio::any_io_executor executor, Fetch fetch, Clock& clock, std::size_t concurrency,
           std::shared_ptr<AheadBudget> budget);
  Prefetch(Prefetch const&) = delete;
  Prefetch& operator=(Prefetch const&) = delete;
  ~Prefetch();  // after stop()

  // Returns how many requests ahead are of use: those under way, and as many whose answers wait.
  std::size_t reach() const { return 2 * concurrency_; }

  // Returns the answer to `request`, which is sent now unless it is under way or has been answered.
  // `ahead`: the requests that will follow, in order. They are sent as far as concurrency and
  // budget allow. `later`: requests that will be needed after more that is not known yet; they are
  // not sent, but those that were sent before are kept for some minutes. Requests that are none of
  // these are cancelled, and their answers dropped: what was foreseen when they were sent has
  // changed. If a request that was sent ahead failed for a
  // transient reason, it is sent once more by itself, and from then on all are sent one at a time:
  // perhaps the broker does not bear several at once. Cancellation throws operation_aborted.
  asio::awaitable<Fetched> answer_to(HttpRequest request, std::vector<HttpRequest> ahead,
                                     std::vector<HttpRequest> later = {});

  // Cancels all requests; nothing is sent ahead any more.
  void cancel();
  // Cancels all requests and waits until they have ended.
  asio::awaitable<void> stop();

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;
  EntryPtr find(HttpRequest const& request) const;
  EntryPtr start(HttpRequest request, bool is_asked);
  // Counts so many bytes for the entry in place of those before.
  void hold(Entry& entry, std::size_t bytes);
  asio::awaitable<void> wait_for(EntryPtr entry);
  void drop(EntryPtr const& entry);
  void drop_others(HttpRequest const* request);
  void cease();  // foresees nothing any more
  // Drops the last of the answers that are kept for later. Returns false if there is none.
  bool drop_kept();
  void send_ahead();
  bool has_turn() const;
  bool has_memory() const;
  asio::awaitable<void> fetch(EntryPtr entry, HttpRequest request);

  Fetch fetch_;
  Clock& clock_;
  std::size_t concurrency_;
  std::shared_ptr<AheadBudget> budget_;
  std::list<EntryPtr> entries_;     // under way, or answered and not used yet
  std::vector<HttpRequest> ahead_;  // what will follow, in order
  std::vector<HttpRequest> later_;  // what will follow behind more that is not known yet
  std::size_t typical_bytes_ = 0;   // of an answer
  std::size_t held_ = 0;            // of this run in the budget
  bool one_at_a_time_ = false;
  async::Event arrived_;  // an answer
  async::TaskGroup tasks_;
};

}  // namespace affsync::sync
