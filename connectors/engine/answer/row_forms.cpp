#include "connectors/engine/answer/row_forms.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "connectors/engine/values/in_words.hpp"
#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {
namespace {

// Rows repeat what they share, so a small answer could fill the memory.
constexpr std::size_t most_values = 2'000'000;

Error malformed(std::string message, std::string hint) {
  return Error(ErrorCode::malformed_answer, std::move(message), std::move(hint));
}

// PHP writes an empty object as an empty list.
bool is_nothing(Json const& value) {
  return value.is_null() || (value.is_array() && value.items().empty()) ||
         (value.is_object() && value.members().empty());
}

// Returns an error if a member on the path is there twice: the other one would be left out.
std::optional<Error> given_twice(JsonPath const& path, Json const& row) {
  auto const* value = &row;
  for (auto const& step : path.steps()) {
    if (value == nullptr || !value->is_object() || !value->has_duplicate()) return std::nullopt;
    if (std::ranges::count(value->members(), step, &JsonMember::name) > 1) {
      return malformed(
          "a row has the list " + quote_for_reason(step) +
              " twice, and which of the two counts is unknown",
          "Report it to the broker: a program that reads the other one sees other rows.");
    }
    value = value->find(step);
  }
  return std::nullopt;
}

// Returns a copy without the value at the path.
Json without(Json const& json, std::span<std::string const> steps) {
  if (!json.is_object() || steps.empty()) return json;
  Json::Object members;
  for (auto const& member : json.members()) {
    if (member.name != steps.front()) {
      members.push_back(member);
    } else if (steps.size() > 1) {
      members.push_back({member.name, without(member.value, steps.subspan(1))});
    }
  }
  return Json::object(std::move(members));
}

std::optional<Json> kept_value(KeptField const& kept, Json const& body, AskedFor const& asked) {
  auto const text = [](std::optional<std::string> value) {
    return value ? std::optional(Json::string(std::move(*value))) : std::nullopt;
  };
  auto const day = [](std::optional<Day> value) {
    return value ? std::optional(Json::string(format_day(*value))) : std::nullopt;
  };
  switch (kept.from) {
    case KeptField::From::answer: {
      auto const* value = kept.path.in(body);
      return value == nullptr ? std::nullopt : std::optional(*value);
    }
    case KeptField::From::window_from:
      return day(asked.from);
    case KeptField::From::window_to:
      return day(asked.to);
    case KeptField::From::request:
      return text(sent_value(asked, kept.text));
    case KeptField::From::item:
      return text(asked.item);
    case KeptField::From::constant:
      return Json::string(kept.text);
  }
  return std::nullopt;
}

}  // namespace

std::string of_stream(StreamSpec const& stream) {
  if (stream.place.empty()) return "of the stream in the connector file";
  return "of the stream (" + stream.place + ")";
}

bool is_numbered_list(Json const& value) {
  if (!value.is_object() || value.members().empty()) return false;
  return std::ranges::all_of(value.members(), [](JsonMember const& member) {
    return !member.name.empty() &&
           member.name.find_first_not_of("0123456789") == std::string::npos &&
           member.value.is_object();
  });
}

std::optional<Error> RowForms::count(Json::Object const& fields) {
  for (auto const& field : fields) {
    auto const size = size_of(field.value);
    values_ += size.values;
    bytes_ += size.bytes;
  }
  if (bytes_ > most_repeated_bytes) {
    return repeats_too_much("the rows made from this answer repeat", "that they share");
  }
  if (values_ <= most_values) return std::nullopt;
  return Error(ErrorCode::answer_too_large,
               "the rows made from this answer have more than " + std::to_string(most_values) +
                   " values, because each row repeats what it shares with others",
               "Ask for smaller pages, or keep fewer fields.");
}

std::optional<Error> RowForms::add_row(Json::Object fields, Json const& value, bool fields_first,
                                       std::string_view who, std::vector<Json const*>& out) {
  auto const& own = value.members();
  for (auto const& field : fields) {
    if (value.find(field.name) == nullptr) continue;
    return malformed("a row has a field \"" + field.name + "\" of its own, which " +
                         std::string(who) + " of `records` would replace",
                     "Choose another name for the field in the connector file.");
  }
  if (auto error = count(fields)) return error;
  Json::Object members;
  members.reserve(fields.size() + own.size());
  if (!fields_first) members.insert(members.end(), own.begin(), own.end());
  std::ranges::move(fields, std::back_inserter(members));
  if (fields_first) members.insert(members.end(), own.begin(), own.end());
  out.push_back(&made_.emplace_back(Json::object(std::move(members))));
  return std::nullopt;
}

