#include "schema/store/alerts/telling.hpp"

#include <algorithm>

#include "schema/store/alerts/missed.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

std::string array_of(std::vector<std::int64_t> const& numbers) {
  std::string text = "{";
  for (auto const number : numbers) {
    if (text.size() > 1) text += ',';
    text += std::to_string(number);
  }
  return text + "}";
}

std::vector<AlertRow> alert_rows(pqxx::transaction_base& tx, std::vector<std::int64_t> const& ids) {
  SqlParams const params{array_of(ids)};
  std::vector<AlertRow> rows;
  for (auto const& row : exec(tx,
                              "SELECT " + alert_columns() +
                                  " FROM affsync.alert a WHERE a.alert_id = ANY ($1::bigint[])"
                                  " ORDER BY a.alert_id",
                              params)) {
    rows.push_back(alert_row(row));
  }
  return rows;
}

// How grave an alert is, 0 for the gravest.
std::string rank_sql(std::string const& alert) {
  return "CASE " + alert + ".severity WHEN 'urgent' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END";
}

std::set<std::string> lines_of(std::string const& text) {
  std::set<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = std::min(text.find('\n', from), text.size());
    lines.insert(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

void set_alerts(pqxx::transaction_base& tx, std::string const& columns,
                std::vector<std::int64_t> const& ids, TimePoint now) {
  if (ids.empty()) return;
  SqlParams const params{array_of(ids), sql_time(now)};
  exec(tx,
       "UPDATE affsync.alert SET " + columns +
           " WHERE alert_id = ANY ($1::bigint[]) AND $2::timestamptz IS NOT NULL",
       params);
}

}  // namespace

std::vector<std::int64_t> numbers_of(std::string_view array) {
  std::vector<std::int64_t> all;
  std::int64_t number = 0;
  bool any = false;
  for (char const c : array) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      any = true;
    } else if (any) {
      all.push_back(std::exchange(number, 0));
      any = false;
    }
  }
  return all;
}

char const* const is_muted_sql =
    "EXISTS (SELECT FROM affsync.alert_mute m WHERE (m.rule = a.rule OR m.alert_id = a.alert_id)"
    " AND m.ended_at IS NULL AND (m.until IS NULL OR m.until > $1::timestamptz))";

std::optional<TimePoint> quiet_until(pqxx::transaction_base& tx, QuietHours const& quiet,
                                     TimePoint now) {
  SqlParams const params{sql_time(now), quiet.zone, std::to_string(quiet.from),
                         std::to_string(quiet.to)};
  return time_of(exec(
      tx,
      "SELECT " +
          epoch_sql("CASE WHEN CASE WHEN q.b < q.e THEN q.m >= q.b AND q.m < q.e"
                    " ELSE q.m >= q.b OR q.m < q.e END THEN (date_trunc('day', q.local)"
                    " + make_interval(mins => q.e, days => (q.m >= q.e)::int)) AT TIME ZONE $2 "
                    "END") +
          " FROM (SELECT l.local, (extract(hour FROM l.local) * 60 + extract(minute FROM l.local))"
          "::int AS m, $3::int AS b, $4::int AS e"
          " FROM (SELECT $1::timestamptz AT TIME ZONE $2 AS local) l) q",
      params)[0][0]);
}

void lock_messages(pqxx::transaction_base& tx) {
  tx.exec("LOCK TABLE affsync.alert_message IN ROW EXCLUSIVE MODE");
}

bool Telling::Waiting::has(std::int64_t alert) const {
  return std::ranges::find(alerts, alert) != alerts.end();
}

