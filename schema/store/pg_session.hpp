// One connection to PostgreSQL: how it is made, and the small helpers that every statement uses.
// A session is used by one thread at a time; nothing of pqxx leaves that thread.
#pragma once

#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include <cstdint>
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

// A libpq keyword string: the user's URL with time limits, keepalives and an application name
// where the user gave none. Nothing of ours goes into the start-up parameter `options`: poolers
// refuse it. Throws Failure config_invalid, without quoting the text, which may hold a password.
Secret connection_string(StoreOptions const& options);

// What every session is set to once it is connected, as one text of statements; but for what the
// user sets in `options` of database.url, or in $PGOPTIONS.
std::string session_settings(StoreOptions const& options);

class PgSession {
 public:
  // Connects. Throws Failure database_unavailable; a password never shows in it.
  explicit PgSession(StoreOptions const& options);
  ~PgSession();

  pqxx::connection& connection() { return *connection_; }
  bool is_open() const;
  // The server's process, as the server says. What the connection knows of itself may be a pooler's
  // invention.
  int process() const { return process_; }
  // Throws Failure database_unavailable when the server process that has just answered is another:
  // something between hands connections over from transaction to transaction.
  void demand_process(int answered) const;
  // What the server had to say beside results; cleared by the call.
  std::vector<std::string> take_notices();

  // Names of the temporary tables that this session has made.
  std::set<std::string, std::less<>> staging;

 private:
  struct Notices;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Notices> notices_;
  int process_ = 0;
};

using SqlParams = std::vector<std::optional<std::string>>;

// Runs one statement with parameters $1…; nullopt is NULL. A text with U+0000 in it must not come
// here: libpq would cut it.
pqxx::result exec(pqxx::transaction_base& tx, std::string const& sql, SqlParams const& params);

// NULL is nullopt.
std::optional<std::string> text_of(pqxx::field const& field);
std::int64_t int_of(pqxx::field const& field);
// Of a column selected as extract(epoch …) * 1000000.
std::optional<TimePoint> time_of(pqxx::field const& field);
// The SQL that selects a timestamptz in that form.
std::string epoch_sql(std::string_view expression);

// Input texts for parameters.
std::optional<std::string> sql_time(std::optional<TimePoint> time);
std::optional<std::string> sql_day(std::optional<Day> day);
// {"a","b"} with quotes and backslashes escaped; nullptr becomes NULL.
class ArrayText {
 public:
  void add(char const* text);
  void add(std::string_view text);
  std::string take();

 private:
  std::string text_ = "{";
};

// Quoted as an identifier.
std::string quote_name(std::string_view name);

}  // namespace affsync::schema
