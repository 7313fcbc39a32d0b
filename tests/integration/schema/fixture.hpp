// A private PostgreSQL with one database per test, and short helpers for the store.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>
#include <pqxx/connection>
#include <string>
#include <utility>
#include <vector>

#include "schema/store/store.hpp"

namespace affsync::schema::test {

// Runs the store's coroutines to their end.
class Loop {
 public:
  template <class T>
  T run(asio::awaitable<T> work) {
    auto future = asio::co_spawn(io_, std::move(work), asio::use_future);
    io_.restart();
    io_.run();
    return future.get();
  }
  // The code that `work` fails with; nullopt if it succeeds.
  template <class T>
  std::optional<ErrorCode> code_of(asio::awaitable<T> work) {
    try {
      run(std::move(work));
    } catch (Failure const& failure) {
      last_message = failure.what();
      return failure.error().code;
    }
    return std::nullopt;
  }
  asio::io_context& io() { return io_; }
  std::string last_message;  // of the last failure that code_of() met

 private:
  asio::io_context io_;
};

// One row to store, with only the values that matter to the test.
struct TestRow {
  std::string key;
  std::vector<std::pair<std::string, std::optional<std::string>>> values;
  std::string raw = "{}";
};
Batch batch_of(std::string_view table, std::vector<TestRow> const& rows);

using Cells = std::vector<std::optional<std::string>>;

// Creates an empty database and returns its URL.
std::string make_database();
StoreOptions options_for(std::string url);
// Runs one statement on its own connection; returns the rows as text.
std::vector<Cells> sql(std::string const& url, std::string const& statement);
// The same on a connection that is used for many, which takes a fraction of the time.
std::vector<Cells> sql(pqxx::connection& connection, std::string const& statement);
// The only cell of the only row; "(null)" for NULL.
std::string sql_value(std::string const& url, std::string const& statement);
std::string sql_value(pqxx::connection& connection, std::string const& statement);

// A database with the schema, a store, and a source.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest();
  // In a database that has the schema already.
  explicit StoreTest(std::string migrated);

  std::unique_ptr<Store> make_store();
  RunKey begin(std::string const& stream = "feed", std::string const& mode = "full");
  RunKey begin_on(Store& store, std::string const& stream = "feed");
  PageWrite page(RunKey const& run, std::vector<Batch> batches, std::string checkpoint = "{}");
  PageWritten write(RunKey const& run, std::string_view table, std::vector<TestRow> const& rows);
  SliceClose slice(RunKey const& run, std::string_view table,
                   std::vector<std::string> const& seen_keys);
  // Closes a pass all of whose slices are closed.
  PassClosed close_pass(RunKey const& run, std::string_view table, double mass_drop_limit = 0.1,
                        bool whole = true, bool full = true);
  // Marks as deleted the only row of the stream that is none of these.
  void vanish(std::string const& stream, std::string_view table,
              std::vector<std::string> const& others);
  // Stores what the connector declares about a feed, as registration does.
  void declare(std::string const& stream, std::string const& table, bool in_reports,
               std::optional<bool> has_paid_state = std::nullopt);
  void end(RunKey const& run, bool success = true, bool full_pass = true);

  std::vector<Cells> rows(std::string const& statement) { return sql(url, statement); }
  std::string value(std::string const& statement) { return sql_value(url, statement); }

  std::string const url;
  Loop loop;
  std::unique_ptr<Store> store;
  int source = 0;
  TimePoint now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
};

}  // namespace affsync::schema::test
