// One entry of `streams`: a list that the broker offers, and how it is asked for.
#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/manifest_grammar.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, PageType> page_types[] = {
    {"none", PageType::none},
    {"offset", PageType::offset},
};
constexpr std::pair<std::string_view, Method> read_methods[] = {{"GET", Method::get}};

PageSpec read_page(yaml::Node const& node) {
  yaml::Map map(node, "paging");
  PageSpec page;
  page.type = read_word<PageType>(map.require("type"), page_types, "a kind of paging");
  if (page.type == PageType::offset) {
    if (auto const value = map.find("limit")) page.limit_parameter = value->text();
    if (auto const value = map.find("offset")) page.offset_parameter = value->text();
    if (auto const value = map.find("max_size")) {
      page.max_size = static_cast<int>(value->as_integer(1, 100'000));
    }
    page.size = std::min(page.size, page.max_size);
    if (auto const value = map.find("size")) {
      page.size = static_cast<int>(value->as_integer(1, page.max_size));
    }
    if (auto const value = map.find("overlap")) {
      page.overlap = static_cast<int>(value->as_integer(0, 1000));
    }
    if (page.overlap >= page.size) {
      node.fail("pages of " + std::to_string(page.size) + " rows that share " +
                    std::to_string(page.overlap) + " never come to an end",
                "Make `overlap` smaller than `size`.");
    }
  }
  if (auto const value = map.find("total")) page.total = read_path(*value);
  map.finish();
  return page;
}

void check_window_column(yaml::Node const& node, std::string const& name, TableMapping const& map) {
  for (auto const& column : map.columns) {
    if (column.column != name) continue;
    auto const& of_table = map.table->columns[*map.table->index_of(name)];
    if (of_table.type == ColumnType::date) return;
    node.fail("the column " + yaml::quoted(name) + " holds no day but " +
              std::string(to_sql(of_table.type)));
  }
  node.fail("the column " + yaml::quoted(name) + " is not mapped",
            "Name the mapped column of days that the parameters filter on, or leave `column` out.");
}

WindowSpec read_window(yaml::Node const& node, TableMapping const& mapping,
                       Declared const& declared) {
  yaml::Map map(node, "a window");
  WindowSpec window;
  window.from_parameter = map.require("from").text();
  window.to_parameter = map.require("to").text();
  if (auto const zone = map.find("zone")) window.zone = read_zone(*zone, declared);
  if (auto const span = map.find("span")) window.span_days = read_days(*span, 1, 3660);
  auto const start = map.require("start");
  auto const day = parse_day(start.text());
  if (!day) start.fail(yaml::quoted(start.text()) + " is not a day", "Written as 2025-01-31.");
  window.start = *day;
  if (auto const back = map.find("lookback")) window.lookback_days = read_days(*back, 0, 3660);
  if (auto const column = map.find("column")) {
    window.column = column->text();
    check_window_column(*column, window.column, mapping);
  }
  map.finish();
  return window;
}

ReconcileSpec read_reconcile(yaml::Node const& node, TableMapping const& mapping) {
  yaml::Map map(node, "a check against the broker's total");
  ReconcileSpec check;
  if (auto const column = map.find("column")) {
    check.column = column->text();
    auto const mapped = std::ranges::any_of(
        mapping.columns, [&](auto const& c) { return c.column == check.column; });
    if (!mapped) column->fail("the column " + yaml::quoted(check.column) + " is not mapped");
    auto const type = mapping.table->columns[*mapping.table->index_of(check.column)].type;
    if (type != ColumnType::numeric && type != ColumnType::bigint) {
      column->fail("the column " + yaml::quoted(check.column) + " holds no numbers to add up");
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
                      "A number that is not negative.");
    }
    check.tolerance = parsed.text;
  }
  map.finish();
  return check;
}

// Only whole fields of a row can be left out of its content.
std::vector<std::string> read_fields(yaml::Node const& node) {
  std::vector<std::string> fields;
  for (auto const& item : one_or_more(node)) {
    fields.push_back(item.text());
    if (fields.back().empty() || fields.back().find('.') != std::string::npos) {
      item.fail(yaml::quoted(fields.back()) + " is not a field of a row",
                "Whole fields of a row can be named, without dots.");
    }
  }
  return fields;
}

std::vector<std::string> read_personal(yaml::Node const& node) {
  std::vector<std::string> personal;
  for (auto const& item : one_or_more(node)) {
    personal.push_back(read_path(item).text());
    if (personal.back() == "$") item.fail("a whole row cannot be personal");
  }
  return personal;
}

void read_request(yaml::Map& map, StreamSpec& stream, Declared const& declared) {
  if (auto const method = map.find("method")) {
    if (method->text() == "POST") {
      method->fail("a stream is read with GET",
                   "Only the login under `auth` may send a POST: the same account could move money "
                   "with one.");
    }
    stream.request.method = read_word<Method>(*method, read_methods, "a method of a stream");
  }
  if (auto const path = map.find("path")) {
    stream.request.path = read_request_path(*path, declared);
  }
  if (auto const hint = map.find("path_hint")) stream.path_hint = hint->text();
  if (stream.request.path.empty() && stream.path_hint.empty()) {
    map.node().fail("the stream has neither `path` nor `path_hint`",
                    "Where the path is unknown, `path_hint` says what the user has to find out.");
  }
  if (auto const query = map.find("query")) {
    stream.request.query =
        read_named_texts(*query, declared, {.settings = true}, "a query parameter");
  }
  if (auto const headers = map.find("headers")) {
    stream.request.headers = read_headers(*headers, declared, {.settings = true});
  }
}

// Parameters that paging and windows set would be sent twice.
void check_query(yaml::Node const& node, StreamSpec const& stream) {
  for (auto const& [name, value] : stream.request.query) {
    bool const paging =
        stream.page.type == PageType::offset &&
        (name == stream.page.limit_parameter || name == stream.page.offset_parameter);
    bool const window = stream.window && (name == stream.window->from_parameter ||
                                          name == stream.window->to_parameter);
    if (paging || window) {
      node.fail("the query parameter " + yaml::quoted(name) + " is set by " +
                (paging ? "`page`" : "`window`") + " already");
    }
  }
}

}  // namespace

