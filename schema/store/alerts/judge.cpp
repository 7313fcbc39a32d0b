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

// What the rules came to, stored at once: one statement however many they are.
class RuleNotes {
 public:
  void add(std::string const& rule, std::chrono::milliseconds took, std::int64_t causes,
           std::optional<std::string> const& error) {
    rules_.add(std::string_view(rule));
    took_.add(std::string_view(std::to_string(took.count())));
    causes_.add(std::string_view(std::to_string(causes)));
    errors_.add(error ? error->c_str() : nullptr);
  }

  void store(pqxx::transaction_base& tx, TimePoint now) {
    SqlParams const params{sql_time(now), rules_.take(), took_.take(), causes_.take(),
                           errors_.take()};
    exec(tx,
         "INSERT INTO affsync.alert_rule AS r (rule, judged_at, took_ms, causes, failed_at, error)"
         " SELECT n.rule, $1::timestamptz, n.took_ms, n.causes,"
         " CASE WHEN n.error IS NOT NULL THEN $1::timestamptz END, n.error"
         " FROM unnest($2::text[], $3::bigint[], $4::int[], $5::text[])"
         " AS n (rule, took_ms, causes, error) ON CONFLICT (rule) DO UPDATE SET"
         " judged_at = excluded.judged_at, took_ms = excluded.took_ms,"
         " causes = CASE WHEN excluded.error IS NULL THEN excluded.causes ELSE r.causes END,"
         " failed_at = excluded.failed_at, error = excluded.error",
         params);
  }

 private:
  ArrayText rules_, took_, causes_, errors_;
};

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

// The rules of one transaction. A failure is noted, and leaves the alerts of its rule as they were.
class JudgedRules {
 public:
  JudgedRules(PgSession& session, pqxx::transaction_base& tx, AlertPolicy const& policy,
              JudgedScope const& scope, AlertChanges& changes)
      : session_(session), tx_(tx), policy_(policy), scope_(scope), changes_(changes) {}

  void judge(AlertRuleInfo const& rule) {
    auto const begun = std::chrono::steady_clock::now();
    std::optional<AlertChanges::Failed> failed;
    CauseChanges found;
    try {
      // As long as nothing is stored, one for all: the database may be far away.
      if (!savepoint_) savepoint_.emplace(tx_);
      found = find_causes(tx_, rule, given_for(policy_, rule.name), policy_, scope_);
      if (found.written) {
        savepoint_->release();
        savepoint_.reset();
      }
    } catch (pqxx::broken_connection const&) {
      throw;
    } catch (pqxx::sql_error const& error) {
      savepoint_.reset();
      rethrow_if_ending(session_);
      failed =
          failure_of(rule.name, "the rule " + rule.name + " failed: " + one_line(error.what()));
    }
    std::optional<std::string> error;
    if (failed) error = failed->error.message;
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    if (took > slow_rule) changes_.took_by_slow += took;
    notes_.add(rule.name, took, found.found, error);
    if (failed) changes_.failed.push_back(std::move(*failed));
    add_all(all_.made, found.made);
    add_all(all_.back, found.back);
    add_all(all_.over, found.over);
  }

  // What all of them changed; call it once.
  CauseChanges take() {
    if (savepoint_) savepoint_->release();
    savepoint_.reset();
    notes_.store(tx_, policy_.now);
    return std::move(all_);
  }

 private:
  PgSession& session_;
  pqxx::transaction_base& tx_;
  AlertPolicy const& policy_;
  JudgedScope const& scope_;
  AlertChanges& changes_;
  std::optional<Savepoint> savepoint_;
  RuleNotes notes_;
  CauseChanges all_;
};

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
  JudgedRules rules(session, tx, policy, scope, changes);
  for (auto const& rule : alert_rules()) {
    auto const* given = given_for(policy, rule.name);
    bool const is_on = given == nullptr || given->enabled;
    if (is_on && !rests.contains(rule.name)) rules.judge(rule);
  }
  auto all = rules.take();
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