std::optional<Error> RowForms::take_member(JsonMember const& member, Names const& names,
                                           Json::Object fields, std::string const& as,
                                           std::vector<Json const*>& out) {
  auto const level = fields.size();
  fields.push_back({names[level], Json::string(member.name)});
  if (level + 1 < names.size()) {
    if (is_nothing(member.value)) return std::nullopt;
    return take_members(member.value, names, std::move(fields), as, out);
  }
  if (!as.empty()) {
    // Each is a row of its own; only long names are a repetition to speak of.
    for (auto const& field : fields) bytes_ += field.value.as_string().size();
    if (auto error = count({})) return error;
    fields.push_back({as, member.value});
    out.push_back(&made_.emplace_back(Json::object(std::move(fields))));
    return std::nullopt;
  }
  auto const wrapped = unwrapped(member.value);
  if (!wrapped) return wrapped.error();
  if (!(*wrapped)->is_object()) {
    return malformed("the member \"" + member.name + "\" of the rows is " +
                         kind_in_words(**wrapped) + ", not an object",
                     check_records());
  }
  return add_row(std::move(fields), **wrapped, true, "`names`", out);
}

std::optional<Error> RowForms::take_members(Json const& object, Names const& names,
                                            Json::Object fields, std::string const& as,
                                            std::vector<Json const*>& out) {
  if (!object.is_object()) {
    return malformed(
        std::string("the rows are in ") + kind_in_words(object) + ", not in an object with names",
        check_records());
  }
  bool found = false;
  for (auto const& member : object.members()) {
    // Beside the rows there may be single values, such as a count.
    bool const is_value = as.empty() && !member.value.is_object() && !member.value.is_array();
    if (is_value) continue;
    found = true;
    if (is_nothing(member.value) ||
        (member.value.is_string() && member.value.as_string().empty())) {
      continue;
    }
    if (auto error = take_member(member, names, fields, as, out)) return error;
  }
  if (found || object.members().empty()) return std::nullopt;
  return malformed("the object whose members are the rows holds only single values, such as \"" +
                       object.members().front().name + "\"",
                   check_records());
}

std::optional<Error> RowForms::take_members(Json const& object,
                                            std::vector<Json const*>& elements) {
  auto const& expand = *stream_.expand;
  if (expand.only.empty()) return take_members(object, expand.names, {}, {}, elements);
  for (auto const& path : expand.only) {
    auto const* value = path.in(object);
    if (value == nullptr || is_nothing(*value)) continue;
    JsonMember const member{path.text(), *value};
    if (auto error = take_member(member, expand.names, {}, {}, elements)) return error;
  }
  return std::nullopt;
}

Result<Json const*> RowForms::unwrapped(Json const& element) const {
  auto const& names = stream_.unwrap;
  if (names.empty()) return &element;
  if (element.is_object() && element.members().size() == 1) {
    auto const& member = element.members().front();
    if (std::ranges::find(names, member.name) != names.end()) return &member.value;
  }
  std::string text = "an element of the list is ";
  if (!element.is_object()) {
    text += kind_in_words(element);
  } else {
    text += "an object with";
    if (element.members().empty()) text += "out members";
    std::size_t shown = 0;
    for (auto const& member : element.members()) {
      if (shown == 3) break;
      text += (shown++ == 0 ? " " : ", ") + quote_for_reason(member.name);
    }
    if (element.members().size() > shown) text += " and more";
  }
  return malformed(text + ", not an object with the one member \"" + names.front() + "\"",
                   "Check `unwrap` of the stream. Without it, name the members in paths, such as " +
                       names.front() + ".id.");
}

Result<Json> RowForms::of_cells(Json const& element) const {
  auto const& spec = *stream_.cells;
  if (auto error = given_twice(spec.from, element)) return std::move(*error);
  auto const* cells = spec.from.in(element);
  if (cells == nullptr || !cells->is_array()) {
    return malformed("a row has no list of cells at `" + spec.from.text() + "` but " +
                         (cells == nullptr ? "nothing" : kind_in_words(*cells)),
                     check_records());
  }
  Json::Object members;
  if (spec.from.text() != "$" && !spec.from.text().empty()) {
    members = without(element, spec.from.steps()).members();
  }
  for (auto const& cell : cells->items()) {
    auto const* name = spec.name.in(cell);
    auto const text = name == nullptr ? std::nullopt : name->scalar_text();
    if (!text) {
      return malformed("a cell of a row has no name at `" + spec.name.text() + "`",
                       check_records());
    }
    auto const* value = spec.value.in(cell);
    members.push_back({std::string(*text), value == nullptr ? Json() : *value});
  }
  return Json::object(std::move(members));
}

