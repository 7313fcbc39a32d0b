#include "connectors/engine/rows/mapped_anew.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/decimal.hpp"
#include "base/json.hpp"
#include "connectors/engine/rows/column_reader.hpp"
#include "connectors/engine/rows/content_key.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {
namespace {

using AnewValue = std::optional<std::string>;

// More than a year: a day without a year is another one then, and so is a relative time.
constexpr std::chrono::hours much_later{24 * 400};

bool may_need_the_time(ValueType type) {
  using enum ValueType;
  return type == date || type == datetime || type == earliest || type == latest || type == epoch;
}

std::string shortest_number(std::string const& number) {
  auto const parsed = parse_decimal(number);
  if (parsed.error != DecimalError::none) return number;
  return std::string(without_end_zeros(parsed.text));
}

// PostgreSQL keeps the zeros of a number and compares without them.
bool are_same_values(ColumnType type, AnewValue const& left, AnewValue const& right) {
  if (left == right) return true;
  if (!left || !right || type != ColumnType::numeric) return false;
  return shortest_number(*left) == shortest_number(*right);
}

struct AnewColumn {
  AnewColumn(ColumnMapping const& mapping, RecordTable const& table, PrivacyFilter const& privacy)
      : reader(mapping, table, privacy), has_time(may_need_the_time(mapping.type)) {
    std::vector<std::string> texts;
    reader.add_paths(texts);
    for (auto const& text : texts) {
      paths.emplace_back(JsonPath(text));
      is_kept = is_kept && (privacy.privacy() == Privacy::keep || !privacy.covers(text));
    }
    for (auto const& one : mapping.from) sources.emplace_back(one);
    for (auto const& [one, word] : mapping.present) sources.emplace_back(one);
  }

  ColumnReader reader;
  bool has_time;
  bool is_kept = true;  // the row's `raw` keeps all that it reads
  std::vector<FieldPath> paths;
  std::vector<FieldPath> sources;  // of these, those that its value comes from
};

struct AnewTable {
  AnewTable(StreamPlan const& plan, TableMapping const& of, PrivacyFilter const& privacy)
      : mapping(&of), mapper(plan, of) {
    columns.reserve(of.columns.size());
    // Numbers may depend on the currency.
    for (bool const is_first : {true, false}) {
      for (auto const& column : of.columns) {
        if ((column.column == "currency") == is_first)
          columns.emplace_back(column, *of.table, privacy);
      }
    }
  }

  TableMapping const* mapping;
  RowMapper mapper;
  std::vector<AnewColumn> columns;
};

bool has_any_of(std::vector<FieldPath> const& paths, Json const& row) {
  return std::ranges::any_of(paths, [&](auto const& path) { return path.in(row) != nullptr; });
}

}  // namespace

struct MappedAnew::Compiled {
  explicit Compiled(std::shared_ptr<StreamPlan const> of) : plan(std::move(of)), privacy(*plan) {
    auto keeping = *plan;
    keeping.privacy = Privacy::keep;
    whole = std::make_unique<PrivacyFilter>(keeping);
    tables.reserve(1 + plan->spec->also.size());
    tables.emplace_back(*plan, plan->spec->map, privacy);
    for (auto const& mapping : plan->spec->also) tables.emplace_back(*plan, mapping, privacy);
    keeps_what_is_read = plan->spec->raw_mapped_only && plan->privacy != Privacy::keep;
  }
  Compiled(Compiled const&) = delete;  // columns point to `privacy`

  // The mapping that made a row of the table; nullptr if that is not known.
  AnewTable const* made(RecordTable const& table, Json const& raw, std::string const& id) const {
    AnewTable const* found = nullptr;
    std::size_t count = 0;
    for (auto const& one : tables) {
      if (one.mapping->table != &table) continue;
      found = &one;
      ++count;
    }
    if (count < 2) return found;
    // Several rows of the table are made of one of the broker's.
    found = nullptr;
    for (auto const& one : tables) {
      if (one.mapping->table != &table) continue;
      if (one.mapping->where && !one.mapping->where->holds(raw)) continue;
      std::string key, reason;
      if (!one.mapper.read_key(raw, key, reason)) continue;
      if (one.mapping->hash ? !id.starts_with(key) : id != key) continue;
      if (found != nullptr) return nullptr;
      found = &one;
    }
    return found;
  }

  // Everything but what differs at each reading, in one spelling.
  std::string canonical(std::string_view raw) const {
    auto row = parse_json(raw);
    if (!row) return std::string(raw);
    if (auto const& skipped = plan->spec->volatile_fields; !skipped.empty()) {
      std::string rest;
      whole->dump(*row, skipped, rest);
      row = parse_json(rest);
      if (!row) return rest;
    }
    std::string text;
    append_canonical(text, *row);
    return text;
  }

  std::shared_ptr<StreamPlan const> plan;
  PrivacyFilter privacy;
  std::unique_ptr<PrivacyFilter> whole;  // hides nothing
  std::vector<AnewTable> tables;         // the main one first
  bool keeps_what_is_read = false;       // `raw` has no field that no mapping read
};

namespace {

// The values of one row, column by column.
class AnewValues {
 public:
  AnewValues(RecordTable const& table, Row const& stored, Row const* sent, TimePoint now)
      : table_(table),
        stored_(stored),
        sent_(sent),
        values_(table.columns.size()),
        known_(table.columns.size(), Known::by_raw) {
    context_.now = context_.latest_now = now;
  }