void Telling::load() {
  if (std::exchange(loaded_, true)) return;
  lock_messages(tx_);
  // What is being sent, or may have been received already, stays as it is.
  for (auto const& row : tx_.exec(
           "SELECT message_id, receiver, kind, event, alert_ids, " + epoch_sql("not_before") +
           ", catches_up FROM affsync.alert_message WHERE sent_at IS NULL AND given_up_at IS NULL"
           " AND merged_into IS NULL AND attempts = 0 AND lease_token IS NULL"
           " AND kind NOT IN ('held_back', 'test') ORDER BY message_id"
           " FOR UPDATE SKIP LOCKED")) {
    Waiting waiting;
    waiting.id = int_of(row[0]);
    waiting.receiver = row[1].c_str();
    waiting.kind = row[2].c_str();
    waiting.event = text_of(row[3]).value_or("");
    waiting.alerts = numbers_of(row[4].c_str());
    waiting.not_before = time_of(row[5]).value_or(policy_.now);
    waiting.catches_up = row[6].as<bool>();
    waiting_.push_back(std::move(waiting));
  }
}

void Telling::come_back(std::vector<std::int64_t> const& ids) {
  if (ids.empty()) return;
  load();
  std::vector<std::int64_t> as_before, anew;
  for (auto const& alert : alert_rows(tx_, ids)) {
    if (alert.flapping_since || !alert.over_told_at) continue;
    std::set<std::string> unaware;
    for (auto& message : waiting_) {
      if (message.kind != "closed" || !message.has(alert.id)) continue;
      std::erase(message.alerts, alert.id);
      message.changed = true;
      unaware.insert(message.receiver);
    }
    auto const receivers = receivers_of(policy_, alert.rule);
    bool const nobody_knows = alert.told_at && std::ranges::all_of(receivers, [&](auto const& one) {
                                return unaware.contains(one);
                              });
    (nobody_knows ? as_before : anew).push_back(alert.id);
  }
  set_alerts(tx_, "over_told_at = NULL", as_before, policy_.now);
  set_alerts(tx_, "over_told_at = NULL, told_at = NULL", anew, policy_.now);
  changed(ids);
}

void Telling::changed(std::vector<std::int64_t> const& ids) {
  if (ids.empty()) return;
  load();
  for (auto& message : waiting_) {
    for (auto const id : ids) message.changed = message.changed || message.has(id);
  }
}

// Begins and ends the state of alerts that come and go.
void Telling::flapping() {
  SqlParams const params{sql_time(policy_.now)};
  auto const begun =
      exec(tx_,
           "UPDATE affsync.alert a SET flapping_since = $1::timestamptz WHERE a.openings >= 3"
           " AND a.flapping_since IS NULL AND a.closed_at IS NULL AND a.changed_at = "
           "$1::timestamptz"
           " RETURNING a.alert_id",
           params);
  for (auto const& row : begun) flapping_now_.insert(int_of(row[0]));
  exec(tx_,
       "UPDATE affsync.alert a SET flapping_since = NULL,"
       " told_at = CASE WHEN a.closed_at IS NULL THEN NULL ELSE a.told_at END,"
       " over_told_at = CASE WHEN a.closed_at IS NULL THEN a.over_told_at"
       " WHEN a.told_at IS NULL THEN $1::timestamptz END"
       " WHERE a.flapping_since IS NOT NULL AND a.changed_at <= $1::timestamptz - interval '2 "
       "hours'",
       params);
}