std::optional<Error> RowForms::shape(std::vector<Json const*>& elements) {
  bool const unwraps = !stream_.unwrap.empty() && !makes_rows_of_members(stream_);
  if (!unwraps && !stream_.cells) return std::nullopt;
  for (auto const*& element : elements) {
    if (unwraps) {
      auto const row = unwrapped(*element);
      if (!row) return row.error();
      element = *row;
    }
    if (!stream_.cells) continue;
    auto row = of_cells(*element);
    if (!row) return row.error();
    element = &made_.emplace_back(std::move(*row));
  }
  return std::nullopt;
}

std::optional<Error> RowForms::take_inner_of(EachSpec const& each, Json const& row,
                                             std::vector<Json const*>& out, bool& found) {
  auto const* list = each.from.in(row);
  if (list == nullptr) return std::nullopt;
  if (auto error = given_twice(each.from, row)) return error;
  found = true;
  if (is_nothing(*list)) return std::nullopt;
  auto const wrong = [&](Json const& value, char const* what) {
    return malformed(
        "the list `" + each.from.text() + "` inside a row holds " + kind_in_words(value) + what,
        check_records());
  };
  std::vector<Json const*> inner;
  if (!each.names.empty()) {
    if (!list->is_object()) return wrong(*list, ", not an object with names");
    if (auto error = take_members(*list, each.names, {}, each.as, inner)) return error;
  } else if (list->is_array()) {
    for (auto const& item : list->items()) inner.push_back(&item);
  } else if (is_numbered_list(*list)) {
    for (auto const& member : list->members()) inner.push_back(&member.value);
  } else if (list->is_object()) {
    // Programs that write XML as JSON write a list of one element as this element.
    inner.push_back(list);
  } else {
    return wrong(*list, ", which is no list");
  }
  auto const parent = without(row, each.from.steps());
  for (auto const* item : inner) {
    Json::Object fields;
    fields.push_back({"parent", parent});
    if (each.names.empty() && !each.as.empty()) {
      auto const element = Json::object({{each.as, *item}});
      if (auto error = add_row(std::move(fields), element, false, "`each`", out)) return error;
      continue;
    }
    if (!item->is_object()) return wrong(*item, ", not an object; `as` names a field for it");
    if (auto error = add_row(std::move(fields), *item, false, "`each`", out)) return error;
  }
  return std::nullopt;
}

std::optional<Error> RowForms::take_inner(EachSpec const& each, std::vector<Json const*>& rows,
                                          std::vector<std::size_t>& element_of) {
  std::vector<Json const*> out;
  std::vector<std::size_t> origin;
  bool found = rows.empty();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i]->is_object()) {
      return malformed(
          std::string("a row is ") + kind_in_words(*rows[i]) + ", not an object with a list inside",
          check_records());
    }
    if (auto error = take_inner_of(each, *rows[i], out, found)) return error;
    origin.resize(out.size(), element_of[i]);
  }
  if (!found && !stream_.empty_if_null) {
    return malformed("no row of the answer has the list `" + each.from.text() + "`",
                     "If rows without it have nothing inside, set `empty_if_null: true` in "
                     "`records`; else check `each`.");
  }
  rows = std::move(out);
  element_of = std::move(origin);
  return std::nullopt;
}

std::optional<Error> RowForms::take_inner(std::vector<Json const*>& rows,
                                          std::vector<std::size_t>& element_of) {
  element_of.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) element_of[i] = i;
  for (auto const& each : stream_.each) {
    if (auto error = take_inner(each, rows, element_of)) return error;
  }
  return std::nullopt;
}

std::optional<Error> RowForms::keep(Json const& body, AskedFor const& asked,
                                    std::vector<Json const*>& rows) {
  Json::Object fields;
  for (auto const& kept : stream_.keep) {
    if (auto value = kept_value(kept, body, asked)) {
      fields.push_back({kept.field, std::move(*value)});
    }
  }
  if (fields.empty()) return std::nullopt;
  std::vector<Json const*> out;
  out.reserve(rows.size());
  for (auto const* row : rows) {
    if (!row->is_object()) {
      out.push_back(row);
    } else if (auto error = add_row(fields, *row, false, "`keep`", out)) {
      return error;
    }
  }
  rows = std::move(out);
  return std::nullopt;
}

}  // namespace affsync::engine
