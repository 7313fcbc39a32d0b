#include "connectors/engine/rows/mapping.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "connectors/engine/rows/column_reader.hpp"
#include "connectors/engine/rows/content_key.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "connectors/engine/values/cell_error.hpp"
#include "connectors/engine/values/in_words.hpp"

namespace affsync::engine {
namespace {

// Parts of a key are joined with ':'. A ':' inside a part is escaped, so that ["a:b", "c"] and
// ["a", "b:c"] have different keys. The last part is unambiguous and stays as it is.
void append_key_part(std::string& key, std::string_view part, bool is_last) {
  if (is_last) {
    key += part;
    return;
  }
  for (char const c : part) {
    if (c == ':' || c == '\\') key += '\\';
    key += c;
  }
  key += ':';
}

// Longer texts are no ids and would not fit in an index.
constexpr std::size_t max_external_id = 500;

std::optional<std::string> invalid_number_in(Json const& row) {
  if (!row.has_stray_word()) return std::nullopt;
  for (auto const& member : row.members()) {
    if (!member.value.has_stray_word()) continue;
    return "the field " + quote_for_reason(member.name) + " holds " +
           std::string(member.value.scalar_text().value_or("NaN or Infinity")) +
           ", which is not a JSON number";
  }
  return "a field holds NaN or Infinity, which is not a JSON number";
}

std::optional<std::string> duplicate_field_in(Json const& row) {
  if (!row.has_duplicate()) return std::nullopt;
  std::set<std::string_view> names;
  for (auto const& member : row.members()) {
    if (!names.insert(member.name).second) {
      return "the field " + quote_for_reason(member.name) + " occurs twice";
    }
    if (member.value.has_duplicate()) {
      return "something in the field " + quote_for_reason(member.name) + " occurs twice";
    }
  }
  return "a field occurs twice";
}

// Collects the members of `object` that none of the paths reads. If a path leads into a member, its
// own members are checked; a list on the path counts as read.
void collect_unread(Json const& object, std::string const& prefix,
                    std::vector<std::string> const& paths, std::vector<std::string>& unread) {
  for (auto const& member : object.members()) {
    auto const path = prefix + path_step(member.name);
    if (std::ranges::find(paths, path) != paths.end()) continue;
    auto const inside = path + '.';
    if (std::ranges::none_of(paths, [&](auto const& one) { return one.starts_with(inside); })) {
      unread.push_back(path);
    } else if (member.value.is_object()) {
      collect_unread(member.value, inside, paths, unread);
    }
  }
}

std::string without_nul(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '\0') {
      out += "\xEF\xBF\xBD";  // U+FFFD
    } else {
      out += c;
    }
  }
  return out;
}

// Returns the value with U+FFFD for what PostgreSQL cannot store. An invalid byte in a country must
// not cost a commission.
Json storable(Json const& value) {
  if (!value.has_nul()) return value;
  if (value.is_string()) return Json::string(without_nul(value.as_string()));
  if (value.is_array()) {
    Json::Array items;
    for (auto const& item : value.items()) items.push_back(storable(item));
    return Json::array(std::move(items));
  }
  Json::Object members;
  for (auto const& [name, member] : value.members()) {
    members.push_back({without_nul(name), storable(member)});
  }
  return Json::object(std::move(members));
}

}  // namespace

struct RowMapper::Compiled {
  Compiled(StreamPlan const& plan, TableMapping const& mapping)
      : table(mapping.table),
        privacy(plan),
        volatile_fields(plan.spec->volatile_fields),
        is_of_table(plan.spec->document.is_table()),
        one_of_many_rows(mapping.key != plan.spec->map.key) {
    for (auto const& path : volatile_fields) volatile_paths.emplace_back(JsonPath(path));
    for (auto const& part : mapping.key) {
      bool const personal = privacy.privacy() != Privacy::keep && privacy.covers(part.path.text());
      key.emplace_back(part.path, part.constant, personal);
    }
    if (mapping.hash) {
      content.emplace(plan, *mapping.hash);
      for (auto const& field : content->fields()) paths.push_back(field.text());
    }
    columns.reserve(mapping.columns.size());
    for (auto const& column : mapping.columns) columns.emplace_back(column, *table, privacy);
    for (auto const& part : key) {
      if (!part.constant) paths.push_back(part.path.text());
    }
    if (mapping.where) paths.push_back(mapping.where->path.text());
    for (auto const& column : columns) column.add_paths(paths);

    // We set the time of the observation unless the connector reads it from the row.
    observed_at = table->index_of("observed_at");
    for (auto const& column : columns) {
      if (observed_at == column.index()) observed_at.reset();
    }
    for (auto const& column : columns) {
      if (column.needs_currency()) currency = table->index_of("currency");
    }
    if (currency) {
      auto const found = std::ranges::find(columns, *currency, &ColumnReader::index);
      if (found == columns.end()) {
        throw Failure(
            ErrorCode::config_invalid,
            "an amount needs a mapping of the column currency of " + std::string(table->name));
      }
      currency_column = static_cast<std::size_t>(found - columns.begin());
    }
  }
  Compiled(Compiled const&) = delete;  // columns point to `privacy`