std::vector<Telling::ToTell> Telling::to_tell() {
  flapping();
  SqlParams const params{sql_time(policy_.now)};
  std::vector<ToTell> all;
  for (auto const& row :
       exec(tx_,
            "SELECT " + alert_columns() +
                ", CASE WHEN a.flapping_since IS NOT NULL THEN 'flapping'"
                " WHEN a.closed_at IS NOT NULL THEN 'closed'"
                " WHEN a.told_at IS NULL THEN 'opened' ELSE 'grown' END, o.follows,"
                " o.follows AND (o.rank > " +
                rank_sql("a") +
                " OR coalesce(a.amount_usd >= 10 * o.told_usd, false)),"
                " array_to_string(a.told_to, E'\\n'), " +
                is_muted_sql +
                ", a.changed_at <= $1::timestamptz - interval '1 hour' FROM affsync.alert a"
                " CROSS JOIN LATERAL (SELECT count(*) > 0 AS follows, min(" +
                rank_sql("e") +
                ") AS rank, sum(e.told_amount_usd) AS told_usd FROM affsync.alert e"
                " WHERE e.event = a.event AND e.alert_id <> a.alert_id AND e.closed_at IS NULL"
                " AND e.told_at IS NOT NULL) o WHERE"
                " a.closed_at IS NULL AND (a.told_at IS NULL OR a.flapping_since = $1::timestamptz"
                " OR a.flapping_since IS NULL AND a.weight >= 2 * a.told_weight"
                " AND a.told_weight > 0)"
                " OR a.closed_at IS NOT NULL AND a.told_at IS NOT NULL AND a.over_told_at IS NULL"
                " AND a.flapping_since IS NULL"
                " ORDER BY " +
                rank_sql("a") + ", a.alert_id",
            params)) {
    ToTell told;
    told.alert = alert_row(row);
    auto const base = row.size() - 6;
    told.kind = row[base].c_str();
    told.follows = row[base + 1].as<bool>();
    told.outdoes = row[base + 2].as<bool>();
    if (auto const names = text_of(row[base + 3])) told.told_to = lines_of(*names);
    bool const muted = row[base + 4].as<bool>(), long_ago = row[base + 5].as<bool>();
    if (muted && told.kind != "closed") continue;
    if (muted) {
      set_alerts(tx_, "over_told_at = $2::timestamptz", {told.alert.id}, policy_.now);
      continue;
    }
    // Others of its event are still open: it is told to be over with them.
    if (told.kind == "closed" && told.follows && !long_ago) continue;
    if (told.kind == "flapping" && !flapping_now_.contains(told.alert.id) && told.alert.told_at) {
      continue;
    }
    all.push_back(std::move(told));
  }
  return all;
}

bool Telling::may_disturb(std::string const& rule) const {
  if (!quiet_ || !policy_.quiet) return true;
  auto const& except = policy_.quiet->except;
  return std::ranges::find(except, rule) != except.end();
}

TimePoint Telling::due_of(ToTell const& told, std::string const& receiver) {
  auto const& alert = told.alert;
  auto due = policy_.now;
  if (!alert.event.empty() && told.kind != "flapping" && policy_.settle.count() > 0) {
    due += policy_.settle;
    // What is small beside what was told waits for more of its kind.
    if (told.follows && told.kind == "opened" && !told.outdoes) {
      auto const before = last_sent(tx_, receiver, alert.event, policy_.now);
      if (before) due = std::max(due, *before + for_stragglers);
    }
  }
  return may_disturb(alert.rule) ? due : std::max(due, *quiet_);
}

void Telling::add(ToTell const& told, std::string const& receiver) {
  auto const& alert = told.alert;
  if (told.kind != "closed") told_to_[receiver].push_back(alert.id);
  for (auto& message : waiting_) {
    if (message.receiver != receiver || !message.has(alert.id)) continue;
    // It says how things stand when it is sent.
    if (told.kind == "flapping") message.kind = told.kind;
    message.changed = true;
    return;
  }
  auto const due = due_of(told, receiver);
  for (auto& message : waiting_) {
    if (message.receiver != receiver || message.kind != told.kind || alert.event.empty() ||
        message.event != alert.event || told.kind == "flapping") {
      continue;
    }
    message.alerts.push_back(alert.id);
    message.not_before = std::min(message.not_before, due);
    message.changed = true;
    return;
  }
  Waiting message;
  message.receiver = receiver;
  message.kind = told.kind;
  message.event = alert.event;
  message.alerts.push_back(alert.id);
  message.not_before = due;
  message.changed = true;
  waiting_.push_back(std::move(message));
}

