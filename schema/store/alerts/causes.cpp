#include "schema/store/alerts/causes.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "base/json.hpp"
#include "schema/store/distribution.hpp"
#include "schema/store/inlined_rates.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync {
extern EmbeddedFile const distributed_alert_files[];
extern unsigned const distributed_alert_files_count;
}  // namespace affsync

namespace affsync::schema {
namespace {

// The query of a rule. A file of alerts/distributed takes the place of the one with the same name.
std::string query_of(AlertRuleInfo const& rule, bool distributed) {
  if (!distributed) return rule.sql;
  for (auto const& file : std::span(distributed_alert_files, distributed_alert_files_count)) {
    // NN_name.sql
    if (file.name.substr(3, file.name.size() - 7) == rule.name)
      return with_inlined_rates(file.text);
  }
  return with_inlined_rates(rule.sql);
}

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

// The seconds of each stream's interval by "source/stream", as JSON.
std::string intervals_of(AlertPolicy const& policy) {
  std::string out = "{";
  for (auto const& source : policy.sources) {
    for (auto const& stream : source.streams) {
      add_member(out, source.name + "/" + stream.name, std::to_string(stream.interval.count()));
    }
  }
  return out + "}";
}

// As the queries read it.
std::string value_of(AlertSetting const& setting, AlertRule const* given) {
  if (given != nullptr) {
    auto const found = given->settings.find(setting.name);
    if (found != given->settings.end()) return found->second;
  }
  return read_alert_setting(setting, setting.fallback).value();
}

// In seconds; nullopt if what it tells is a state.
std::optional<std::string> window_of(AlertRuleInfo const& rule, AlertRule const* given) {
  if (rule.window) return std::to_string(rule.window->count());
  if (auto const* setting = rule.find(rule.window_setting)) return value_of(*setting, given);
  return std::nullopt;
}

// So many causes of one source and rule are told, the largest; what a broker sends has no bound.
constexpr std::int64_t most_causes = 200;

// The columns that each rule's query gives, beside `cause`.
struct FoundColumn {
  std::string_view name;
  char const* type;
};
constexpr FoundColumn found_columns[] = {{"source_id", "integer"},
                                         {"source", "text"},
                                         {"stream", "text"},
                                         {"subject", "text"},
                                         {"event", "text"},
                                         {"severity", "text"},
                                         {"happened_at", "timestamptz"},
                                         {"currency", "text"},
                                         {"amount", "numeric"},
                                         {"amount_usd", "numeric"},
                                         {"weight", "numeric"},
                                         {"figures", "jsonb"},
                                         {"title", "text"},
                                         {"text", "text"},
                                         {"remedy", "text"},
                                         {"shown_by", "text"}};

template <class Each>
std::string each_column(Each const& each) {
  std::string list;
  for (auto const& column : found_columns) {
    if (!list.empty()) list += ", ";
    list += each(column);
  }
  return list;
}

std::string column_names() {
  return each_column([](FoundColumn const& column) { return std::string(column.name); });
}

// $1…$3: see the rules; $4: sources that this daemon judges, or null for all. Apart from what is
// written, since a rule may read tables that Citus distributes, and alerts are not.
std::string found_statement(std::string const& query) {
  return "SELECT cause, " + column_names() +
         ", of_source FROM (SELECT f.*, count(*) OVER (PARTITION BY f.source_id) AS of_source,"
         " row_number() OVER (PARTITION BY f.source_id ORDER BY f.amount_usd DESC NULLS LAST,"
         " f.amount DESC NULLS LAST, f.cause) AS nth FROM"
         " (SELECT DISTINCT ON (q.cause) q.cause, " +
         column_names() + " FROM (" + query +
         "\n) q WHERE q.cause IS NOT NULL"
         " AND (q.source_id IS NULL OR $4::int[] IS NULL OR q.source_id = ANY ($4::int[]))"
         " ORDER BY q.cause, q.weight DESC NULLS LAST) f) n WHERE nth <= " +
         std::to_string(most_causes) + " ORDER BY cause";
}

// What stands for the causes of a source beyond those that are told: cause and columns. `id`,
// `source`: null if they are of no source.
std::vector<std::optional<std::string>> rest_of_causes(AlertRuleInfo const& rule, char const* id,
                                                       char const* source, std::int64_t more) {
  auto const number = std::to_string(more);
  std::vector<std::optional<std::string>> row(1 + std::size(found_columns));
  row[0] = std::string(id == nullptr ? "0" : id) + "/more";
  auto const set = [&](std::string_view name, std::string text) {
    auto const* column = std::ranges::find(found_columns, name, &FoundColumn::name);
    row[static_cast<std::size_t>(1 + (column - found_columns))] = std::move(text);
  };
  std::string title = number + " more causes of the rule " + rule.name;
  if (id != nullptr) {
    set("source_id", id);
    set("source", source);
    title = std::string(source) + ": " + title;
  }
  set("severity", "warning");
  set("weight", number);
  set("figures", "{\"more\":" + number + "}");
  set("title", std::move(title));
  set("text", "Only " + std::to_string(most_causes) +
                  " of a source are told one by one, and none of them as over before there are"
                  " fewer.");
  set("remedy", "Mend those that are told, or mute the rule: affsync alerts mute " + rule.name);
  return row;
}

// By what an alert is judged: the rule, and how often its stream is read. See the COMMENT of
// affsync.alert.judged_by.
std::string judged_by(std::string const& row) {
  return "md5($5::text) || coalesce(' ' || ($6::jsonb ->> (" + row + ".source || '/' || " + row +
         ".stream)), '')";
}

// $1: now; $2: name of the rule; $3: its window in seconds, or null; $4: as above; $5: the rule as
// it is set; $6: intervals_of(); $7: what is not read any more; $8: causes; then an array for each
// column; then the sources that have more causes than are told.
std::string const& write_statement() {
  auto const make = [] {
    std::string const columns = column_names();
    std::string arrays = "$8::text[]";
    int number = 9;
    for (auto const& column : found_columns) {
      arrays += ", $" + std::to_string(number++) + "::" + column.type + "[]";
    }
    // f: what was found; a: the alert.
    auto const take_over = " seen_at = $1::timestamptz, judged_by = " + judged_by("f") + ", " +
                           each_column([](FoundColumn const& column) {
                             auto const name = std::string(column.name);
                             return name + " = f." + name;
                           });
    return "WITH found AS MATERIALIZED (SELECT * FROM unnest(" + arrays + ") AS f (cause, " +
           columns +
           ")), told AS (SELECT * FROM found WHERE severity NOT IN ('held', 'elsewhere')),"
           // Whether it goes on is not known.
           " held AS (UPDATE affsync.alert a SET seen_at = $1::timestamptz, judged_by = " +
           judged_by("a") +
           " FROM found f"
           " WHERE f.severity = 'held' AND a.rule = $2 AND a.cause = f.cause"
           " AND a.closed_at IS NULL),"
           " kept AS (UPDATE affsync.alert a SET" +
           take_over +
           " FROM told f WHERE a.rule = $2 AND a.cause = f.cause AND a.closed_at IS NULL"
           " RETURNING a.cause),"
           // One that was closed within a day of its opening goes on; so does one that comes and
           // goes.
           " back AS (UPDATE affsync.alert a SET closed_at = NULL, changed_at = $1::timestamptz,"
           " openings = a.openings + 1," +
           take_over +
           " FROM told f CROSS JOIN LATERAL (SELECT b.alert_id FROM affsync.alert b"
           " WHERE b.rule = $2 AND b.cause = f.cause ORDER BY b.alert_id DESC LIMIT 1) l"
           " WHERE a.alert_id = l.alert_id AND a.closed_at IS NOT NULL"
           " AND (a.opened_at > $1::timestamptz - interval '1 day' OR a.flapping_since IS NOT NULL)"
           " RETURNING a.alert_id, a.cause),"
           " made AS (INSERT INTO affsync.alert AS a (rule, cause, opened_at, seen_at,"
           " changed_at, judged_by, " +
           columns + ") SELECT $2, f.cause, $1::timestamptz, $1::timestamptz, $1::timestamptz, " +
           judged_by("f") + ", " + columns +
           " FROM told f WHERE NOT EXISTS (SELECT FROM kept k WHERE k.cause = f.cause)"
           " AND NOT EXISTS (SELECT FROM back b WHERE b.cause = f.cause) RETURNING a.alert_id),"
           // What happened long ago is not told to be over, nor what was never told, nor what
           // another rule tells from now on, nor what is judged in another way, or not read any
           // more: nothing was mended.
           " over AS (UPDATE affsync.alert a SET closed_at = $1::timestamptz,"
           " changed_at = $1::timestamptz, over_told_at = CASE WHEN a.told_at IS NULL"
           " OR a.happened_at <= $1::timestamptz - make_interval(secs => $3::float8)"
           " OR EXISTS (SELECT FROM found f WHERE f.cause = a.cause AND f.severity = 'elsewhere')"
           " OR a.judged_by <> " +
           judged_by("a") +
           " OR a.source_id || '' = ANY ($7::text[])"
           " OR a.source_id || '/' || a.stream = ANY ($7::text[])"
           " THEN $1::timestamptz END"
           " WHERE a.rule = $2 AND a.closed_at IS NULL AND (a.source_id IS NULL"
           " OR $4::int[] IS NULL OR a.source_id = ANY ($4::int[]))"
           " AND coalesce(a.source_id, 0) <> ALL ($" +
           std::to_string(number) +
           "::int[]) AND NOT EXISTS (SELECT FROM found f WHERE f.cause = a.cause"
           " AND f.severity <> 'elsewhere') RETURNING a.alert_id)"
           " SELECT 0, count(*) FROM told UNION ALL SELECT 1, alert_id FROM made"
           " UNION ALL SELECT 2, alert_id FROM back UNION ALL SELECT 3, alert_id FROM over";
  };
  static std::string const statement = make();
  return statement;
}

}  // namespace

std::string alert_context(AlertPolicy const& policy, JudgedScope const& scope) {
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
  if (auto const* failing = find_alert_rule("stream_failing")) {
    auto const given = std::ranges::find(policy.rules, failing->name, &AlertRule::name);
    bool const is_given = given != policy.rules.end();
    if (!is_given || given->enabled) {
      add_member(out, failing->name, alert_settings(*failing, is_given ? &*given : nullptr));
    }
  }
  std::string skewed;
  for (auto const& name : scope.skewed) skewed += (skewed.empty() ? "" : ",") + json_text(name);
  add_member(out, "skewed", "[" + skewed + "]");
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
    add_member(out, setting.name, json_text(value_of(setting, given)));
  }
  return out + "}";
}

