// Parses what a stream says beside its list: evidence, checks, needed credentials, what `raw`
// keeps.
#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, bool> raw_words[] = {{"all", false}, {"mapped", true}};
constexpr std::pair<std::string_view, Evidence> evidence_words[] = {
    {"vendor", Evidence::vendor},
    {"third_party", Evidence::third_party},
    {"none", Evidence::none},
};

constexpr Key evidence_table[] = {
    {"by", [] { return form::words(evidence_words); },
     "who documents what the rows look like, outside of this file", "", true},
    {"note", form::text, "where, and what is not documented"},
};

constexpr Key raw_table[] = {
    {"allow", form::paths, "kept beside the fields that are mapped", "", true},
};

constexpr Key reconcile_table[] = {
    {"column", form::text, "a mapped column whose sum is compared; without it the number of rows"},
    {"total", form::path, "path of the broker's figure in the answer", "", true},
    {"tolerance", form::scalar, "allowed difference, for rounding", "0"},
    {"metric", form::name, "its name in affsync.reconciliation"},
};

constexpr Key needs_table[] = {
    {"credentials", form::texts, "names of credentials without which the stream is skipped", "",
     true},
    {"hint", form::text, "what to do without them"},
};

}  // namespace

Object const evidence_keys{"the evidence of a stream", "evidence", evidence_table};
Object const raw_keys{"what `raw` keeps", "raw", raw_table};
Object const reconcile_keys{"a check against the broker's total", "reconcile", reconcile_table};
Object const needs_keys{"what the stream needs", "needs", needs_table};

namespace form {

Json kept_raw() {
  return any_of({words(raw_words), object(raw_keys)});
}

}  // namespace form

EvidenceSpec read_evidence(yaml::Node const& node) {
  ObjectMap map(node, evidence_keys);
  EvidenceSpec evidence;
  evidence.by = read_word<Evidence>(map.require("by"), evidence_words, "a kind of evidence");
  map.read("note", evidence.note);
  map.finish();
  return evidence;
}

ReconcileSpec read_reconcile(yaml::Node const& node, TableMapping const& mapping) {
  ObjectMap map(node, reconcile_keys);
  ReconcileSpec check;
  if (auto const column = map.find("column")) {
    check.column = column->text();
    auto const mapped = std::ranges::find_if(
        mapping.columns, [&](auto const& c) { return c.column == check.column; });
    if (mapped == mapping.columns.end()) {
      column->fail("the column " + yaml::quoted(check.column) + " is not mapped");
    }
    check.number_format = mapped->number_format;
    auto const type = mapping.table->columns[*mapping.table->index_of(check.column)].type;
    if (type != ColumnType::numeric && type != ColumnType::bigint) {
      column->fail("the column " + yaml::quoted(check.column) + " has no numbers to sum");
    }
  }
  check.metric = check.column.empty() ? "rows" : check.column;
  if (auto const metric = map.find("metric")) {
    check.metric = metric->text();
    check_name(*metric, check.metric, "the name of a metric");
  }
  check.broker_value = read_path(map.require("total"));
  if (auto const tolerance = map.find("tolerance")) {
    auto const parsed = parse_decimal(tolerance->text());
    if (parsed.error != DecimalError::none || parsed.text.starts_with('-')) {
      tolerance->fail(yaml::quoted(tolerance->text()) + " is not a tolerance",
                      "Use a number that is not negative.");
    }
    check.tolerance = parsed.text;
  }
  map.finish();
  return check;
}

void read_needs(yaml::Node const& node, StreamSpec& stream, Declared const& declared) {
  ObjectMap map(node, needs_keys);
  for (auto const& item : one_or_more(map.require("credentials"))) {
    auto const name = item.text();
    if (std::ranges::find(declared.credentials, name) == declared.credentials.end()) {
      refuse_word(item, name, declared.credentials, "a credential of this connector");
    }
    stream.needs.push_back(name);
  }
  map.read("hint", stream.needs_hint);
  map.finish();
}

void read_raw(yaml::Node const& node, bool& mapped_only, std::vector<std::string>& allow) {
  allow.clear();
  if (node.is_map()) {
    ObjectMap map(node, raw_keys);
    mapped_only = true;
    for (auto const& item : one_or_more(map.require("allow"))) {
      allow.push_back(read_path(item).text());
      if (allow.back() == "$") item.fail("`$` is the whole row", "That is `raw: all`.");
    }
    map.finish();
    return;
  }
  mapped_only = read_word<bool>(node, raw_words, "how much `raw` keeps");
}

}  // namespace affsync::engine::grammar