  bool has_volatile_field(Json const& row) const {
    return std::ranges::any_of(volatile_paths,
                               [&](FieldPath const& path) { return path.in(row) != nullptr; });
  }

  // Reads the currency before the columns, because numbers may depend on it wherever it is in the
  // row. `currency_text` owns the text that `context` refers to. Returns a problem with the
  // currency.
  std::optional<std::string> read_context(Json const& row, TimePoint now, RowContext& context,
                                          std::optional<std::string>& currency_text) const {
    context.now = now;
    context.latest_now = std::max(context.latest_now, now);
    if (!currency) return std::nullopt;
    auto problem = columns[currency_column].read(row, context, currency_text);
    if (currency_text) context.currency = *currency_text;
    return problem;
  }

  RecordTable const* table;
  PrivacyFilter privacy;
  std::vector<std::string> volatile_fields;
  std::vector<FieldPath> volatile_paths;  // the same, compiled
  bool is_of_table;                       // whose cells may hold errors of a spreadsheet
  // The table has another key than the main one, so several rows of the list may share one of its
  // rows.
  bool one_of_many_rows;
  struct Key {
    Key(JsonPath const& of, std::optional<std::string> same, bool is_personal)
        : path(of), constant(std::move(same)), personal(is_personal) {}
    FieldPath path;
    std::optional<std::string> constant;
    bool personal;  // its hash is the key's part
  };
  std::vector<Key> key;
  std::optional<ContentKey> content;  // instead of `key`
  std::vector<ColumnReader> columns;
  std::vector<std::string> paths;  // paths in a row that key and columns read
  std::optional<std::size_t> observed_at;
  std::optional<std::size_t> currency;  // its index in the table, if a number depends on it
  std::size_t currency_column = 0;      // and its index in `columns`
};

RowMapper::RowMapper(StreamPlan const& plan, TableMapping const& mapping)
    : compiled_(std::make_shared<Compiled const>(plan, mapping)) {}

std::optional<std::string> RowMapper::key_of(Json const& row, std::string& reason,
                                             Redactor const* secrets) const {
  std::string key;
  if (!read_key(row, key, reason, secrets)) return std::nullopt;
  return key;
}

bool RowMapper::read_key(Json const& row, std::string& key, std::string& reason,
                         Redactor const* secrets) const {
  key.clear();
  if (!row.is_object()) {
    reason =
        std::string("the row is ") + kind_in_words(row) + ", not an object, as rows have to be";
    return false;
  }
  if (compiled_->content) return compiled_->content->read(row, key, reason);
  for (std::size_t i = 0; i < compiled_->key.size(); ++i) {
    auto const& [path, constant, personal] = compiled_->key[i];
    bool const is_last = i + 1 == compiled_->key.size();
    if (constant) {
      append_key_part(key, *constant, is_last);
      continue;
    }
    Json const* part = path.in(row);
    if (part != nullptr && compiled_->is_of_table) {
      if (reason = flaw_of_key_part(*part, path.text()); !reason.empty()) return false;
    }
    auto const whole = part == nullptr ? std::nullopt : part->scalar_text();
    auto const text = whole ? trim_blanks(*whole) : std::string_view{};
    if (text.empty()) {
      reason = "the field \"" + path.text() + "\", which belongs to the row's key, is ";
      reason += part == nullptr ? "missing" : whole ? "empty" : kind_in_words(*part);
      return false;
    }
    if (text.find('\0') != std::string_view::npos) {
      reason = "the field \"" + path.text() +
               "\", which belongs to the row's key, contains a NUL or invalid UTF-8";
      return false;
    }
    if (personal) {
      // All hashes have the same length, so their ':' needs no escape.
      key += compiled_->privacy.hash(*whole);
      if (!is_last) key += ':';
    } else if (secrets != nullptr && secrets->is_in(text)) {
      append_key_part(key, secrets->redact(std::string(text)), is_last);
    } else {
      append_key_part(key, text, is_last);
    }
  }
  if (key.size() > max_external_id) {
    reason = "the row's key has " + std::to_string(key.size()) + " bytes, more than " +
             std::to_string(max_external_id);
    return false;
  }
  return true;
}

