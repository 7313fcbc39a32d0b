#include "connectors/engine/answer/records.hpp"

#include <algorithm>
#include <set>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/plain_words.hpp"
#include "connectors/engine/answer/row_forms.hpp"
#include "connectors/engine/answer/unnamed_rows.hpp"
#include "connectors/engine/values/in_words.hpp"
#include "connectors/engine/values/is_present.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

bool is_list(Json const& value) {
  return value.is_array() || is_numbered_list(value);
}

bool is_empty_object(Json const& value) {
  return value.is_object() && value.members().empty();
}

// Returns the value at a path whose last step may be "*".
Json const* value_at(JsonPath const& path, Json const& body) {
  constexpr std::string_view any = ".*";
  if (!path.text().ends_with(any)) return path.in(body);
  auto const parent = path.text().substr(0, path.text().size() - any.size());
  auto const* holder = JsonPath(parent).in(body);
  if (holder == nullptr || !holder->is_object()) return nullptr;
  for (auto const& member : holder->members()) {
    if (is_list(member.value)) return &member.value;
  }
  return nullptr;
}

// Returns true if the value at `outer` contains the value at `inner`: "$" and "result" contain
// "result.rows".
bool holds(JsonPath const& outer, JsonPath const& inner) {
  if (outer.head().empty()) return !inner.head().empty();
  return inner.text().size() > outer.text().size() && inner.text().starts_with(outer.text()) &&
         inner.text()[outer.text().size()] == '.';
}

// An object is a row if it has a field of the row's key.
bool has_key(TableMapping const& mapping, Json const& object) {
  return std::ranges::any_of(mapping.key, [&](KeyPart const& part) {
    return !part.constant && is_present(part.path.in(object), {});
  });
}

bool counts_none(StreamSpec const& stream, Json const& body) {
  auto const is_zero = [&](std::optional<JsonPath> const& path) {
    return read_count(path, body) == 0;
  };
  return is_zero(stream.page.total) || is_zero(stream.page.total_pages()) ||
         std::ranges::any_of(stream.reconcile, [&](ReconcileSpec const& check) {
           return check.column.empty() && is_zero(check.broker_value);
         });
}

// Makes one row of each innermost member of nested objects, with the names on the way as fields.
void expand(ExpandSpec const& spec, Json const& value, Json::Object const& fields, Records& out) {
  auto const level = fields.size();
  if (level < spec.names.size()) {
    if (!value.is_object()) return;
    for (auto const& member : value.members()) {
      auto inner = fields;
      inner.push_back({spec.names[level], Json::string(member.name)});
      expand(spec, member.value, inner, out);
    }
    return;
  }
  auto row = fields;
  row.push_back({spec.value, value});
  out.made.push_back(Json::object(std::move(row)));
}

void expand_only(ExpandSpec const& spec, Json const& object, Records& out) {
  for (auto const& path : spec.only) {
    auto const* value = path.in(object);
    if (value == nullptr) continue;
    Json::Object fields;
    fields.push_back({spec.names.front(), Json::string(path.text())});
    expand(spec, *value, fields, out);
  }
}

// Returns true if the members of the value are the rows. An empty list is an object without members
// for PHP; any other list is not what the stream says.
bool takes_members(Json const& value) {
  return value.is_object() || (value.is_array() && !value.items().empty());
}

// Returns true if the members of the value are wrapped rows, and not the value itself.
bool is_map_of_wrapped(StreamSpec const& stream, Json const& value) {
  if (stream.unwrap.empty() || !value.is_object() || value.members().empty()) return false;
  return value.members().size() > 1 ||
         std::ranges::find(stream.unwrap, value.members()[0].name) == stream.unwrap.end();
}

// Returns true if rows are more than the elements of a list.
bool has_forms(StreamSpec const& stream) {
  return !stream.keep.empty() || !stream.unwrap.empty() || stream.cells || !stream.each.empty();
}

