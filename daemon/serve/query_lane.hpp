// The queries of pages and reports, one after another, whoever asks: those of pages first, since a
// page waits for a moment only. A query that nobody waits for any more when its turn comes is left
// out. Lives on the I/O thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/pending_call.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

struct PageQuery {
  std::string sql;
  std::vector<std::optional<std::string>> parameters;
  PageQuery() = default;
  PageQuery(std::string text, std::vector<std::optional<std::string>> given)
      : sql(std::move(text)), parameters(std::move(given)) {}
  friend bool operator==(PageQuery const&, PageQuery const&) = default;
};

class QueryLane {
 public:
  struct Result {
    std::shared_ptr<schema::Store::Table const> table;
    TimePoint at{};
    std::chrono::steady_clock::duration took{};
  };
  using Call = PendingCall<Result>;
  // So many queries of reports wait at most, two of each; what else is asked for is refused.
  static constexpr std::size_t most_of_reports = 16;

  // `store` and `clock` are not owned. Calls that have begun may outlive the lane, not them.
  QueryLane(asio::any_io_executor executor, schema::Store& store, Clock const& clock);
  ~QueryLane();
  QueryLane(QueryLane const&) = delete;
  QueryLane& operator=(QueryLane const&) = delete;

  // Returns the call of a page's query. It begins in its turn, unless nobody holds it by then.
  std::shared_ptr<Call> ask(PageQuery query);
  // The same of a report. Who asks for what is asked for already shares the call. Throws
  // Failure(throttled) if too many wait.
  std::shared_ptr<Call> ask_report(PageQuery query);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace affsync::serve
