// A store that answers what the test says; only what the pages ask is there.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "schema/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

class FakeStore final : public schema::Store {
 public:
  std::vector<schema::StreamHealth> streams;
  Table table;
  std::optional<Error> problem;  // every call throws it
  bool hangs = false;            // ping never comes back by itself
  int pings = 0;
  int health_calls = 0;
  int standing_calls = 0;
  std::string sql;
  std::vector<std::optional<std::string>> parameters;

  asio::awaitable<std::vector<schema::StreamHealth>> health() override {
    ++health_calls;
    if (problem) throw Failure(*problem);
    co_return streams;
  }
  asio::awaitable<std::vector<schema::StreamHealth>> standing() override {
    ++standing_calls;
    if (problem) throw Failure(*problem);
    co_return streams;
  }
  asio::awaitable<void> ping() override {
    ++pings;
    if (hangs) {
      asio::steady_timer never(co_await asio::this_coro::executor,
                               asio::steady_timer::time_point::max());
      co_await never.async_wait(asio::use_awaitable);
    }
    if (problem) throw Failure(*problem);
  }
  asio::awaitable<Table> query(std::string asked,
                               std::vector<std::optional<std::string>> given) override {
    sql = std::move(asked);
    parameters = std::move(given);
    if (problem) throw Failure(*problem);
    co_return table;
  }

  asio::awaitable<int> register_source(std::string, std::string, std::string) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<void> retire_sources_except(std::vector<std::string>) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<std::unique_ptr<schema::Lease>> try_lease(schema::StreamId) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<schema::StreamState> load_state(schema::StreamId) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<schema::RunKey> begin_run(schema::RunStart) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<schema::PageWritten> write_page(schema::PageWrite) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<schema::SliceClosed> close_slice(schema::SliceClose) override {
    throw std::logic_error("not for pages");
  }
  asio::awaitable<void> end_run(schema::RunEnd) override {
    throw std::logic_error("not for pages");
  }
  void shut_down(std::chrono::milliseconds) override {}
};

}  // namespace affsync::serve
