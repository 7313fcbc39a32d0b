// Lists, counts, mutes and prunes alerts.
#include "base/alert_rules.hpp"
#include "base/utf8.hpp"
#include "schema/store/alerts/alerts.hpp"
#include "schema/store/alerts/telling.hpp"
#include "schema/store/alerts/words.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr auto pruned_at_once = "2000";

// The mute that counts for alert `a`: the one that ends last.
constexpr auto its_mute =
    " LEFT JOIN LATERAL (SELECT m.until, m.muted_by FROM affsync.alert_mute m"
    " WHERE (m.rule = a.rule OR m.alert_id = a.alert_id) AND m.ended_at IS NULL"
    " AND (m.until IS NULL OR m.until > $1::timestamptz) ORDER BY m.until DESC NULLS FIRST LIMIT 1)"
    " q ON true";

AlertLine line_of(pqxx::row const& row) {
  auto const alert = alert_row(row);
  AlertLine line;
  line.alert_id = alert.id;
  line.rule = alert.rule;
  line.severity = alert.severity;
  line.source = alert.source;
  line.stream = alert.stream;
  line.subject = alert.subject;
  line.event = alert.event;
  line.cause = alert.cause;
  line.opened_at = alert.opened_at;
  line.closed_at = alert.closed_at;
  line.happened_at = alert.happened_at;
  line.told_at = alert.told_at;
  line.flapping_since = alert.flapping_since;
  line.openings = alert.openings;
  line.currency = alert.currency;
  line.amount = alert.amount;
  line.amount_usd = alert.amount_usd;
  line.figures = alert.figures;
  line.title = alert.title;
  line.text = alert.text;
  line.remedy = alert.remedy;
  line.shown_by = alert.shown_by;
  auto const base = row.size() - 4;
  line.seen_at = time_of(row[base]).value_or(alert.opened_at);
  line.muted = !row[base + 2].is_null();
  line.muted_until = time_of(row[base + 1]);
  line.muted_by = text_of(row[base + 2]).value_or("");
  return line;
}

// "alice (database: affsync)"
constexpr auto who_sql = "concat_ws(' as ', nullif($2, ''), session_user::text)";

}  // namespace

std::vector<AlertLine> list_alerts(PgSession& session, AlertFilter const& filter, TimePoint now) {
  Transaction tx(session);
  SqlParams const params{sql_time(now), filter.source, std::to_string(filter.most)};
  std::vector<AlertLine> lines;
  for (auto const& row :
       exec(tx,
            "SELECT " + alert_columns() + ", " + epoch_sql("a.seen_at") + ", " +
                epoch_sql("q.until") + ", q.muted_by, 1 FROM affsync.alert a" + its_mute +
                " WHERE ($2 = '' OR a.source = $2)" +
                (filter.open_only ? " AND a.closed_at IS NULL" : "") +
                " ORDER BY a.closed_at IS NULL DESC, CASE WHEN a.closed_at IS NULL THEN"
                " CASE a.severity WHEN 'urgent' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END END,"
                " a.opened_at DESC, a.alert_id DESC LIMIT $3::bigint",
            params)) {
    lines.push_back(line_of(row));
  }
  return lines;
}

std::vector<AlertCount> count_alerts(PgSession& session, TimePoint now) {
  Transaction tx(session);
  std::vector<AlertCount> all;
  for (auto const& rule : alert_rules()) {
    AlertCount count;
    count.rule = rule.name;
    all.push_back(std::move(count));
  }
  SqlParams const params{sql_time(now)};
  for (auto const& row :
       exec(tx,
            std::string("SELECT r.rule, o.open, o.muted, o.flapping, r.failed_at IS NOT NULL"
                        " FROM affsync.alert_rule r CROSS JOIN LATERAL (SELECT count(*) AS open,"
                        " count(*) FILTER (WHERE ") +
                is_muted_sql +
                ") AS muted, count(a.flapping_since) AS flapping FROM affsync.alert a"
                " WHERE a.rule = r.rule AND a.closed_at IS NULL) o",
            params)) {
    for (auto& count : all) {
      if (count.rule != row[0].c_str()) continue;
      count.open = int_of(row[1]);
      count.muted = int_of(row[2]);
      count.flapping = int_of(row[3]);
      count.failed = row[4].as<bool>();
    }
  }
  return all;
}

