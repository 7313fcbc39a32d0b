// Messages in their order for each receiver: taken under a lease, noted as sent or failed.
#include <algorithm>

#include "base/utf8.hpp"
#include "schema/store/alerts/alerts.hpp"
#include "schema/store/alerts/telling.hpp"
#include "schema/store/alerts/turn.hpp"
#include "schema/store/alerts/words.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/savepoint.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr auto still_waits =
    "m.sent_at IS NULL AND m.given_up_at IS NULL AND m.merged_into IS NULL";

// A message that may be sent now.
struct Candidate {
  std::string id;
  bool tried = false;  // it may have been received already, so it stays as it is
  bool later = false;  // it still_waits for its next attempt
  bool aside = false;  // meanwhile others may be sent
};

// The rules that are told in quiet hours, as an array; nullopt: it is not quiet, all are.
std::optional<std::string> told_now(pqxx::transaction_base& tx, TakeMessages const& take) {
  if (!take.quiet) return std::nullopt;
  try {
    Savepoint savepoint(tx);
    auto const end = quiet_until(tx, *take.quiet, take.now);
    savepoint.release();
    if (!end) return std::nullopt;
  } catch (pqxx::sql_error const&) {
    return std::nullopt;  // judge_alerts() tells of a zone that PostgreSQL does not know
  }
  ArrayText except;
  for (auto const& rule : take.quiet->except) except.add(std::string_view(rule));
  return except.take();
}

std::vector<Candidate> candidates(pqxx::transaction_base& tx, TakeMessages const& take) {
  SqlParams const params{take.receiver, sql_time(take.now), told_now(tx, take),
                         std::to_string(attempts_in_order)};
  std::vector<Candidate> all;
  for (auto const& row :
       exec(tx,
            std::string("SELECT m.message_id, m.attempts > 0 OR m.lease_token IS NOT NULL,"
                        " coalesce(m.next_attempt_at > $2::timestamptz, false),"
                        " m.refused AND m.attempts >= $4::int OR m.catches_up"
                        " FROM affsync.alert_message m WHERE m.receiver = $1 AND ") +
                still_waits +
                " AND m.not_before <= $2::timestamptz AND ($3::text[] IS NULL OR EXISTS"
                " (SELECT FROM affsync.alert a WHERE a.alert_id = ANY (m.alert_ids)"
                " AND a.rule = ANY ($3::text[]))) ORDER BY m.message_id FOR UPDATE",
            params)) {
    Candidate candidate;
    candidate.id = row[0].c_str();
    candidate.tried = row[1].as<bool>();
    candidate.later = row[2].as<bool>();
    candidate.aside = candidate.later && row[3].as<bool>();
    all.push_back(std::move(candidate));
  }
  return all;
}

std::string ids_of(std::vector<Candidate> const& messages) {
  ArrayText ids;
  for (auto const& message : messages) ids.add(std::string_view(message.id));
  return ids.take();
}

// Writes one message that stands for these.
Candidate hold_back(pqxx::transaction_base& tx, TakeMessages const& take,
                    std::vector<Candidate> const& messages) {
  SqlParams const given{ids_of(messages)};
  auto const count = int_of(exec(tx,
                                 "SELECT sum(greatest(held_back, 1)) FROM affsync.alert_message"
                                 " WHERE message_id = ANY ($1::bigint[])",
                                 given)[0][0]);
  std::vector<AlertRow> alerts;
  ArrayText numbers;
  for (auto const& row :
       exec(tx,
            "SELECT " + alert_columns() +
                " FROM affsync.alert a WHERE a.alert_id IN (SELECT unnest(m.alert_ids) FROM"
                " affsync.alert_message m WHERE m.message_id = ANY ($1::bigint[]))"
                " ORDER BY a.alert_id",
            given)) {
    alerts.push_back(alert_row(row));
    numbers.add(std::string_view(std::to_string(alerts.back().id)));
  }
  auto const words = alert_words("held_back", alerts, static_cast<int>(count), take.now);
  SqlParams const params{take.receiver, numbers.take(),    std::to_string(count),
                         words.title,   words.body,        words.document,
                         given[0],      sql_time(take.now)};
  Candidate one;
  one.id = exec(tx,
                "WITH made AS (INSERT INTO affsync.alert_message (receiver, kind, alert_ids,"
                " held_back, title, body, document, created_at, not_before, idempotency_key)"
                " SELECT $1, 'held_back', $2::bigint[], $3::int, $4, $5,"
                " $6::jsonb || jsonb_build_object('key', k.key), $8::timestamptz, $8::timestamptz,"
                " k.key FROM (SELECT gen_random_uuid() AS key OFFSET 0) k RETURNING message_id),"
                " held AS (UPDATE affsync.alert_message m SET merged_into = made.message_id"
                " FROM made WHERE m.message_id = ANY ($7::bigint[]))"
                " SELECT message_id FROM made",
                params)[0][0]
               .c_str();
  return one;
}

