// Base of every acceptance test: a private PostgreSQL (one database per test), a sandbox broker, a
// configuration file, and the affsync binary as a process. With AFFSYNC_TEST_POOLER=transaction (or
// session) the binary reaches that PostgreSQL through a PgBouncer of that mode. With
// AFFSYNC_TEST_CITUS=1 Citus distributes its tables; see on_citus.sh.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "tests/support/pooler_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sandbox_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {

// The summary of `sync --output json`.
struct Synced {
  int status = 0;
  Json summary;
  std::string out, err;
  long peak_memory_kib = 0;

  // A member of one stream's entry as text; "null" for null. Fails the test if it is missing.
  std::string of(std::string const& stream, std::string const& member) const;
  long count(std::string const& stream, std::string const& member) const;
};

class Acceptance : public testing::Test {
 protected:
  static constexpr char const* password = "planted-pässword \"7\"";

  static void SetUpTestSuite();
  void SetUp() override;
  void TearDown() override;

  // Starts the broker; `arguments` as in `affsync-sandbox --help`. Its history is small by default.
  SandboxProcess& start_broker(std::vector<std::string> arguments = {});
  SandboxProcess& broker() { return *broker_; }
  // More rewards than the broker has of a day. A row of the oldest day that it lists may be missing
  // because of its age; whoever removes rewards and expects all of them to be marked, whatever day
  // it is today, spares so many.
  static constexpr char const* oldest_rewards = "80";

  // YAML lines of the stream list, of the source, and of the top level of the file.
  std::string source_name = "main";
  std::string connector = "exness";
  std::string credentials_yaml = "{login: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}";
  std::string top_yaml;
  std::string database_options;  // libpq options, appended to the URL
  std::string streams_yaml;
  std::string source_yaml;
  std::string base_url;  // empty: that of the started broker
  std::string rate_limit_yaml = "{requests_per_second: 1000, burst: 1000, concurrency: 2}";
  // If set, the program runs its own server in that directory, and the test connects to it at that
  // URL. Empty: the program uses the test's server.
  std::string embedded_state, embedded_url;
  // Adds a connector file of that name; it replaces a shipped connector with the same name.
  void use_connector(std::string const& name, std::string_view text);
  static std::string shipped_connector(std::string const& name);
  // Writes the configuration from the members above.
  void configure();
  std::string config_text() const;
  // Replaces the database line of the configuration.
  void use_database(std::string const& value);
  // The private PostgreSQL, which each command starts and stops, in the test's directory.
  void use_embedded_database();
  // Replaces the test's database, which has the schema, by one as new, or by one without anything.
  void renew_database();
  void use_empty_database();
  std::string config_file() const { return (dir_.path() / "affsync.yaml").string(); }
  std::string database_url() const;
  // Shortly before the history of the default broker, so that few windows are empty.
  static std::string first_day();
  std::map<std::string, std::string> environment{{"SANDBOX_PASSWORD", password}};

  ProcessOptions command(std::vector<std::string> arguments) const;
  Finished affsync(std::vector<std::string> arguments, double seconds = 90) const;
  std::unique_ptr<Process> start(std::vector<std::string> arguments) const;
  Synced sync(std::vector<std::string> arguments = {}) const;

  // Waits until the query returns `wanted`; throws if the limit passes first.
  void wait_until(std::string const& sql, std::string const& wanted, double seconds = 60) const;
  // The first column of the first row; "" if there is no row or it is null.
  std::string query(std::string const& sql) const;
  std::vector<std::vector<std::string>> rows(std::string const& sql) const;
  void execute(std::string const& sql) const;

  // Compares the live rows of a stream, and their exact sums by currency, with the broker's books
  // of a feed. `sums`: the broker's field -> affsync's column. Without `by_currency` a sum is over
  // all rows, because the values have one currency whatever the currency of the rows is.
  void expect_book_equal(std::string const& feed, std::string const& table,
                         std::string const& stream, std::map<std::string, std::string> const& sums,
                         bool by_currency = true) const;
  // Compares the clients, accounts and rewards of Exness.
  void expect_books_equal() const;

  void create_database(std::string const& copied_from);

  TempDir dir_;
  std::string database_;
  std::unique_ptr<PoolerProcess> pooler_;  // none unless AFFSYNC_TEST_POOLER is set
  std::unique_ptr<SandboxProcess> broker_;
};

}  // namespace affsync::test
