#include "daemon/serve/money_watch.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace affsync::serve {

namespace {

constexpr std::chrono::minutes shortest_pause{1};
constexpr std::chrono::hours longest_pause{1};
// The queries take at most a twentieth of one connection's time.
constexpr int pause_for_each_second = 20;

}  // namespace

boost::asio::awaitable<void> keep_money_fresh(schema::Store& store, Metrics& metrics,
                                              Clock const& clock, async::Sleeper& sleeper,
                                              Logger log) {
  for (;;) {
    auto const began = std::chrono::steady_clock::now();
    for (auto const& query : money_queries()) {
      std::vector<std::optional<std::string>> no_parameters;
      std::optional<Error> failed;
      try {
        auto const table = co_await store.query_for_page(query.sql, std::move(no_parameters));
        metrics.on_money(query.figure, money_lines(table), clock.now());
      } catch (Failure const& failure) {
        failed = failure.error();
      }
      if (failed) {
        log.debug("amounts for the metrics could not be read", {{"error", failed->message}});
      }
    }
    auto const took =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
    co_await sleeper.sleep(
        std::clamp<Duration>(took * pause_for_each_second, shortest_pause, longest_pause));
  }
}

}  // namespace affsync::serve