JudgedScope scope_of(pqxx::transaction_base& tx, AlertPolicy const& policy) {
  JudgedScope scope;
  scope.distributed = is_distributed(tx);
  ArrayText retired;
  for (auto const* query :
       {"SELECT source_id || '' FROM affsync.source WHERE retired_at IS NOT NULL",
        "SELECT source_id || '/' || stream FROM affsync.stream WHERE retired_at IS NOT NULL"}) {
    for (auto const& row : tx.exec(query)) retired.add(std::string_view(row[0].c_str()));
  }
  scope.retired = retired.take();
  // By its latest run: a stream that is not read any more keeps what it met last.
  for (auto const& row :
       tx.exec("SELECT s.name FROM (SELECT DISTINCT ON (z.source_id) z.source_id,"
               " z.clock_skew_seconds AS skew FROM affsync.stream_state z"
               " WHERE z.clock_skew_seconds IS NOT NULL"
               " ORDER BY z.source_id, z.run_id DESC NULLS LAST) l"
               " JOIN affsync.source s ON s.source_id = l.source_id WHERE abs(l.skew) > 3600")) {
    scope.skewed.emplace_back(row[0].c_str());
  }
  for (auto const& row :
       tx.exec("SELECT DISTINCT rule FROM affsync.alert WHERE closed_at IS NULL")) {
    scope.open.emplace(row[0].c_str());
  }
  if (policy.sources.empty()) return scope;
  ArrayText names, judged, closed;
  for (auto const& source : policy.sources) names.add(std::string_view(source.name));
  SqlParams const params{names.take()};
  for (auto const& row : exec(tx,
                              "SELECT source_id, name = ANY ($1::text[]) FROM affsync.source"
                              " WHERE name = ANY ($1::text[]) OR retired_at IS NOT NULL",
                              params)) {
    if (row[1].as<bool>()) judged.add(std::string_view(row[0].c_str()));
    closed.add(std::string_view(row[0].c_str()));
  }
  scope.judged = judged.take();
  scope.closed = closed.take();
  return scope;
}

