#include <algorithm>
#include <chrono>
#include <set>

#include "base/alert_rules.hpp"
#include "schema/store/alerts/alerts.hpp"
#include "schema/store/alerts/causes.hpp"
#include "schema/store/alerts/telling.hpp"
#include "schema/store/alerts/turn.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/savepoint.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr std::chrono::milliseconds slow_rule{1'000};

AlertRule const* given_for(AlertPolicy const& policy, std::string const& rule) {
  auto const found = std::ranges::find(policy.rules, rule, &AlertRule::name);
  return found == policy.rules.end() ? nullptr : &*found;
}

void add_all(std::vector<std::int64_t>& to, std::vector<std::int64_t> const& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void note_rule(pqxx::transaction_base& tx, std::string const& rule, TimePoint now,
               std::chrono::milliseconds took, std::int64_t causes,
               std::optional<std::string> const& error) {
  SqlParams const params{rule, sql_time(now), std::to_string(took.count()), std::to_string(causes),
                         error};
  exec(tx,
       "INSERT INTO affsync.alert_rule AS r (rule, judged_at, took_ms, causes, failed_at, error)"
       " VALUES ($1, $2::timestamptz, $3::bigint, $4::int, CASE WHEN $5::text IS NOT NULL"
       " THEN $2::timestamptz END, $5) ON CONFLICT (rule) DO UPDATE SET"
       " judged_at = excluded.judged_at, took_ms = excluded.took_ms,"
       " causes = CASE WHEN excluded.error IS NULL THEN excluded.causes ELSE r.causes END,"
       " failed_at = excluded.failed_at, error = excluded.error",
       params);
}

AlertChanges::Failed failure_of(std::string const& rule, std::string const& message) {
  AlertChanges::Failed failed;
  failed.rule = rule;
  failed.error = Error(ErrorCode::database_error, message,
                       "Its alerts stay as they were; the other rules are not affected.");
  return failed;
}

// See judge_alerts(). So a rule never takes more than a twentieth of a session. One that failed has
// still failed.
std::set<std::string> resting(pqxx::transaction_base& tx, TimePoint now, AlertChanges& changes) {
  std::set<std::string> rules;
  SqlParams const params{sql_time(now), std::to_string(slow_rule.count())};
  for (auto const& row :
       exec(tx,
            "SELECT rule, error FROM affsync.alert_rule WHERE took_ms > $2::bigint"
            " AND judged_at <= $1::timestamptz AND $1::timestamptz < judged_at"
            " + least(20 * took_ms * interval '1 millisecond', interval '10 minutes')",
            params)) {
    rules.emplace(row[0].c_str());
    if (!row[1].is_null()) changes.failed.push_back(failure_of(row[0].c_str(), row[1].c_str()));
  }
  return rules;
}

// What a rule or the quiet hours fail with is theirs, unless the whole is to end.
void rethrow_if_ending(PgSession const& session) {
  if (session.is_asked_to_end()) throw;
}

// Judges one rule; a failure is noted, and leaves its alerts as they were.
void judge_rule(PgSession& session, pqxx::transaction_base& tx, AlertRuleInfo const& rule,
                AlertPolicy const& policy, JudgedScope const& scope, CauseChanges& all,
                AlertChanges& changes) {
  auto const begun = std::chrono::steady_clock::now();
  std::optional<AlertChanges::Failed> failed;
  CauseChanges found;
  try {
    Savepoint savepoint(tx);
    found = find_causes(tx, rule, given_for(policy, rule.name), policy, scope);
    savepoint.release();
  } catch (pqxx::broken_connection const&) {
    throw;
  } catch (pqxx::sql_error const& error) {
    rethrow_if_ending(session);
    failed = failure_of(rule.name, "the rule " + rule.name + " failed: " + one_line(error.what()));
  }
  std::optional<std::string> error;
  if (failed) error = failed->error.message;
  auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  if (took > slow_rule) changes.took_by_slow += took;
  note_rule(tx, rule.name, policy.now, took, found.found, error);
  if (failed) changes.failed.push_back(std::move(*failed));
  add_all(all.made, found.made);
  add_all(all.back, found.back);
  add_all(all.over, found.over);
}

void close_what_is_off(pqxx::transaction_base& tx, AlertPolicy const& policy) {
  std::vector<std::string> off;
  for (auto const& rule : policy.rules) {
    if (!rule.enabled) off.push_back(rule.name);
  }
  close_silently(tx, off, policy.now);
}

void notify_alerts(pqxx::transaction_base& tx, std::vector<std::int64_t> const& ids,
                   char const* state) {
  ArrayText numbers;
  for (auto const id : ids) numbers.add(std::string_view(std::to_string(id)));
  SqlParams const params{numbers.take(), state};
  exec(tx,
       "SELECT pg_notify('affsync', jsonb_build_object('alert', a.alert_id, 'rule', a.rule,"
       " 'state', $2::text, 'source', a.source, 'stream', a.stream)::text) FROM affsync.alert a"
       " WHERE a.alert_id = ANY ($1::bigint[]) ORDER BY a.alert_id",
       params);
}

std::optional<TimePoint> quiet_end(PgSession& session, pqxx::transaction_base& tx,
                                   AlertPolicy const& policy, AlertChanges& changes) {
  if (!policy.quiet) return std::nullopt;
  try {
    Savepoint savepoint(tx);
    auto const end = quiet_until(tx, *policy.quiet, policy.now);
    savepoint.release();
    return end;
  } catch (pqxx::sql_error const& error) {
    rethrow_if_ending(session);
    changes.quiet_failed =
        Error(ErrorCode::database_error, "quiet hours do not count: " + one_line(error.what()),
              "The database's server has to know the time zone.");
    return std::nullopt;
  }
}

}  // namespace

AlertChanges judge_alerts(PgSession& session, AlertPolicy const& policy) {
  AlertChanges changes;
  Transaction tx(session);
  if (!take_turn(tx, "affsync.alert_rule")) {
    changes.busy = true;
    return changes;
  }
  tx.exec("SET LOCAL statement_timeout = " + std::to_string(policy.rule_limit.count()));
  tx.exec(query_settings);
  auto const scope = scope_of(tx, policy);
  auto const rests = resting(tx, policy.now, changes);
  CauseChanges all;
  for (auto const& rule : alert_rules()) {
    auto const* given = given_for(policy, rule.name);
    bool const is_on = given == nullptr || given->enabled;
    if (is_on && !rests.contains(rule.name))
      judge_rule(session, tx, rule, policy, scope, all, changes);
  }
  close_what_is_off(tx, policy);
  Telling telling(tx, policy, scope, quiet_end(session, tx, policy, changes));
  telling.come_back(all.back);
  telling.changed(all.over);
  changes.grown = telling.tell();
  changes.messages = telling.messages();
  changes.opened = std::move(all.made);
  add_all(changes.opened, all.back);
  changes.closed = std::move(all.over);
  if (!changes.opened.empty()) notify_alerts(tx, changes.opened, "opened");
  if (!changes.closed.empty()) notify_alerts(tx, changes.closed, "closed");
  tx.commit();
  return changes;
}

}  // namespace affsync::schema