namespace {

// Returns how many there were.
std::int64_t end_mutes(pqxx::transaction_base& tx, AlertMute const& mute) {
  SqlParams const params{mute.rule, printable_utf8(mute.system_user), std::to_string(mute.alert_id),
                         sql_time(mute.now)};
  return int_of(
      exec(tx,
           std::string("WITH gone AS (UPDATE affsync.alert_mute SET ended_at = $4::timestamptz,"
                       " ended_by = ") +
               who_sql +
               " WHERE ended_at IS NULL AND (until IS NULL OR until > $4::timestamptz)"
               " AND (rule = $1 OR $1 = '' AND alert_id = $3::bigint) RETURNING 1)"
               " SELECT count(*) FROM gone",
           params)[0][0]);
}

}  // namespace

std::int64_t mute_alerts(PgSession& session, AlertMute const& mute) {
  Transaction tx(session);
  auto const number = std::to_string(mute.alert_id);
  if (mute.rule.empty()) {
    SqlParams const params{number};
    auto const found =
        exec(tx, "SELECT FROM affsync.alert WHERE alert_id = $1::bigint FOR UPDATE", params);
    if (found.empty()) {
      throw Failure(ErrorCode::usage, "there is no alert " + number,
                    "`affsync alerts` lists those that are open.");
    }
  } else if (find_alert_rule(mute.rule) == nullptr) {
    throw Failure(ErrorCode::usage, "there is no rule " + mute.rule,
                  "docs/alerts.md lists the rules.");
  }
  SqlParams const params{
      mute.rule,          printable_utf8(mute.system_user), number, sql_time(mute.until),
      sql_time(mute.now), printable_utf8(mute.reason)};
  end_mutes(tx, mute);  // the new one takes their place, also if it ends earlier
  auto const made =
      exec(tx,
           std::string("INSERT INTO affsync.alert_mute (rule, alert_id, until, muted_by, muted_at,"
                       " reason) SELECT nullif($1, ''), CASE WHEN $1 = '' THEN $3::bigint END,"
                       " $4::timestamptz, ") +
               who_sql + ", $5::timestamptz, nullif($6, '') RETURNING mute_id",
           params);
  auto const id = int_of(made[0][0]);
  tx.commit();
  return id;
}

std::int64_t unmute_alerts(PgSession& session, AlertMute const& mute) {
  Transaction tx(session);
  auto const count = end_mutes(tx, mute);
  tx.commit();
  return count;
}

std::int64_t prune_alerts(PgSession& session, Duration keep, bool dry_run) {
  Transaction tx(session);
  SqlParams const params{
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(keep).count())};
  std::string const old = " < now() - make_interval(secs => $1::float8)";
  std::string const messages =
      " FROM affsync.alert_message WHERE created_at" + old +
      " AND (sent_at IS NOT NULL OR given_up_at IS NOT NULL OR merged_into IS NOT NULL)";
  std::string const alerts = " FROM affsync.alert WHERE closed_at" + old;
  if (dry_run) {
    return int_of(exec(tx,
                       "SELECT (SELECT count(*)" + messages + ") + (SELECT count(*)" + alerts + ")",
                       params)[0][0]);
  }
  auto const gone = int_of(exec(
      tx,
      "WITH m AS (DELETE FROM affsync.alert_message WHERE message_id IN (SELECT message_id" +
          messages + " LIMIT " + pruned_at_once +
          ") RETURNING 1), a AS (DELETE FROM affsync.alert WHERE alert_id IN (SELECT alert_id" +
          alerts + " LIMIT " + pruned_at_once +
          ") RETURNING 1), u AS (DELETE FROM affsync.alert_mute WHERE"
          " coalesce(ended_at, until)" +
          old + ") SELECT (SELECT count(*) FROM m) + (SELECT count(*) FROM a)",
      params)[0][0]);
  tx.commit();
  return gone;
}

}  // namespace affsync::schema
