#include "schema/store/alerts/missed.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "schema/store/alerts/telling.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

constexpr auto waits = "m.sent_at IS NULL AND m.given_up_at IS NULL AND m.merged_into IS NULL";

std::string names_of(std::vector<std::string> const& receivers) {
  ArrayText names;
  for (auto const& name : receivers) names.add(std::string_view(name));
  return names.take();
}

// Others may look after other sources, and have other receivers. Whose message about no source it
// is nobody knows, so such a one waits for a day, as long as any message does.
void give_up_for_gone(pqxx::transaction_base& tx, AlertPolicy const& policy,
                      JudgedScope const& scope) {
  SqlParams const params{sql_time(policy.now), names_of(policy.receivers), scope.closed};
  exec(tx,
       std::string("UPDATE affsync.alert_message m SET given_up_at = $1::timestamptz,"
                   " missed = true, lease_token = NULL, lease_until = NULL,"
                   " last_error = 'the receiver is no longer configured' WHERE ") +
           waits +
           " AND m.receiver <> ALL ($2::text[])"
           " AND (m.lease_until IS NULL OR m.lease_until <= $1::timestamptz)"
           " AND ($3::int[] IS NULL"
           " OR greatest(m.created_at, m.not_before) <= $1::timestamptz - interval '1 day'"
           " OR NOT EXISTS (SELECT FROM affsync.alert a WHERE a.alert_id = ANY (m.alert_ids)"
           " AND (a.source_id IS NULL OR a.source_id <> ALL ($3::int[]))))",
       params);
}

void note_missed(pqxx::transaction_base& tx) {
  tx.exec(
      "WITH gone AS (UPDATE affsync.alert_message SET missed = false WHERE missed"
      " RETURNING message_id, receiver, kind, alert_ids), missed AS (SELECT u.alert_id,"
      " array_agg(DISTINCT g.receiver) AS receivers FROM gone g"
      " CROSS JOIN LATERAL unnest(g.alert_ids) AS u(alert_id) WHERE g.kind <> 'closed'"
      // A later message tells it, or will.
      " AND NOT EXISTS (SELECT FROM affsync.alert_message l WHERE l.receiver = g.receiver"
      " AND l.message_id > g.message_id AND l.kind <> 'closed' AND l.given_up_at IS NULL"
      " AND u.alert_id = ANY (l.alert_ids)) GROUP BY 1)"
      " UPDATE affsync.alert a SET told_to ="
      " ARRAY(SELECT unnest(a.told_to) EXCEPT SELECT unnest(n.receivers)), missed_by ="
      " ARRAY(SELECT unnest(a.missed_by) UNION SELECT unnest(n.receivers))"
      " FROM missed n WHERE a.alert_id = n.alert_id"
      " AND (a.closed_at IS NULL OR a.over_told_at IS NULL)");
}

}  // namespace

std::vector<std::string> receivers_of(AlertPolicy const& policy, std::string const& rule) {
  for (auto const& given : policy.rules) {
    if (given.name != rule || given.receivers.empty()) continue;
    std::vector<std::string> some;
    for (auto const& name : policy.receivers) {
      if (std::ranges::find(given.receivers, name) != given.receivers.end()) some.push_back(name);
    }
    return some;
  }
  return policy.receivers;
}

void settle_messages(pqxx::transaction_base& tx, AlertPolicy const& policy,
                     JudgedScope const& scope, std::optional<TimePoint> quiet) {
  auto const due = quiet.value_or(policy.now);
  auto const latest = due + std::max<Duration>(for_stragglers, policy.settle);
  std::string const too_late = std::string(waits) +
                               " AND m.attempts = 0 AND m.lease_token IS NULL"
                               " AND m.not_before > $1::timestamptz";
  SqlParams const asked{sql_time(latest), names_of(policy.receivers)};
  auto const any = exec(tx,
                        "SELECT EXISTS (SELECT FROM affsync.alert_message WHERE missed)"
                        " OR EXISTS (SELECT FROM affsync.alert_message m WHERE " +
                            too_late + ") OR EXISTS (SELECT FROM affsync.alert_message m WHERE " +
                            waits + " AND m.receiver <> ALL ($2::text[]))",
                        asked)[0][0]
                       .as<bool>();
  if (!any) return;
  lock_messages(tx);
  give_up_for_gone(tx, policy, scope);
  note_missed(tx);
  SqlParams const params{sql_time(latest), sql_time(due)};
  exec(tx, "UPDATE affsync.alert_message m SET not_before = $2::timestamptz WHERE " + too_late,
       params);
}