// `place` becomes what holds the rows: a list, an object, or a row.
Result<Records> find_list(StreamSpec const& stream, Json const& body, bool behind_rows,
                          Json const*& place) {
  Records records;
  std::string tried;
  std::vector<JsonPath const*> before;
  bool found_null = false;  // a path leads to null or {} instead of a list
  for (auto const& path : stream.records) {
    Json const* found = value_at(path, body);
    place = found;
    if (found != nullptr && RowForms::makes_rows_of_members(stream) && takes_members(*found)) {
      RowForms forms(stream, records.made);
      if (auto error = forms.take_members(*found, records.rows)) return std::move(*error);
      return records;
    }
    if (found != nullptr && found->is_object() && stream.expand && !stream.expand->value.empty()) {
      if (stream.expand->only.empty()) {
        expand(*stream.expand, *found, {}, records);
      } else {
        expand_only(*stream.expand, *found, records);
      }
      for (auto const& row : records.made) records.rows.push_back(&row);
      return records;
    }
    if (found != nullptr && found->is_array()) {
      records.rows.reserve(found->items().size());
      for (auto const& item : found->items()) records.rows.push_back(&item);
      return records;
    }
    if (found != nullptr && (is_numbered_list(*found) || is_map_of_wrapped(stream, *found))) {
      for (auto const& member : found->members()) records.rows.push_back(&member.value);
      return records;
    }
    bool const is_envelope =
        found != nullptr && found->is_object() &&
        std::ranges::any_of(before, [&](JsonPath const* inner) { return holds(path, *inner); }) &&
        !has_key(stream.map, *found);
    if (found != nullptr && found->is_object() && !is_empty_object(*found) && !is_envelope) {
      records.rows.push_back(found);
      return records;
    }
    found_null = found_null || (found != nullptr && (found->is_null() || is_empty_object(*found)));
    if (!tried.empty()) tried += ", ";
    tried += "`" + path.text() + "` holds ";
    tried += found == nullptr          ? "nothing"
             : is_envelope             ? "an object without the row's key"
             : is_empty_object(*found) ? "an empty object"
                                       : kind_in_words(*found);
    before.push_back(&path);
  }
  bool const none =
      counts_none(stream, body) || (found_null && (stream.empty_if_null || behind_rows));
  // What reports an error is judged by the caller.
  if (none || reported_error(stream, body)) return records;
  return Error(
      ErrorCode::malformed_answer, "the answer has no list of rows: " + tried,
      found_null
          ? "If this is the broker's way to say that there are no rows, set `records: {from: …, "
            "empty_if_null: true}`, or set `total` of `page` to the path of its count."
          : "Check `records` " + of_stream(stream) + ".");
}

// Returns the name of a member that an object has twice; nothing within `rows` counts, since rows
// are judged one by one.
std::optional<std::string> member_twice(Json const& value, Json const* rows) {
  if (&value == rows || !value.has_duplicate()) return std::nullopt;
  if (value.is_array()) {
    for (auto const& item : value.items()) {
      if (auto name = member_twice(item, rows)) return name;
    }
    return std::nullopt;
  }
  std::set<std::string_view> names;
  for (auto const& member : value.members()) {
    if (!names.insert(member.name).second) return member.name;
    if (auto name = member_twice(member.value, rows)) return name;
  }
  return std::nullopt;
}

// Returns the paths by which a row is known as one of the stream.
std::vector<JsonPath const*> telling_paths(StreamSpec const& stream) {
  auto const is_added = [&](JsonPath const& path) {
    return std::ranges::any_of(stream.keep,
                               [&](auto const& kept) { return kept.field == path.head(); });
  };
  std::vector<JsonPath const*> paths;
  auto const add = [&](JsonPath const& path) {
    if (!is_added(path)) paths.push_back(&path);
  };
  for (auto const& part : stream.map.key) {
    if (!part.constant) add(part.path);
  }
  if (stream.map.hash) std::ranges::for_each(stream.map.hash->fields, add);
  if (!paths.empty()) return paths;
  for (auto const& column : stream.map.columns) std::ranges::for_each(column.from, add);
  return paths;
}

