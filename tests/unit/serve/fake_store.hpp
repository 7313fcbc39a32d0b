// A store that answers as the test requires; it implements only what the pages use.
#pragma once

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

class FakeStore final : public schema::Store {
 public:
  std::vector<schema::StreamHealth> streams;
  Table table;
  std::optional<Error> problem;         // every call throws it
  std::optional<Error> health_problem;  // health() throws it
  bool hangs = false;                   // ping never returns by itself
  int pings = 0;
  int health_calls = 0;
  int standing_calls = 0;
  int queries = 0;
  bool holds_queries = false;  // a query waits until release()
  bool holds_health = false;   // so does health()
  std::shared_ptr<asio::steady_timer> held;
  void release() { held->cancel(); }
  asio::awaitable<void> hold() {
    held = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                asio::steady_timer::time_point::max());
    boost::system::error_code released;
    co_await held->async_wait(asio::redirect_error(asio::use_awaitable, released));
  }
  std::string sql;
  std::vector<std::optional<std::string>> parameters;

  asio::awaitable<std::vector<schema::StreamHealth>> health() override {
    ++health_calls;
    if (holds_health) co_await hold();
    if (health_problem) throw Failure(*health_problem);
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
    ++queries;
    if (holds_queries) co_await hold();
    if (problem) throw Failure(*problem);
    co_return table;
  }

  asio::awaitable<int> register_source(std::string, std::string, std::string) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<void> retire_sources_except(std::vector<std::string>) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<void> leave() override { throw std::logic_error("the pages must not call this"); }
  asio::awaitable<std::unique_ptr<schema::Lease>> try_lease(schema::StreamId) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::optional<schema::LeaseHolder>> lease_holder(schema::StreamId) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::StreamState> load_state(schema::StreamId) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::RunKey> begin_run(schema::RunStart) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::PageWritten> write_page(schema::PageWrite) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::SliceClosed> close_slice(schema::SliceClose) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::RunEnded> end_run(schema::RunEnd) override {
    throw std::logic_error("the pages must not call this");
  }
  void shut_down(std::chrono::milliseconds) override {}

  asio::awaitable<Table> query_for_page(std::string asked,
                                        std::vector<std::optional<std::string>> given) override {
    co_return co_await query(std::move(asked), std::move(given));
  }
  asio::awaitable<std::vector<schema::SourceRegistered>> register_sources(
      std::vector<schema::SourceRegistration>, std::vector<std::string>) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::PassClosed> close_pass(schema::PassClose) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::vector<schema::FileNote>> note_file(schema::StreamId,
                                                           schema::FileNote) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::vector<schema::QuarantinedLine>> read_quarantined(
      schema::StreamId, std::optional<schema::QuarantinePosition>, int) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::vector<std::string>> changed_after(schema::StreamId, std::string,
                                                          std::vector<schema::KeyAt>) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<void> resolve_quarantined(schema::RunKey, std::vector<std::int64_t>,
                                            TimePoint) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::vector<std::int64_t>> accept_quarantined(schema::Acceptance) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::Pruned> prune(schema::Retention, bool) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<bool> fold_earnings(int) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<bool> claim_for_today(std::string) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<schema::BlockState> load_block(schema::BlockKey) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::optional<schema::SourceBlock>> save_block(schema::BlockKey,
                                                                 schema::SourceBlock, Duration,
                                                                 bool) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::vector<int>> lift_blocks(std::vector<schema::BlockKey>) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<void> clear_block(schema::BlockKey) override {
    throw std::logic_error("the pages must not call this");
  }
  asio::awaitable<std::unique_ptr<schema::Lease>> try_login(schema::BlockKey) override {
    throw std::logic_error("the pages must not call this");
  }
};

}  // namespace affsync::serve