std::int64_t sent_lately(pqxx::transaction_base& tx, TakeMessages const& take) {
  SqlParams const params{take.receiver, sql_time(take.now)};
  return int_of(exec(tx,
                     "SELECT count(*) FROM affsync.alert_message WHERE receiver = $1"
                     " AND sent_at > $2::timestamptz - interval '1 hour' AND kind <> 'test'",
                     params)[0][0]);
}

bool is_being_sent(pqxx::transaction_base& tx, TakeMessages const& take) {
  SqlParams const params{take.receiver, sql_time(take.now)};
  return exec(tx,
              std::string("SELECT EXISTS (SELECT FROM affsync.alert_message m WHERE m.receiver = $1"
                          " AND ") +
                  still_waits + " AND m.lease_until > $2::timestamptz)",
              params)[0][0]
      .as<bool>();
}

AlertMessage taken_message(pqxx::row const& row) {
  AlertMessage message;
  message.message_id = int_of(row[0]);
  message.receiver = row[1].c_str();
  message.kind = row[2].c_str();
  message.held_back = static_cast<int>(int_of(row[3]));
  message.title = row[4].c_str();
  message.body = row[5].c_str();
  message.document = row[6].c_str();
  message.key = row[7].c_str();
  message.created_at = time_of(row[8]).value_or(TimePoint());
  message.attempts = static_cast<int>(int_of(row[9]));
  message.alert_ids = numbers_of(row[10].c_str());
  return message;
}

}  // namespace

std::vector<AlertMessage> take_messages(PgSession& session, TakeMessages const& take) {
  Transaction tx(session);
  if (!take_turn(tx, "affsync.alert_message") || is_being_sent(tx, take)) return {};
  auto const allowed = static_cast<std::int64_t>(take.per_hour) - sent_lately(tx, take);
  if (allowed <= 0) return {};
  auto next = candidates(tx, take);
  std::erase_if(next, [](Candidate const& one) { return one.aside; });
  if (next.empty() || next.front().later) return {};
  auto const keep = static_cast<std::ptrdiff_t>(allowed - 1);
  if (static_cast<std::ptrdiff_t>(next.size()) > keep + 1 &&
      !next[static_cast<std::size_t>(keep)].tried) {
    auto const first = next.begin() + keep;
    std::vector<Candidate> const too_many(first, next.end());
    next.erase(first, next.end());
    next.push_back(hold_back(tx, take, too_many));
  }
  auto const most = static_cast<std::size_t>(std::clamp<std::int64_t>(take.most, 1, allowed));
  if (next.size() > most) next.resize(most);
  SqlParams const params{ids_of(next), take.token, sql_time(take.now),
                         std::to_string(take.lease.count())};
  std::vector<AlertMessage> taken;
  for (auto const& row :
       exec(tx,
            "WITH taken AS (UPDATE affsync.alert_message SET lease_token = $2::uuid,"
            " lease_until = $3::timestamptz + make_interval(secs => $4::float8)"
            " WHERE message_id = ANY ($1::bigint[]) RETURNING *)"
            " SELECT message_id, receiver, kind, held_back, title, body, document,"
            " idempotency_key, " +
                epoch_sql("created_at") + ", attempts, alert_ids FROM taken ORDER BY message_id",
            params)) {
    taken.push_back(taken_message(row));
  }
  tx.commit();
  return taken;
}