void tell_others(pqxx::transaction_base& tx, AlertPolicy const& policy, JudgedScope const& scope) {
  SqlParams const params{names_of(policy.receivers), scope.judged};
  std::map<std::int64_t, std::string> rules;
  std::map<std::int64_t, std::set<std::string>> told_to;
  for (auto const& row :
       exec(tx,
            "SELECT a.alert_id, a.rule, t.name FROM affsync.alert a"
            " LEFT JOIN LATERAL unnest(a.told_to) AS t(name) ON true WHERE a.closed_at IS NULL"
            " AND a.told_at IS NOT NULL AND a.told_to IS NOT NULL AND a.flapping_since IS NULL"
            " AND NOT a.told_to @> $1::text[] AND NOT a.missed_by && $1::text[]"
            " AND ($2::int[] IS NULL OR a.source_id IS NULL OR a.source_id = ANY ($2::int[]))",
            params)) {
    auto const id = int_of(row[0]);
    rules[id] = row[1].c_str();
    if (auto name = text_of(row[2])) told_to[id].insert(std::move(*name));
  }
  ArrayText anew;
  bool any = false;
  for (auto const& [id, rule] : rules) {
    auto const receivers = receivers_of(policy, rule);
    auto const& told = told_to[id];
    bool const knows =
        std::ranges::any_of(receivers, [&](auto const& one) { return told.contains(one); });
    if (receivers.empty() || knows) continue;
    anew.add(std::string_view(std::to_string(id)));
    any = true;
  }
  if (!any) return;
  SqlParams const ids{anew.take()};
  exec(tx, "UPDATE affsync.alert SET told_at = NULL WHERE alert_id = ANY ($1::bigint[])", ids);
}

std::vector<MissedAlert> missed_alerts(pqxx::transaction_base& tx, AlertPolicy const& policy) {
  SqlParams const params{sql_time(policy.now), names_of(policy.receivers)};
  std::vector<MissedAlert> all;
  for (auto const& row :
       exec(tx,
            std::string("SELECT a.alert_id, a.rule, r.name FROM affsync.alert a"
                        " JOIN LATERAL unnest(a.missed_by) AS r(name) ON r.name = ANY ($2::text[])"
                        " WHERE a.closed_at IS NULL AND a.told_at IS NOT NULL"
                        " AND a.flapping_since IS NULL AND a.missed_by <> '{}' AND NOT ") +
                is_muted_sql + " ORDER BY a.alert_id, r.name",
            params)) {
    MissedAlert one;
    one.alert_id = int_of(row[0]);
    one.rule = row[1].c_str();
    one.receiver = row[2].c_str();
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> catching_up(pqxx::transaction_base& tx) {
  std::vector<std::string> all;
  for (auto const& row :
       tx.exec(std::string("SELECT DISTINCT m.receiver FROM affsync.alert_message m WHERE ") +
               waits + " AND m.catches_up AND (m.attempts > 0 OR m.lease_token IS NOT NULL)")) {
    all.emplace_back(row[0].c_str());
  }
  return all;
}

void note_told_to(pqxx::transaction_base& tx, std::string const& receiver,
                  std::vector<std::int64_t> const& alerts) {
  ArrayText ids;
  for (auto const id : alerts) ids.add(std::string_view(std::to_string(id)));
  SqlParams const params{ids.take(), receiver};
  exec(tx,
       "UPDATE affsync.alert SET told_to = ARRAY(SELECT unnest(told_to) UNION SELECT $2::text),"
       " missed_by = array_remove(missed_by, $2::text) WHERE alert_id = ANY ($1::bigint[])",
       params);
}

std::optional<TimePoint> last_sent(pqxx::transaction_base& tx, std::string const& receiver,
                                   std::string const& event, TimePoint now) {
  SqlParams const params{receiver, event, sql_time(now - for_stragglers)};
  return time_of(exec(tx,
                      "SELECT " + epoch_sql("max(sent_at)") +
                          " FROM affsync.alert_message WHERE receiver = $1 AND event = $2"
                          " AND sent_at >= $3::timestamptz AND kind <> 'closed'",
                      params)[0][0]);
}

}  // namespace affsync::schema