CauseChanges find_causes(pqxx::transaction_base& tx, AlertRuleInfo const& rule,
                         AlertRule const* given, AlertPolicy const& policy,
                         JudgedScope const& scope) {
  SqlParams const asked{alert_settings(rule, given), sql_time(policy.now),
                        alert_context(policy, scope), scope.judged};
  std::vector<ArrayText> found(1 + std::size(found_columns));
  std::set<std::string> full;  // sources that have more than are told
  auto const rows = exec(tx, found_statement(query_of(rule, scope.distributed)), asked);
  if (rows.empty() && !scope.open.contains(rule.name)) return {};
  for (auto const& row : rows) {
    auto const text = [&](std::size_t i) {
      auto const field = row[static_cast<int>(i)];
      return field.is_null() ? nullptr : field.c_str();
    };
    for (std::size_t i = 0; i < found.size(); ++i) found[i].add(text(i));
    auto const more = int_of(row[static_cast<int>(found.size())]) - most_causes;
    if (more <= 0 || !full.insert(text(1) == nullptr ? "0" : text(1)).second) continue;
    auto const rest = rest_of_causes(rule, text(1), text(2), more);
    for (std::size_t i = 0; i < found.size(); ++i)
      found[i].add(rest[i] ? rest[i]->c_str() : nullptr);
  }
  ArrayText full_sources;
  for (auto const& id : full) full_sources.add(std::string_view(id));
  SqlParams params{sql_time(policy.now),
                   rule.name,
                   window_of(rule, given),
                   scope.closed,
                   alert_settings(rule, given) + rule.sql,
                   intervals_of(policy),
                   scope.retired};
  for (auto& column : found) params.emplace_back(column.take());
  params.emplace_back(full_sources.take());
  CauseChanges changes;
  changes.written = true;
  for (auto const& row : exec(tx, write_statement(), params)) {
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
