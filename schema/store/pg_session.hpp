// One connection to PostgreSQL, and small helpers for statements. Only one thread at a time uses a
// session, and pqxx objects stay on that thread.
#pragma once

#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns a libpq keyword string: the user's URL, plus time limits, keepalives and an application
// name unless the user set them. Adds nothing to the start-up parameter `options`, because poolers
// refuse it. Throws Failure config_invalid without quoting the text, which may contain a password.
Secret connection_string(StoreOptions const& options);

// Returns the SET statements for every new session, without the settings that the user makes in
// `options` of database.url or in $PGOPTIONS. With `local`, SET LOCAL for one transaction.
std::string session_settings(StoreOptions const& options, bool local = false);
// Returns whether they limit the time of a statement: not if the user sets that limit.
bool limits_statements(StoreOptions const& options);

class PgSession {
 public:
  // Connects. Throws Failure database_unavailable, which never contains a password. `on_open` is
  // told of the connection before the first statement, which may wait for a pooler.
  using OnOpen = std::function<void(pqxx::connection&)>;
  explicit PgSession(StoreOptions const& options, OnOpen const& on_open = {});
  ~PgSession();

  pqxx::connection& connection() { return *connection_; }
  bool is_open() const;
  // Whether its server said last that it is a standby, or that the session takes no writes. False
  // before PostgreSQL 14, which says neither.
  bool is_read_only() const;
  // Is told that the executor is shutting down: what it runs is cancelled, and what follows within
  // one call should not go on. May be called from any thread.
  void ask_to_end() { asked_to_end_ = true; }
  bool is_asked_to_end() const { return asked_to_end_; }
  // True if a pooler is in between, which may give each transaction another session of the server:
  // settings and prepared statements last no longer than a transaction.
  bool is_pooled() const { return pooled_; }
  // From now on, each transaction acts as this role, which the user must be a member of.
  void act_as(std::string const& role);
  // Begins a transaction; see Transaction.
  std::string const& begin_sql() const { return begin_; }
  // Is told what the server's clock says; null if nobody wants to know.
  ServerClock* server_clock() const { return server_clock_.get(); }
  // Returns and clears the server's notices.
  std::vector<std::string> take_notices();

  // Names of the statements that this session prepared; see exec_prepared().
  std::set<std::string, std::less<>> prepared;

 private:
  struct Notices;
  void open(Secret const& text, StoreOptions const& options, OnOpen const& on_open);

  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Notices> notices_;
  std::atomic<bool> asked_to_end_{false};
  bool pooled_ = false;
  std::string begin_;
  std::shared_ptr<ServerClock> server_clock_;
};

using SqlParams = std::vector<std::optional<std::string>>;

// Runs one statement with parameters $1…; nullopt is NULL. A text must not contain U+0000: libpq
// would cut it there.
pqxx::result exec(pqxx::transaction_base& tx, std::string const& sql, SqlParams const& params);

// NULL is nullopt.
std::optional<std::string> text_of(pqxx::field const& field);
std::int64_t int_of(pqxx::field const& field);
// Reads a column selected with epoch_sql().
std::optional<TimePoint> time_of(pqxx::field const& field);
// Returns SQL that selects a timestamptz as microseconds since the epoch.
std::string epoch_sql(std::string_view expression);

// Format values as text for parameters.
std::optional<std::string> sql_time(std::optional<TimePoint> time);
std::optional<std::string> sql_day(std::optional<Day> day);
// Builds an array text {"a","b"} with quotes and backslashes escaped; nullptr becomes NULL.
class ArrayText {
 public:
  void add(char const* text);
  void add(std::string_view text);
  std::string take();

 private:
  std::string text_ = "{";
};

// Quotes an SQL identifier.
std::string quote_name(std::string_view name);

}  // namespace affsync::schema
