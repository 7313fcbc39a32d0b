// Query results for the pages, kept for a while. A page shows what is known: a query that takes
// long or fails leaves the last result standing, with the time it is from. Queries run one after
// another, on the sessions for pages, and a slow one is repeated less often, so that any number of
// open pages costs the database little. Results of reports are not kept. Lives on the I/O thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/query_lane.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// A result: `table` is null if there has not been any yet.
struct Reading {
  std::shared_ptr<schema::Store::Table const> table;
  std::optional<TimePoint> known_at;
  std::optional<Error> problem;  // why there is no newer one
};

class Readings {
 public:
  // `store` and `clock` are not owned.
  Readings(asio::any_io_executor executor, schema::Store& store, Clock const& clock);
  ~Readings();

  // Returns the results of the queries in their order; waits at most `patience` for all of them.
  asio::awaitable<std::vector<Reading>> read(std::vector<PageQuery> queries,
                                             std::chrono::milliseconds patience);

  // Returns the results known so far, without asking the database, which does not answer for `why`.
  std::vector<Reading> known(std::vector<PageQuery> const& queries, Error const& why);

  // Runs the queries of a report in turn with the others, each once for all who ask for it
  // meanwhile, and keeps nothing; an empty query has no rows. Throws Failure: timeout after
  // `patience`, throttled if too many reports wait.
  using Tables = std::vector<std::shared_ptr<schema::Store::Table const>>;
  asio::awaitable<Tables> read_once(std::vector<PageQuery> queries,
                                    std::chrono::milliseconds patience);

 private:
  struct Entry;

  std::shared_ptr<Entry> entry_of(PageQuery const& query);

  Clock const& clock_;
  QueryLane lane_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace affsync::serve