std::optional<std::string> RowMapper::map(Json const& row, TimePoint now, Row& out, TimePoint ours,
                                          std::string_view key, Redactor const* secrets) const {
  auto const& compiled = *compiled_;
  out.reset(*compiled.table);
  compiled.privacy.dump(row, {}, out.raw);

  if (!key.empty()) {
    out.external_id = key;
  } else if (std::string reason; !read_key(row, out.external_id, reason, secrets)) {
    out.external_id.clear();
    if (row.is_object()) {
      if (auto flaw = duplicate_field_in(row)) return flaw;
    }
    return reason;
  }
  if (auto stray = invalid_number_in(row)) return stray;
  if (row.has_duplicate()) return duplicate_field_in(row);
  if (row.has_nul()) {
    auto const clean = storable(row);
    return map_columns(clean, now, ours, out);
  }
  return map_columns(row, now, ours, out);
}

std::optional<std::string> RowMapper::map_columns(Json const& row, TimePoint now, TimePoint ours,
                                                  Row& out) const {
  auto const& compiled = *compiled_;

  RowContext context;
  context.latest_now = ours;
  std::optional<std::string> none;
  auto& currency = compiled.currency ? out.values[*compiled.currency] : none;
  if (auto problem = compiled.read_context(row, now, context, currency)) return problem;
  for (auto const& column : compiled.columns) {
    if (column.index() == compiled.currency) continue;  // has been read
    auto problem = column.read(row, context, out.values[column.index()]);
    if (problem) return problem;
  }
  if (compiled.observed_at) append_time(out.values[*compiled.observed_at].emplace(), now);
  ValueTexts spelling;
  if (context.may_spell_oddly) {
    for (auto const& column : compiled.columns) column.spell_plainly(row, spelling);
  }
  if (compiled.one_of_many_rows) {
    // It is no change if another row of the list mentions it last.
    out.volatile_free_raw = "{}";
  } else if (!spelling.empty() || compiled.has_volatile_field(row)) {
    compiled.privacy.dump(row, compiled.volatile_fields, out.volatile_free_raw, spelling);
  }
  return std::nullopt;
}

std::vector<RowMapper::Trace> RowMapper::trace(Json const& row, TimePoint now) const {
  std::vector<Trace> traces;
  RowContext context;
  std::optional<std::string> currency;
  if (row.has_nul()) return trace(storable(row), now);
  // A problem with the currency is reported below, at its own column.
  compiled_->read_context(row, now, context, currency);
  for (auto const& column : compiled_->columns) {
    Trace trace;
    trace.column = column.name();
    if (auto const* path = column.chosen(row)) {
      trace.from = path->text();
      trace.found = true;
    } else {
      for (auto const& path_tried : column.from()) {
        if (!trace.from.empty()) trace.from += ", ";
        trace.from += path_tried.text();
        trace.found = trace.found || path_tried.in(row) != nullptr;
      }
      trace.found = trace.found || column.from().empty();
    }
    trace.problem = column.read(row, context, trace.value).value_or("");
    traces.push_back(std::move(trace));
  }
  if (compiled_->observed_at) {
    Trace trace;
    trace.column = "observed_at";
    trace.found = true;
    append_time(trace.value.emplace(), now);
    traces.push_back(std::move(trace));
  }
  return traces;
}

std::vector<std::string> RowMapper::unmapped_fields(Json const& row) const {
  std::vector<std::string> fields;
  if (row.is_object()) collect_unread(row, "", compiled_->paths, fields);
  return fields;
}

std::string private_raw(StreamPlan const& plan, Json const& row) {
  std::string out;
  PrivacyFilter(plan).dump(row, {}, out);
  return out;
}

}  // namespace affsync::engine