StreamSpec read_stream(std::string const& name, yaml::Node const& node, Declared const& declared) {
  yaml::Map map(node, "the stream " + yaml::quoted(name));
  StreamSpec stream;
  stream.name = name;
  stream.title = name;
  if (auto const title = map.find("title")) stream.title = title->text();
  if (auto const enabled = map.find("enabled")) stream.enabled = enabled->as_bool();
  if (auto const counted = map.find("in_reports")) stream.in_reports = counted->as_bool();
  if (auto const every = map.find("every")) stream.every = read_schedule(*every);
  if (auto const every = map.find("full_every")) stream.full_every = read_schedule(*every);
  read_request(map, stream, declared);

  auto const key = map.require("key");
  stream.map = read_table_mapping(map.require("table"), key, map.require("map"), declared);
  if (auto const also = map.find("also")) {
    for (auto const& item : also->items()) {
      yaml::Map further(item, "a further table");
      stream.also.push_back(read_table_mapping(further.require("table"),
                                               further.find("key").value_or(key),
                                               further.require("map"), declared));
      further.finish();
    }
  }
  stream.records = read_paths(map.require("records"));
  if (auto const page = map.find("page")) stream.page = read_page(*page);
  if (auto const window = map.find("window")) {
    stream.window = read_window(*window, stream.map, declared);
  }
  if (auto const query = map.find("query")) check_query(*query, stream);
  if (auto const paths = map.find("personal")) stream.personal = read_personal(*paths);
  if (auto const fields = map.find("volatile")) stream.volatile_fields = read_fields(*fields);
  if (auto const checks = map.find("reconcile")) {
    for (auto const& item : checks->items()) {
      stream.reconcile.push_back(read_reconcile(item, stream.map));
    }
  }
  map.finish();
  return stream;
}

}  // namespace affsync::engine::grammar