// Returns true if all that the value holds are texts with this one in them.
bool says_only(Json const& value, std::string_view message) {
  if (value.is_array()) {
    return std::ranges::all_of(value.items(),
                               [&](auto const& item) { return says_only(item, message); });
  }
  if (value.is_object()) {
    return std::ranges::all_of(
        value.members(), [&](auto const& member) { return says_only(member.value, message); });
  }
  auto const text = value.scalar_text();
  return !text || trim_blanks(*text).empty() || contains_folded(*text, message);
}

}  // namespace

bool has_rows_beside(StreamSpec const& stream, Json const& body, std::string_view message) {
  auto const records = find_records(stream, body);
  if (!records) return false;
  auto const paths = telling_paths(stream);
  return std::ranges::any_of(records->rows, [&](Json const* row) {
    return !says_only(*row, message) && std::ranges::any_of(paths, [&](JsonPath const* path) {
      return is_present(path->in(*row), {});
    });
  });
}

namespace {

// Returns the error of an answer that says that it failed, and has no rows or not all of them.
std::optional<Error> failed_answer(StreamSpec const& stream, Json const& body, bool has_rows) {
  if (auto const said = reported_by_graphql(stream, body)) {
    return Error(ErrorCode::malformed_answer,
                 "the answer to the query is not whole: it reports " + *said,
                 "Rows beside `errors` of GraphQL are only a part. If it stays, compare the query "
                 "under `body` of the stream with the broker's schema, or ask the broker.");
  }
  if (has_rows) return std::nullopt;
  auto const said = reported_error(stream, body);
  if (!said) return std::nullopt;
  return Error(ErrorCode::malformed_answer,
               "the answer has no rows, but reports an error: " + *said,
               "If this is the broker's way to say that there are no rows, add a rule with `class: "
               "empty` under `errors` of the connector (behind the last page `class: "
               "end_of_list`); if it is a good answer, name its value under `good`.");
}

}  // namespace

Result<Records> find_records(StreamSpec const& stream, Json const& body, bool behind_rows,
                             AskedFor const& asked) {
  Json const* place = nullptr;
  auto records = find_list(stream, body, behind_rows, place);
  if (records) records->place = place;
  if (auto const twice = records ? member_twice(body, place) : std::nullopt) {
    return Error(ErrorCode::malformed_answer,
                 "the answer has the member " + quote_for_reason(*twice) +
                     " twice, and which of the two counts is unknown",
                 "Report it to the broker: a program that reads the other one sees other rows.");
  }
  if (auto failed = failed_answer(stream, body, records && !records->rows.empty())) {
    return std::move(*failed);
  }
  if (records && records->rows.empty()) {
    if (auto flaw = unnamed_row_in(stream, body)) {
      return Error(
          ErrorCode::malformed_answer, std::move(*flaw),
          "Set `xml: {row: …}` " + of_stream(stream) + " to the name of the rows' elements.");
    }
  }
  if (!records || !has_forms(stream)) return records;
  RowForms forms(stream, records->made);
  if (auto error = forms.shape(records->rows)) return std::move(*error);
  if (!stream.each.empty()) {
    records->elements = records->rows;
    if (auto error = forms.take_inner(records->rows, records->element_of)) return std::move(*error);
    if (auto failed = failed_answer(stream, body, !records->rows.empty()))
      return std::move(*failed);
  }
  if (auto error = forms.keep(body, asked, records->rows)) return std::move(*error);
  return records;
}

std::size_t listed_rows(StreamSpec const& stream, Json const& body, std::string_view message) {
  Json const* place = nullptr;
  auto const records = find_list(stream, body, true, place);
  if (!records || place == nullptr || !is_list(*place)) return 0;
  // Rows that are made of elements have other fields than these.
  bool const are_made = !stream.unwrap.empty() || stream.cells || !stream.each.empty();
  auto const paths = telling_paths(stream);
  auto const is_row = [&](Json const* row) {
    if (!message.empty() && says_only(*row, message)) return false;
    return are_made || std::ranges::any_of(paths, [&](JsonPath const* path) {
             return is_present(path->in(*row), {});
           });
  };
  return static_cast<std::size_t>(std::ranges::count_if(records->rows, is_row));
}

}  // namespace affsync::engine
