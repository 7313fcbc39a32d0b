// Parses `where`: which rows of a list go to a table.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key where_table[] = {
    {"not_zero", form::flag, "true: the field is there and is not 0, in any spelling"},
    {"none_of", form::scalars, "the field is none of these words, or is not there"},
};

}  // namespace

Object const where_keys{"a condition of rows", "where", where_table};

namespace form {

Json where() {
  return single(any_of({scalars(), object(where_keys)}));
}

}  // namespace form

WhereSpec read_where(yaml::Node const& node) {
  auto const entries = node.entries();
  if (entries.size() != 1) {
    node.fail("`where` takes one field", "Such as {type: [DEPOSIT, WITHDRAWAL]}.");
  }
  WhereSpec where;
  where.path = read_path(entries.front().first);
  auto const& test = entries.front().second;
  if (test.is_map()) {
    ObjectMap map(test, where_keys);
    if (auto const words = map.find("none_of")) {
      where.none_of = true;
      where.words = read_texts(*words);
    } else {
      auto const flag = map.require("not_zero");
      where.not_zero = flag.as_bool();
      if (!where.not_zero) flag.fail("`not_zero` can only be true");
    }
    map.finish();
  } else {
    where.words = read_texts(test);
  }
  return where;
}

bool exclude_each_other(TableMapping const& left, TableMapping const& right) {
  bool const of_one_field =
      left.where && right.where && left.where->path.text() == right.where->path.text();
  if (!of_one_field) return false;
  auto const& one = *left.where;
  auto const& other = *right.where;
  if (one.not_zero || other.not_zero || (one.none_of && other.none_of)) return false;
  // Two lists of words have none in common, or one leaves out all that the other takes.
  bool const leaves_out = one.none_of || other.none_of;
  auto const& taken = one.none_of ? other.words : one.words;
  auto const& rest = one.none_of ? one.words : other.words;
  return std::ranges::all_of(taken, [&](std::string const& word) {
    return (std::ranges::find(rest, word) != rest.end()) == leaves_out;
  });
}

}  // namespace affsync::engine::grammar
