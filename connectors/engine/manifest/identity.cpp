// Checks what makes a row's identity: a key of its content, and rows that replace those of a
// window.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

bool ends_at_known(StreamSpec const& stream) {
  return stream.page.until_known ||
         std::ranges::any_of(stream.parts, [](auto const& part) { return part.until_known; });
}

// Returns true if the value at `inner` is that at `outer`, or inside of it.
bool is_within(JsonPath const& inner, JsonPath const& outer) {
  auto const& text = inner.text();
  return text == outer.text() || text.starts_with(outer.text() + '.');
}

// The day has to be part of the content, or equal rows of two windows would be one.
bool holds_day(StreamSpec const& stream) {
  auto const& fields = stream.map.hash->fields;
  if (fields.empty()) return true;
  for (auto const& column : stream.map.columns) {
    if (column.column != stream.window->column) continue;
    return std::ranges::any_of(column.from, [&](JsonPath const& path) {
      return std::ranges::any_of(fields,
                                 [&](JsonPath const& field) { return is_within(path, field); });
    });
  }
  return false;
}

void check_paging(yaml::Node const& key, StreamSpec const& stream) {
  auto const* offset = std::get_if<OffsetPaging>(&stream.page.kind);
  if (offset != nullptr && offset->overlap > 0) {
    key.fail(
        "a key of the content counts equal rows, and pages that share rows would count some "
        "twice",
        "Set `overlap: 0` under `page`, and name the broker's count with `total`.");
  }
  bool const may_shift =
      offset != nullptr || std::holds_alternative<NumberPaging>(stream.page.kind);
  if (may_shift && !stream.page.total && !stream.replaces_window) {
    key.fail(
        "a row that moves to the next page while the list is read would count as another row, "
        "and nothing would show it",
        "Name the broker's count with `total` under `page`, or set `mode: replace_window`.");
  }
}

void check_hash(yaml::Node const& key, StreamSpec const& stream) {
  if (ends_at_known(stream)) {
    key.fail(
        "a key of the content counts equal rows, and a list that ends at known rows is not "
        "counted to its end",
        "Remove `until_known`, or name what distinguishes the rows.");
  }
  check_paging(key, stream);
  if (stream.window) {
    if (stream.window->changes) {
      key.fail("a key of the content counts equal rows, and a window of changes has only some",
               "Read the list by its own days, or name what distinguishes the rows.");
    }
    if (stream.window->column.empty() || !holds_day(stream)) {
      key.fail(
          "equal rows of two windows would be one row, because the content does not say which "
          "day they are of",
          "Set `column` of `window`, and let the content hold the field that it is mapped "
          "from; `keep` can add the window's day to the rows.");
    }
  }
  for (auto const& field : stream.map.hash->fields) {
    auto const covers = [&](std::string const& path) {
      return is_within(field, JsonPath(path)) || is_within(JsonPath(path), field);
    };
    bool personal = std::ranges::any_of(stream.personal, covers);
    for (auto const& column : stream.map.columns) {
      if (!column.personal) continue;
      for (auto const& path : column.from) personal = personal || covers(path.text());
    }
    if (personal) {
      key.fail("the field " + yaml::quoted(field.text()) +
                   " is personal, and is not kept under each privacy setting",
               "Leave it out of the content that makes the key.");
    }
  }
}

void check_replacing(yaml::Node const& mode, StreamSpec const& stream) {
  if (!stream.window || stream.window->changes || stream.window->column.empty()) {
    mode.fail(
        "`replace_window` needs a `window` with a `column`: which stored rows belong to its "
        "days",
        "Set `column` of `window` to the mapped column of days that its parameters filter "
        "on.");
  }
  if (ends_at_known(stream)) {
    mode.fail(
        "`replace_window` compares whole windows, and a list with `until_known` is not read "
        "to its end",
        "Remove `until_known`.");
  }
  if (!stream.also.empty()) {
    mode.fail("`replace_window` compares the rows of one table, and `also` fills others",
              "Read the list with two streams.");
  }
}

}  // namespace

void check_identity(yaml::Node const& node, StreamSpec const& stream) {
  for (auto const& [name, value] : node.members()) {
    if (name == "key" && stream.map.hash) check_hash(value, stream);
    if (name == "mode" && stream.replaces_window) check_replacing(value, stream);
  }
}

}  // namespace affsync::engine::grammar
