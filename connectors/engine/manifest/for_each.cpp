// Parses `for_each` of a stream: the values for each of which its list is requested.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/manifest/words.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Range<int> batches{1, 1000};
constexpr Range<int> most_values{1, 100'000};
constexpr std::pair<std::string_view, bool> item_places[] = {{"query", false}, {"body", true}};

constexpr Key for_each_rows_table[] = {
    {"stream", form::name, "a stream of this file", "", true},
    {"column", form::name, "a mapped column of its table", "", true},
};

constexpr Key for_each_table[] = {
    {"values", [] { return form::any_of({form::scalars(), form::object(for_each_rows_keys)}); },
     "a list, a setting with a list such as ${settings.uids}, or the rows of another stream", "",
     true},
    {"as", form::text, "name of the parameter; not needed if the path has ${item}"},
    {"in", [] { return form::words(item_places); }, "where the parameter is sent", R"("query")"},
    {"batch", [] { return form::integer(batches); }, "values of one request, joined with commas",
     "1"},
    {"most", [] { return form::integer(most_values); },
     "values of one pass; more are an error, so that none is silently left out", "1000"},
};

}  // namespace

Object const for_each_rows_keys{"the rows of another stream", "for_each_rows", for_each_rows_table};
Object const for_each_keys{"`for_each`", "for_each", for_each_table};

ForEachSpec read_for_each(yaml::Node const& node, StreamSpec const& stream,
                          Declared const& declared) {
  ObjectMap map(node, for_each_keys);
  ForEachSpec each;
  auto const values = map.require("values");
  if (values.is_map()) {
    ObjectMap rows(values, for_each_rows_keys);
    each.stream = rows.require("stream").text();
    each.column = rows.require("column").text();
    rows.finish();
  } else {
    for (auto const& item : one_or_more(values)) {
      each.values.push_back(read_template(item, declared, {.settings = true}));
    }
  }
  if (auto const name = map.find("as")) each.parameter = read_parameter_name(*name);
  bool const in_path = stream.request.path.find("${item}") != std::string::npos;
  if (each.parameter.empty() && !in_path) {
    node.fail("the value is sent nowhere",
              "Give the parameter's name with `as`, or put ${item} into the path.");
  }
  if (auto const place = map.find("in")) {
    each.in_body = read_word<bool>(*place, item_places, "a place for a parameter");
    if (each.in_body && !stream.request.body) place->fail("the stream has no body");
  }
  if (auto const batch = map.find("batch")) each.batch = read_integer(*batch, batches);
  if (auto const most = map.find("most")) each.most = read_integer(*most, most_values);
  map.finish();
  return each;
}

void check_for_each(yaml::Node const& node, ForEachSpec& each, StreamSpec const& stream,
                    std::vector<StreamSpec> const& streams) {
  if (each.stream.empty()) return;
  ObjectMap map(node, for_each_keys);
  auto const values = map.require("values");
  ObjectMap rows(values, for_each_rows_keys);
  auto const name = rows.require("stream");
  std::vector<std::string> known;
  for (auto const& one : streams) {
    if (one.name != stream.name) known.push_back(one.name);
  }
  if (std::ranges::find(known, each.stream) == known.end()) {
    refuse_word(name, each.stream, known, "another stream of this connector");
  }
  auto const parent = std::ranges::find(streams, each.stream, &StreamSpec::name);
  auto const column = rows.require("column");
  auto const mapped = std::ranges::find(parent->map.columns, each.column, &ColumnMapping::column);
  if (mapped == parent->map.columns.end()) {
    column.fail(yaml::quoted(each.stream) + " maps no column " + yaml::quoted(each.column));
  }
  if (mapped->personal || is_personal_column(parent->map.table->name, each.column)) {
    column.fail("the column " + yaml::quoted(each.column) + " identifies a person",
                "Its values may not be stored; use the broker's id of the client.");
  }
  each.table = parent->map.table->name;
}

}  // namespace affsync::engine::grammar
