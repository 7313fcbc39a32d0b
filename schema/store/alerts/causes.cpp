#include "schema/store/alerts/causes.hpp"

#include "base/json.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

void add_member(std::string& out, std::string_view name, std::string const& json) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':' + json;
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// The found_columns that each rule's query gives, beside `cause`.
constexpr auto found_columns =
    "source_id, source, stream, subject, event, severity, happened_at, currency, amount,"
    " amount_usd, weight, figures, title, text, remedy, shown_by";

// f: what was found; a: the alert.
constexpr auto take_over =
    " seen_at = $2::timestamptz, source_id = f.source_id, source = f.source, stream = f.stream,"
    " subject = f.subject, event = f.event, severity = f.severity, happened_at = f.happened_at,"
    " currency = f.currency, amount = f.amount, amount_usd = f.amount_usd, weight = f.weight,"
    " figures = f.figures, title = f.title, text = f.text, remedy = f.remedy,"
    " shown_by = f.shown_by";

// Whether this daemon judges what is about the source. Others may read other sources.
constexpr auto is_mine =
    "IS NULL OR $6::text[] IS NULL OR EXISTS (SELECT FROM affsync.source s WHERE s.source_id =";

// $1…$3: see the rules; $4: name of the rule; $5: its window in seconds, or null; $6: names of the
// sources that this daemon judges, or null for all.
std::string rule_statement(std::string const& query) {
  return "WITH found AS MATERIALIZED (SELECT DISTINCT ON (q.cause) q.cause, " +
         std::string(found_columns) + " FROM (" + query +
         "\n) q WHERE q.cause IS NOT NULL AND (q.source_id " + is_mine +
         " q.source_id AND s.name = ANY ($6::text[])))"
         " ORDER BY q.cause, q.weight DESC NULLS LAST),"
         " kept AS (UPDATE affsync.alert a SET" +
         take_over +
         " FROM found f WHERE a.rule = $4 AND a.cause = f.cause AND a.closed_at IS NULL"
         " RETURNING a.cause),"
         // One that was closed within a day of its opening goes on; so does one that comes and
         // goes.
         " back AS (UPDATE affsync.alert a SET closed_at = NULL, changed_at = $2::timestamptz,"
         " openings = a.openings + 1," +
         take_over +
         " FROM found f CROSS JOIN LATERAL (SELECT b.alert_id FROM affsync.alert b"
         " WHERE b.rule = $4 AND b.cause = f.cause ORDER BY b.alert_id DESC LIMIT 1) l"
         " WHERE a.alert_id = l.alert_id AND a.closed_at IS NOT NULL"
         " AND (a.opened_at > $2::timestamptz - interval '1 day' OR a.flapping_since IS NOT NULL)"
         " RETURNING a.alert_id, a.cause),"
         " made AS (INSERT INTO affsync.alert AS a (rule, cause, opened_at, seen_at, changed_at, " +
         found_columns +
         ") SELECT $4, f.cause, $2::timestamptz, $2::timestamptz, $2::timestamptz, " +
         found_columns +
         " FROM found f WHERE NOT EXISTS (SELECT FROM kept k WHERE k.cause = f.cause)"
         " AND NOT EXISTS (SELECT FROM back b WHERE b.cause = f.cause) RETURNING a.alert_id),"
         // What happened long ago is not told to be over, nor what was never told.
         " over AS (UPDATE affsync.alert a SET closed_at = $2::timestamptz,"
         " changed_at = $2::timestamptz, over_told_at = CASE WHEN a.told_at IS NULL"
         " OR a.happened_at <= $2::timestamptz - make_interval(secs => $5::float8)"
         " THEN $2::timestamptz END"
         " WHERE a.rule = $4 AND a.closed_at IS NULL AND (a.source_id " +
         is_mine +
         " a.source_id AND (s.name = ANY ($6::text[]) OR s.retired_at IS NOT NULL)))"
         " AND NOT EXISTS (SELECT FROM found f WHERE f.cause = a.cause) RETURNING a.alert_id)"
         " SELECT 0, count(*) FROM found UNION ALL SELECT 1, alert_id FROM made"
         " UNION ALL SELECT 2, alert_id FROM back UNION ALL SELECT 3, alert_id FROM over";
}

}  // namespace

std::string alert_context(AlertPolicy const& policy) {
  std::string streams;
  for (auto const& source : policy.sources) {
    for (auto const& stream : source.streams) {
      std::string one = "{";
      add_member(one, "source", json_text(source.name));
      add_member(one, "stream", json_text(stream.name));
      add_member(one, "interval", std::to_string(stream.interval.count()));
      add_member(one, "since", json_text(format_time(stream.since)));
      streams += (streams.empty() ? "" : ",") + one + "}";
    }
  }
  std::string out = "{";
  add_member(out, "streams", "[" + streams + "]");
  add_member(out, "personal", policy.personal ? "true" : "false");
  if (policy.disk) {
    std::string disk = "{";
    add_member(disk, "free", std::to_string(policy.disk->free_bytes));
    add_member(disk, "size", std::to_string(policy.disk->size_bytes));
    add_member(out, "disk", disk + "}");
  }
  return out + "}";
}

std::string alert_settings(AlertRuleInfo const& rule, AlertRule const* given) {
  std::string out = "{";
  for (auto const& setting : rule.settings) {
    auto value = read_alert_setting(setting, setting.fallback).value();
    if (given != nullptr) {
      auto const found = given->settings.find(setting.name);
      if (found != given->settings.end()) value = found->second;
    }
    add_member(out, setting.name, json_text(value));
  }
  return out + "}";
}

CauseChanges find_causes(pqxx::transaction_base& tx, AlertRuleInfo const& rule,
                         AlertRule const* given, AlertPolicy const& policy) {
  std::optional<std::string> window, sources;
  if (rule.window) window = std::to_string(rule.window->count());
  if (!policy.sources.empty()) {
    ArrayText names;
    for (auto const& source : policy.sources) names.add(std::string_view(source.name));
    sources = names.take();
  }
  SqlParams const params{alert_settings(rule, given),
                         sql_time(policy.now),
                         alert_context(policy),
                         rule.name,
                         window,
                         sources};
  CauseChanges changes;
  for (auto const& row : exec(tx, rule_statement(rule.sql), params)) {
    auto const number = int_of(row[1]);
    switch (int_of(row[0])) {
      case 0:
        changes.found = number;
        break;
      case 1:
        changes.made.push_back(number);
        break;
      case 2:
        changes.back.push_back(number);
        break;
      default:
        changes.over.push_back(number);
    }
  }
  return changes;
}

void close_silently(pqxx::transaction_base& tx, std::vector<std::string> const& rules,
                    TimePoint now) {
  if (rules.empty()) return;
  ArrayText names;
  for (auto const& name : rules) names.add(std::string_view(name));
  SqlParams const params{sql_time(now), names.take()};
  exec(tx,
       "UPDATE affsync.alert SET closed_at = $1::timestamptz, changed_at = $1::timestamptz,"
       " over_told_at = $1::timestamptz, flapping_since = NULL"
       " WHERE closed_at IS NULL AND rule = ANY ($2::text[])",
       params);
}

}  // namespace affsync::schema