  // `sent`: the broker's row now, if `raw` may lack what was not read then; nullptr: it does not.
  void read(AnewColumn const& column, Json const& raw, Json const* sent) {
    auto const index = column.reader.index();
    auto const known = read_kept(column, raw, sent);
    if (known != Known::by_raw) leave(index, known);
    if (!is_currency(column)) return;
    knows_currency_ = known == Known::by_raw;
    if (knows_currency_ && values_[index]) context_.currency = *values_[index];
  }
  // What no mapping reads, and is not of the broker's row.
  void leave(std::size_t index) { leave(index, Known::otherwise); }
  // Whether the mapping makes another row of what is stored.
  bool differ() const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      auto const& column = table_.columns[i];
      if (known_[i] == Known::otherwise || column.volatile_value) continue;
      if (!are_same_values(column.type, values_[i], stored_.values[i])) return true;
    }
    return false;
  }
  std::vector<AnewValue> take() { return std::move(values_); }

 private:
  enum class Known {
    by_raw,     // what the mapping makes of what is kept
    lost,       // the field was not kept, because another one was read then
    otherwise,  // personal, or by the time of the answer: nothing tells whether it is another
  };
  void leave(std::size_t index, Known known) {
    known_[index] = known;
    values_[index] = sent_ != nullptr ? sent_->values[index] : stored_.values[index];
  }
  bool is_currency(AnewColumn const& column) const {
    return column.reader.index() == table_.index_of("currency");
  }
  Known read_kept(AnewColumn const& column, Json const& raw, Json const* sent) {
    if (!column.is_kept) return Known::otherwise;
    if (column.reader.needs_currency() && !knows_currency_) return Known::lost;
    auto const was_cut = [&](FieldPath const& path) {
      return path.in(raw) == nullptr && path.in(*sent) != nullptr;
    };
    if (sent != nullptr && std::ranges::any_of(column.paths, was_cut)) return Known::lost;
    auto& value = values_[column.reader.index()];
    if (column.reader.read(raw, context_, value)) return Known::lost;
    if (column.has_time) {
      auto later = context_;
      later.now += much_later;
      later.latest_now += much_later;
      AnewValue other;
      if (column.reader.read(raw, later, other) || other != value) return Known::otherwise;
    }
    // Another field was read then, and this one was not there.
    bool const is_there = value || !stored_.values[column.reader.index()] ||
                          column.sources.empty() || has_any_of(column.sources, raw);
    return is_there ? Known::by_raw : Known::lost;
  }

  RecordTable const& table_;
  Row const& stored_;
  Row const* sent_;
  RowContext context_;
  bool knows_currency_ = true;
  std::vector<AnewValue> values_;
  std::vector<Known> known_;
};

}  // namespace

MappedAnew::MappedAnew(std::shared_ptr<StreamPlan const> plan)
    : compiled_(std::make_shared<Compiled const>(std::move(plan))) {}

bool MappedAnew::map(RecordTable const& table, Row& row, Row const* sent, TimePoint now) const {
  auto const raw = parse_json(row.raw);
  if (!raw || !raw->is_object()) return false;
  auto const* made = compiled_->made(table, *raw, row.external_id);
  if (made == nullptr) return false;
  std::optional<Json> sent_raw;
  if (sent != nullptr && compiled_->keeps_what_is_read) {
    if (auto parsed = parse_json(sent->raw)) sent_raw = std::move(*parsed);
  }
  AnewValues values(table, row, sent, now);
  // The time of the reading, unless the connector reads it from the row.
  if (auto const observed = table.index_of("observed_at")) values.leave(*observed);
  for (auto const& column : made->columns) {
    values.read(column, *raw, sent_raw ? &*sent_raw : nullptr);
  }
  if (!values.differ()) return false;
  row.values = values.take();
  return true;
}

bool MappedAnew::is_same(std::string_view stored_raw, std::string_view sent_raw) const {
  return compiled_->canonical(stored_raw) == compiled_->canonical(sent_raw);
}

std::vector<std::string> MappedAnew::keys(RecordTable const& table, std::string_view raw) const {
  std::vector<std::string> keys;
  auto const row = parse_json(raw);
  if (!row || !row->is_object()) return keys;
  for (auto const& one : compiled_->tables) {
    if (one.mapping->table != &table) continue;
    std::string key, reason;
    if (one.mapping->hash || !one.mapper.read_key(*row, key, reason)) return {};
    // What names a person was kept as the privacy setting of that time says.
    bool const is_personal = std::ranges::any_of(one.mapping->key, [&](KeyPart const& part) {
      return !part.constant && compiled_->privacy.covers(part.path.text());
    });
    if (is_personal || key.find("sha256:") != std::string::npos) return {};
    keys.push_back(std::move(key));
  }
  return keys;
}

bool MappedAnew::leaves_out(RecordTable const& table, std::string_view raw) const {
  auto const row = parse_json(raw);
  if (!row || !row->is_object()) return false;
  bool any = false;
  for (auto const& one : compiled_->tables) {
    if (one.mapping->table != &table) continue;
    any = true;
    auto const& where = one.mapping->where;
    if (!where || FieldPath(where->path).in(*row) == nullptr) return false;
    if (compiled_->privacy.covers(where->path.text()) || where->holds(*row)) return false;
  }
  return any;
}

}  // namespace affsync::engine