void Telling::catch_up(std::vector<ToTell> const& told) {
  auto const missed = missed_alerts(tx_, policy_);
  if (missed.empty()) return;
  load();
  auto const busy = catching_up(tx_);
  for (auto const& one : missed) {
    auto const receivers = receivers_of(policy_, one.rule);
    bool const is_told = std::ranges::any_of(
        told, [&](ToTell const& other) { return other.alert.id == one.alert_id; });
    if (is_told || std::ranges::find(receivers, one.receiver) == receivers.end()) continue;
    // One at a time: what is missed meanwhile is told by the next one.
    if (std::ranges::find(busy, one.receiver) != busy.end()) continue;
    auto const due = may_disturb(one.rule) ? policy_.now : *quiet_;
    auto message = std::ranges::find_if(waiting_, [&](Waiting const& other) {
      return other.catches_up && other.receiver == one.receiver;
    });
    if (message == waiting_.end()) {
      message = waiting_.emplace(waiting_.end());
      message->receiver = one.receiver;
      message->kind = "opened";
      message->not_before = due;
      message->catches_up = true;
    }
    message->alerts.push_back(one.alert_id);
    message->not_before = std::min(message->not_before, due);
    message->changed = true;
    told_to_[one.receiver].push_back(one.alert_id);
  }
}

void Telling::note_told(std::vector<ToTell> const& told) {
  std::vector<std::int64_t> open, over;
  for (auto const& one : told) (one.kind == "closed" ? over : open).push_back(one.alert.id);
  set_alerts(tx_, "told_at = $2::timestamptz, told_weight = weight, told_amount_usd = amount_usd",
             open, policy_.now);
  set_alerts(tx_, "over_told_at = $2::timestamptz", over, policy_.now);
  for (auto const& [receiver, alerts] : told_to_) note_told_to(tx_, receiver, alerts);
}

void Telling::write() {
  for (auto const& message : waiting_) {
    if (!message.changed) continue;
    ++messages_;
    if (message.alerts.empty()) {
      SqlParams const gone{std::to_string(message.id)};
      exec(tx_, "DELETE FROM affsync.alert_message WHERE message_id = $1::bigint", gone);
      continue;
    }
    auto const words = alert_words(message.kind, alert_rows(tx_, message.alerts), 0, policy_.now);
    SqlParams const params{std::to_string(message.id),
                           message.receiver,
                           message.kind,
                           array_of(message.alerts),
                           message.event.empty() ? std::nullopt : std::optional(message.event),
                           words.title,
                           words.body,
                           words.document,
                           sql_time(policy_.now),
                           sql_time(message.not_before),
                           message.catches_up ? "true" : "false"};
    exec(tx_,
         message.id == 0
             ? "INSERT INTO affsync.alert_message (receiver, kind, alert_ids, event, title, body,"
               " document, created_at, not_before, catches_up, idempotency_key) SELECT $2, $3, "
               "$4::bigint[],"
               " $5, $6, $7, $8::jsonb || jsonb_build_object('key', k.key), $9::timestamptz,"
               " $10::timestamptz, $11::boolean, k.key FROM (SELECT gen_random_uuid() AS key "
               "OFFSET 0) k"
               " WHERE $1::bigint = 0"
             : "UPDATE affsync.alert_message SET receiver = $2, kind = $3,"
               " alert_ids = $4::bigint[], event = $5, title = $6, body = $7,"
               " document = $8::jsonb || jsonb_build_object('key', idempotency_key),"
               " not_before = $10::timestamptz, catches_up = $11::boolean"
               " WHERE message_id = $1::bigint AND $9::timestamptz IS NOT NULL",
         params);
  }
}

std::vector<std::int64_t> Telling::tell() {
  settle_messages(tx_, policy_, scope_, quiet_);
  tell_others(tx_, policy_, scope_);
  auto const all = to_tell();
  std::vector<ToTell> told;
  std::vector<std::int64_t> grown;
  for (auto const& one : all) {
    auto const receivers = receivers_of(policy_, one.alert.rule);
    bool const is_over = one.kind == "closed";
    if (receivers.empty() && !is_over) continue;
    load();
    for (auto const& receiver : receivers) {
      // Nobody hears the end of what he was never told.
      if (!is_over || !one.told_to || one.told_to->contains(receiver)) add(one, receiver);
    }
    if (one.kind == "grown") grown.push_back(one.alert.id);
    told.push_back(one);
  }
  catch_up(told);
  write();
  note_told(told);
  return grown;
}

}  // namespace affsync::schema
