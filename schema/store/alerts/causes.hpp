// Runs the query of one rule and brings affsync.alert to what it finds. Blocking; used on an
// executor's thread, within the transaction of judge_alerts().
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/alert_rules.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync::schema {

// Alerts that a rule opened, found again after they were closed, and closed.
struct CauseChanges {
  std::vector<std::int64_t> made, back, over;
  std::int64_t found = 0;
  bool written = false;  // something may have been stored
  CauseChanges() = default;
};

// Settings of the transaction in which the queries run. They look for what is recent, or for the
// first row of something, by indexes: PostgreSQL takes a table for quicker to read from its
// beginning if nearly any row would do, and reads all of it where none does.
inline constexpr auto query_settings = "SET LOCAL jit = off; SET LOCAL enable_seqscan = off";

struct JudgedScope;

// What all queries read beside their settings ($3), as JSON.
std::string alert_context(AlertPolicy const& policy, JudgedScope const& scope);
// The settings of a rule ($1) as JSON: the given ones, and the defaults of the others.
std::string alert_settings(AlertRuleInfo const& rule, AlertRule const* given);

// Whose alerts a daemon looks after; others may read other sources.
struct JudgedScope {
  std::optional<std::string> judged;  // ids, as an array; nullopt: all
  std::optional<std::string> closed;  // the same, and those that nobody reads any more
  std::string retired;                // the latter, and "id/stream" of such streams, as an array
  // Names of sources whose latest answers say that our clock or theirs is wrong by more than an
  // hour.
  std::vector<std::string> skewed;
  std::set<std::string> open;  // rules that have open alerts
  bool distributed = false;
};
JudgedScope scope_of(pqxx::transaction_base& tx, AlertPolicy const& policy);

// Throws pqxx::sql_error if the query fails.
CauseChanges find_causes(pqxx::transaction_base& tx, AlertRuleInfo const& rule,
                         AlertRule const* given, AlertPolicy const& policy,
                         JudgedScope const& scope);

// Closes what these rules had opened, without a word: they are off now.
void close_silently(pqxx::transaction_base& tx, std::vector<std::string> const& rules,
                    TimePoint now);

}  // namespace affsync::schema
