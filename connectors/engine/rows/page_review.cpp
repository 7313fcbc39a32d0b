#include "connectors/engine/rows/page_review.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/plain_words.hpp"
#include "connectors/engine/manifest/words.hpp"
#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/rows/column_reader.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "connectors/engine/values/in_words.hpp"
#include "connectors/engine/values/is_present.hpp"
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

// Collects the paths of one table's mapping that no row has. A path of `map` that is wrong empties
// its column without any other sign, one of a condition decides about all rows alike.
class LackingPaths {
 public:
  LackingPaths(TableMapping const& mapping, bool is_main, Rows const& rows, PageReview& out)
      : mapping_(mapping), is_main_(is_main), rows_(rows), out_(out) {
    for (auto const* row : rows) {
      if (!mapping.where || mapping.where->holds(*row)) taken_.push_back(row);
    }
  }

  void review() {
    if (mapping_.where) {
      auto const& where = *mapping_.where;
      // With `none_of` a row without the field is taken.
      note("where", where.path, rows_, !where.none_of, true);
    }
    if (taken_.empty()) return;
    if (mapping_.hash) {
      for (auto const& field : mapping_.hash->fields) note("key", field, taken_, true, true);
    }
    for (auto const& column : mapping_.columns) review(column);
  }

 private:
  void review(ColumnMapping const& column) {
    bool const counts = is_money(column);
    auto const name =
        is_main_ ? column.column : std::string(mapping_.table->name) + "." + column.column;
    if (!column.from.empty() && !is_any_there(column.from)) {
      std::string paths;
      for (auto const& path : column.from) paths += (paths.empty() ? "" : ", ") + path.text();
      auto text = name + " <- " + paths;
      // `inspect` lists those of `map` row by row.
      if (!is_main_) out_.found_nothing.push_back(text);
      if (!column.optional) lack(std::move(text), counts);
    }
    if (column.negative_if) note(name + ".negative_if", *column.negative_if, taken_, true, true);
    // Without words it asks whether the field is there.
    bool const asks_word = !column.only_if_words.empty();
    if (column.only_if) note(name + ".only_if", *column.only_if, taken_, asks_word, counts);
    for (auto const& [path, word] : column.present) {
      note(name + ".present", path, taken_, false, false);
    }
    if (column.within && !is_any_there(column.within->from)) {
      note(name + ".within", column.within->from.front(), taken_, true, false);
    }
  }

  // What was earned before a correction is there only if there was one.
  bool is_money(ColumnMapping const& column) const {
    auto const index = mapping_.table->index_of(column.column);
    bool const is_amount = index && mapping_.table->columns[*index].type == ColumnType::numeric;
    return (is_amount && column.column != "original_amount") || column.column == "currency" ||
           column.column == "status";
  }

  bool is_any_there(std::vector<JsonPath> const& paths) const {
    return std::ranges::any_of(paths,
                               [&](JsonPath const& path) { return is_in_any(path, taken_); });
  }

  void note(std::string const& key, JsonPath const& path, Rows const& rows, bool is_lack,
            bool is_money) {
    if (is_in_any(path, rows)) return;
    auto text = key + " <- " + path.text();
    if (std::ranges::find(out_.found_nothing, text) != out_.found_nothing.end()) return;
    out_.found_nothing.push_back(text);
    if (is_lack) lack(std::move(text), is_money);
  }

  void lack(std::string text, bool is_money) {
    out_.lacking.push_back(std::move(text));
    out_.lacks_money = out_.lacks_money || is_money;
  }

  TableMapping const& mapping_;
  bool is_main_;
  Rows const& rows_;
  Rows taken_;  // by the mapping's `where`
  PageReview& out_;
};

// Warns if no row has one of the words that the tables' filters ask for, though it has their field:
// a word in another case is another word.
void review_words(StreamSpec const& spec, Rows const& rows, PageReview& out) {
  std::vector<TableMapping const*> mappings{&spec.map};
  for (auto const& mapping : spec.also) mappings.push_back(&mapping);
  WhereSpec const* asked = nullptr;
  for (auto const* mapping : mappings) {
    auto const& where = mapping->where;
    bool const takes_some =
        !where || std::ranges::any_of(rows, [&](Json const* row) { return where->holds(*row); });
    if (takes_some || where->words.empty() || where->none_of) return;
    if (asked == nullptr && is_in_any(where->path, rows)) asked = &*where;
  }
  if (asked == nullptr) return;
  std::string words;
  for (auto const& word : asked->words) words += (words.empty() ? "" : ", ") + word;
  std::string found;
  for (auto const* row : rows) {
    auto const* value = asked->path.in(*row);
    auto const text = value == nullptr ? std::nullopt : value->scalar_text();
    if (text && found.empty()) found = quote_for_reason(*text);
  }
  out.warnings.push_back("none of the " + std::to_string(rows.size()) +
                         " rows of the page is stored: `where` wants " + words + " in `" +
                         asked->path.text() + "`" +
                         (found.empty() ? "" : ", which is " + found + " in the first of them"));
}

void review_paths(StreamSpec const& spec, Rows const& rows, Json const& body, PageReview& out) {
  auto const in_rows = [&](char const* key, JsonPath const& path) {
    if (!rows.empty() && !is_in_any(path, rows)) {
      out.found_nothing.push_back(std::string(key) + " <- " + path.text());
    }
  };
  for (auto const& path : spec.personal) in_rows("personal", JsonPath(path));
  for (auto const& field : spec.volatile_fields) in_rows("volatile", JsonPath(field));
  if (!rows.empty()) {
    LackingPaths(spec.map, true, rows, out).review();
    for (auto const& mapping : spec.also) LackingPaths(mapping, false, rows, out).review();
    review_words(spec, rows, out);
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

JsonPath const* next_of(PageSpec const& page) {
  if (!page.headers.next.empty()) return nullptr;
  if (auto const* cursor = std::get_if<CursorPaging>(&page.kind)) return &cursor->next;
  if (auto const* link = std::get_if<LinkPaging>(&page.kind)) return &link->next;
  return nullptr;
}

// Warns about signs that the list goes on, though the connector knows no way to the rest.
void review_paging(StreamSpec const& spec, Rows const& rows, Json const& body, PageReview& out) {
  auto const asked = spec.page.size ? static_cast<std::size_t>(spec.page.size->rows) : 0;
  bool const is_full =
      !rows.empty() && (asked > 0 ? rows.size() >= asked : may_be_a_cap(rows.size()));
  if (auto const* next = next_of(spec.page); next != nullptr && is_full && !next->in(body)) {
    out.warnings.push_back("the page has " + std::to_string(rows.size()) +
                           " rows and may be a full one, but `next` of `page`, `" + next->text() +
                           "`, is not in the answer; if more rows follow, correct the path");
  }
  // Rows inside of others are counted in another way.
  auto const count = spec.each.empty() ? greater_count(spec, body, rows.size()) : std::string();
  if (count.empty()) return;
  out.warnings.push_back(
      count + " in the answer, which has " + std::to_string(rows.size()) +
      (rows.size() == 1 ? " row" : " rows") +
      ", and the stream asks for no further page; if it counts the list, declare "
      "under `page` how the next page is asked for, and its `total`; if it does "
      "not, `more: false`");
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
  review_paging(plan.spec, rows, body, review);
  return review;
}

std::vector<std::string> hidden_fields(StreamPlan const& plan, Json const& row) {
  std::vector<std::string> fields;
  auto const kept = parse_json(private_raw(plan, row));
  if (row.is_object() && !row.has_nul() && kept) compare(row, &*kept, "", fields);
  return fields;
}

}  // namespace affsync::engine
