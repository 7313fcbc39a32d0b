#include "connectors/engine/rows/page_review.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/manifest/words.hpp"
#include "connectors/engine/rows/is_present.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

using Rows = std::vector<Json const*>;

enum class Figure { none, zero, other };

Figure figure_at(JsonPath const& path, Json const& row, ColumnMapping const& column) {
  Json const* value = path.in(row);
  if (!is_present(value, column.null_if)) return Figure::none;
  auto const text = value->scalar_text();
  auto const parsed = parse_decimal(text ? trim_blanks(*text) : std::string_view{});
  if (parsed.error != DecimalError::none) return Figure::other;
  bool const zero = parsed.text.find_first_of("123456789") == std::string::npos;
  return zero ? Figure::zero : Figure::other;
}

bool holds_numbers(TableMapping const& mapping, ColumnMapping const& column) {
  auto const index = mapping.table->index_of(column.column);
  if (!index) return false;
  auto const type = mapping.table->columns[*index].type;
  return type == ColumnType::numeric || type == ColumnType::bigint;
}

// Warns about a first field that is 0 in every row while the next one has values: some brokers
// write 0 for "none".
void review_alternatives(TableMapping const& mapping, Rows const& rows, PageReview& out) {
  for (auto const& column : mapping.columns) {
    if (column.from.size() < 2 || !holds_numbers(mapping, column)) continue;
    int zeros = 0;
    bool next_has_figures = false;
    bool all_zero = true;
    std::string_view zero;
    for (auto const* row : rows) {
      if (mapping.where && !mapping.where->holds(*row)) continue;
      auto const first = figure_at(column.from[0], *row, column);
      if (first == Figure::none) continue;
      all_zero = all_zero && first == Figure::zero;
      if (!all_zero) break;
      ++zeros;
      zero = column.from[0].in(*row)->scalar_text().value_or("0");
      next_has_figures = next_has_figures ||
                         std::any_of(column.from.begin() + 1, column.from.end(), [&](auto& one) {
                           return figure_at(one, *row, column) == Figure::other;
                         });
    }
    if (!all_zero || zeros == 0 || !next_has_figures) continue;
    out.warnings.push_back(column.column + ": the field \"" + column.from[0].text() +
                           "\" is 0 in " +
                           (zeros == 1 ? "the only row that has it"
                                       : "all " + std::to_string(zeros) + " rows that have it") +
                           ", while \"" + column.from[1].text() +
                           "\" has values; if 0 means that there is no value, set `null_if: \"" +
                           std::string(zero) + "\"`");
  }
}

// Warns about columns that stay empty because their field is personal and dropped.
void review_personal(StreamPlan const& plan, TableMapping const& mapping, PageReview& out) {
  if (plan.privacy != Privacy::drop) return;
  PrivacyFilter const privacy(plan);
  for (auto const& column : mapping.columns) {
    if (is_personal_column(mapping.table->name, column.column)) continue;
    for (auto const& path : column.from) {
      if (!column.personal && !privacy.covers(path.text())) continue;
      out.warnings.push_back(column.column + ": the field \"" + path.text() +
                             "\" is personal and dropped, so the column stays empty" +
                             (column.column == "client_ref"
                                  ? " and no join finds the client; map an id that identifies no "
                                    "person, or set `privacy: hash`"
                                  : "; map another field, or set `privacy: hash`"));
      break;
    }
  }
}

bool is_in_any(JsonPath const& path, Rows const& rows) {
  return std::ranges::any_of(rows, [&](Json const* row) { return path.in(*row) != nullptr; });
}

void review_paths(StreamSpec const& spec, Rows const& rows, Json const& body, PageReview& out) {
  auto const in_rows = [&](char const* key, JsonPath const& path) {
    if (!rows.empty() && !is_in_any(path, rows)) {
      out.found_nothing.push_back(std::string(key) + " <- " + path.text());
    }
  };
  for (auto const& path : spec.personal) in_rows("personal", JsonPath(path));
  for (auto const& field : spec.volatile_fields) in_rows("volatile", JsonPath(field));
  if (spec.map.where) in_rows("where", spec.map.where->path);
  for (auto const& mapping : spec.also) {
    if (mapping.where) in_rows("where", mapping.where->path);
  }
  for (auto const& path : spec.raw_allow) in_rows("raw", JsonPath(path));
  auto const in_answer = [&](char const* key, JsonPath const& path) {
    Json const* value = path.in(body);
    if (value == nullptr || value->is_null()) {
      out.found_nothing.push_back(std::string(key) + " <- " + path.text());
    }
  };
  for (auto const& kept : spec.keep) {
    if (kept.from == KeptField::From::answer) in_answer("keep", kept.path);
  }
  if (spec.page.total) in_answer("total", *spec.page.total);
  if (auto const& path = spec.page.total_pages()) in_answer("total_pages", *path);
  for (auto const& check : spec.reconcile) in_answer("reconcile", check.broker_value);
}

void compare(Json const& sent, Json const* kept, std::string const& place,
             std::vector<std::string>& out) {
  if (kept == nullptr || kept->kind() != sent.kind()) {
    out.push_back(place);
    return;
  }
  if (sent.is_object()) {
    for (auto const& [name, value] : sent.members()) {
      compare(value, kept->find(name), place.empty() ? name : place + "." + name, out);
    }
  } else if (sent.is_array()) {
    auto const& items = kept->items();
    for (std::size_t i = 0; i < sent.items().size(); ++i) {
      compare(sent.items()[i], i < items.size() ? &items[i] : nullptr,
              place + "." + std::to_string(i), out);
    }
  } else if (sent.is_string() && sent.as_string() != kept->as_string()) {
    out.push_back(place);
  }
}

}  // namespace

PageReview review_page(StreamPlan const& plan, std::vector<Json const*> const& rows,
                       Json const& body) {
  PageReview review;
  review_alternatives(plan.spec->map, rows, review);
  review_personal(plan, plan.spec->map, review);
  for (auto const& mapping : plan.spec->also) {
    review_alternatives(mapping, rows, review);
    review_personal(plan, mapping, review);
  }
  review_paths(plan.spec, rows, body, review);
  return review;
}

std::vector<std::string> hidden_fields(StreamPlan const& plan, Json const& row) {
  std::vector<std::string> fields;
  auto const kept = parse_json(private_raw(plan, row));
  if (row.is_object() && !row.has_nul() && kept) compare(row, &*kept, "", fields);
  return fields;
}

}  // namespace affsync::engine