bool note_sent(PgSession& session, std::int64_t message_id, std::string const& token,
               TimePoint now) {
  Transaction tx(session);
  tx.exec("SET LOCAL synchronous_commit = on");
  SqlParams const params{std::to_string(message_id), token, sql_time(now)};
  // Asked again after a lost answer, it is as it was.
  auto const noted = exec(tx,
                          "UPDATE affsync.alert_message SET sent_at = coalesce(sent_at,"
                          " $3::timestamptz), lease_until = NULL, last_error = NULL"
                          " WHERE message_id = $1::bigint AND lease_token = $2::uuid"
                          " RETURNING receiver",
                          params);
  if (!noted.empty()) {
    // It takes messages again: what it missed need not wait any longer.
    SqlParams const due{noted[0][0].c_str(), sql_time(now)};
    exec(tx,
         std::string("UPDATE affsync.alert_message m SET next_attempt_at = $2::timestamptz"
                     " WHERE m.receiver = $1 AND m.catches_up"
                     " AND m.next_attempt_at > $2::timestamptz AND ") +
             still_waits,
         due);
  }
  tx.commit();
  return !noted.empty();
}

AlertAttempt note_failed(PgSession& session, std::int64_t message_id, std::string const& token,
                         FailedAttempt const& failed, TimePoint now) {
  Transaction tx(session);
  SqlParams const params{
      std::to_string(message_id), token,         printable_utf8(failed.error),
      sql_time(failed.next),      sql_time(now), failed.refused ? "true" : "false"};
  auto const noted =
      exec(tx,
           "UPDATE affsync.alert_message SET attempts = attempts + 1, last_error = $3,"
           " next_attempt_at = CASE WHEN catches_up THEN greatest($4::timestamptz,"
           " $5::timestamptz + interval '1 hour') ELSE $4::timestamptz END,"
           " refused = $6::boolean, lease_until = NULL, lease_token = NULL,"
           " given_up_at = CASE WHEN o.is_old THEN $5::timestamptz END, missed = o.is_old"
           " FROM (SELECT message_id AS id, greatest(created_at, not_before)"
           " <= $5::timestamptz - interval '1 day' AS is_old FROM affsync.alert_message"
           " WHERE message_id = $1::bigint) o"
           " WHERE message_id = $1::bigint AND lease_token = $2::uuid AND sent_at IS NULL"
           " RETURNING given_up_at IS NOT NULL",
           params);
  tx.commit();
  if (noted.empty()) return AlertAttempt::lease_lost;
  return noted[0][0].as<bool>() ? AlertAttempt::given_up : AlertAttempt::again;
}

std::vector<AlertQueue> read_alert_queues(PgSession& session, TimePoint now) {
  Transaction tx(session);
  SqlParams const params{sql_time(now)};
  std::vector<AlertQueue> all;
  for (auto const& row :
       exec(tx,
            "SELECT m.receiver, count(*) FILTER (WHERE w), " +
                epoch_sql("min(m.created_at) FILTER (WHERE w)") + ", " +
                epoch_sql("min(greatest(m.not_before, m.next_attempt_at)) FILTER (WHERE w AND"
                          " (m.lease_until IS NULL OR m.lease_until <= $1::timestamptz))") +
                ", count(*) FILTER (WHERE m.sent_at IS NOT NULL), count(*) FILTER"
                " (WHERE m.given_up_at IS NOT NULL), (SELECT count(*) FROM affsync.alert a"
                " WHERE a.closed_at IS NULL AND (m.receiver = ANY (a.missed_by) OR EXISTS (SELECT"
                " FROM affsync.alert_message c WHERE c.receiver = m.receiver AND c.catches_up"
                " AND c.sent_at IS NULL AND c.given_up_at IS NULL AND c.merged_into IS NULL"
                " AND a.alert_id = ANY (c.alert_ids)))), (array_agg(m.last_error ORDER BY "
                "m.message_id)"
                " FILTER (WHERE w AND m.last_error IS NOT NULL))[1] FROM (SELECT *, " +
                still_waits + " AS w FROM affsync.alert_message m WHERE " + still_waits +
                " OR m.sent_at > $1::timestamptz - interval '1 day'"
                " OR m.given_up_at > $1::timestamptz - interval '1 day') m"
                " GROUP BY m.receiver ORDER BY m.receiver",
            params)) {
    AlertQueue queue;
    queue.receiver = row[0].c_str();
    queue.waiting = int_of(row[1]);
    queue.oldest = time_of(row[2]);
    queue.due = time_of(row[3]);
    queue.sent = int_of(row[4]);
    queue.given_up = int_of(row[5]);
    queue.missed = int_of(row[6]);
    queue.last_error = text_of(row[7]).value_or("");
    all.push_back(std::move(queue));
  }
  return all;
}

}  // namespace affsync::schema
