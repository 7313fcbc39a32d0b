// Parses how a stream's list is read: pages, the window of days, and where the rows are.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, PageType> page_types[] = {
    {"none", PageType::none},     {"offset", PageType::offset}, {"page", PageType::page},
    {"cursor", PageType::cursor}, {"link", PageType::link},     {"id", PageType::id},
};
constexpr std::pair<std::string_view, bool> follow_words[] = {{"link", false}, {"path", true}};
constexpr std::pair<std::string_view, WindowForm> window_forms[] = {
    {"day", WindowForm::day},
    {"datetime", WindowForm::datetime},
    {"epoch_seconds", WindowForm::epoch_seconds},
    {"epoch_milliseconds", WindowForm::epoch_milliseconds},
};

// The default name of the parameter that selects the next page.
std::string usual_parameter(PageType type) {
  switch (type) {
    case PageType::none:
    case PageType::link:
      break;
    case PageType::offset:
      return "offset";
    case PageType::page:
      return "page";
    case PageType::cursor:
      return "cursor";
    case PageType::id:
      return "before";
  }
  return {};
}

void read_size(yaml::Node const& node, yaml::Map& map, PageSpec& page) {
  // Brokers with a fixed page size take no parameter for it.
  bool const asks = page.type == PageType::offset || map.find("limit") || map.find("size");
  if (!asks) {
    page.limit_parameter.clear();
    return;
  }
  if (auto const value = map.find("limit")) page.limit_parameter = value->text();
  if (auto const value = map.find("max_size")) {
    page.max_size = static_cast<int>(value->as_integer(1, 100'000));
  }
  page.size = std::min(page.size, page.max_size);
  if (auto const value = map.find("size")) {
    page.size = static_cast<int>(value->as_integer(1, page.max_size));
  }
  if (page.type != PageType::offset) return;
  if (auto const value = map.find("overlap")) {
    page.overlap = static_cast<int>(value->as_integer(0, 1000));
  }
  if (page.overlap >= page.size) {
    node.fail("pages of " + std::to_string(page.size) + " rows that share " +
                  std::to_string(page.overlap) + " never come to an end",
              "Make `overlap` smaller than `size`.");
  }
}

void read_steps(yaml::Node const& node, yaml::Map& map, PageSpec& page) {
  page.parameter = usual_parameter(page.type);
  if (page.type == PageType::offset) {
    if (auto const value = map.find("offset")) page.parameter = value->text();
  } else if (page.type != PageType::link) {
    if (auto const value = map.find("parameter")) page.parameter = value->text();
  }
  if (page.type == PageType::page) {
    if (auto const value = map.find("first")) {
      page.first_page = static_cast<int>(value->as_integer(0, 1));
    }
  }
  if (page.type == PageType::cursor || page.type == PageType::link) {
    page.next = read_path(map.require("next"));
  }
  if (page.type == PageType::link) {
    if (auto const value = map.find("follow")) {
      page.follow_path = read_word<bool>(*value, follow_words, "a way to follow a link");
    }
  }
  if (page.type == PageType::id) page.id = read_path(map.require("id"));
  if (page.type != PageType::offset) {
    if (auto const value = map.find("more")) page.more = read_path(*value);
  }
  if (page.type == PageType::offset || page.type == PageType::page) {
    if (auto const value = map.find("total_pages")) page.total_pages = read_path(*value);
  }
  if (auto const value = map.find("until_known")) page.until_known = value->as_bool();
  read_size(node, map, page);
}

void check_window_column(yaml::Node const& node, std::string const& name, TableMapping const& map) {
  for (auto const& column : map.columns) {
    if (column.column != name) continue;
    auto const& of_table = map.table->columns[*map.table->index_of(name)];
    if (of_table.type == ColumnType::date) return;
    node.fail("the column " + yaml::quoted(name) + " is not a date column but " +
              std::string(to_sql(of_table.type)));
  }
  node.fail("the column " + yaml::quoted(name) + " is not mapped",
            "Name the mapped column of days that the parameters filter on, or leave `column` out.");
}

// Reads the keys that a window of changes does not have.
void read_history(yaml::Map& map, WindowSpec& window, TableMapping const& mapping) {
  if (auto const span = map.find("span")) window.span_days = read_days(*span, 1, 3660);
  window.max_span_days = window.span_days;
  if (auto const span = map.find("max_span")) {
    window.max_span_days = read_days(*span, window.span_days, 3660);
  }
  auto const start = map.require("start");
  auto const day = parse_day(start.text());
  if (!day) start.fail(yaml::quoted(start.text()) + " is not a day", "Write it as 2025-01-31.");
  window.start = *day;
  if (auto const column = map.find("column")) {
    window.column = column->text();
    check_window_column(*column, window.column, mapping);
  }
}

ExpandSpec read_expand(yaml::Map& map) {
  ExpandSpec expand;
  for (auto const& item : one_or_more(map.require("names"))) {
    check_name(item, item.text(), "the name of a field");
    expand.names.push_back(item.text());
  }
  auto const value = map.require("value");
  expand.value = value.text();
  check_name(value, expand.value, "the name of a field");
  if (auto const only = map.find("only")) expand.only = read_paths(*only);
  if (auto const keep = map.find("keep")) {
    for (auto const& [name, path] : keep->entries()) {
      check_name(name, name.text(), "the name of a field");
      expand.keep.emplace_back(name.text(), read_path(path).text());
    }
  }
  return expand;
}

}  // namespace

PageSpec read_page(yaml::Node const& node) {
  yaml::Map map(node, "paging");
  PageSpec page;
  page.type = read_word<PageType>(map.require("type"), page_types, "a kind of paging");
  if (page.type != PageType::none) read_steps(node, map, page);
  if (auto const value = map.find("total")) page.total = read_path(*value);
  map.finish();
  return page;
}

void read_records(yaml::Node const& node, StreamSpec& stream) {
  if (!node.is_map()) {
    stream.records = read_paths(node);
    return;
  }
  yaml::Map map(node, "where the rows are");
  stream.records = read_paths(map.require("from"));
  auto const empty = map.find("empty_if_null");
  if (empty) stream.empty_if_null = empty->as_bool();
  // Without names and value the mapping only says where the rows are.
  if (!empty || map.find("names") || map.find("value")) stream.expand = read_expand(map);
  map.finish();
}

WindowSpec read_window(yaml::Node const& node, RequestSpec const& request,
                       TableMapping const& mapping, Declared const& declared) {
  yaml::Map map(node, "a window");
  WindowSpec window;
  // If the path has the days, no parameters are needed.
  if (request.path.find("${window.") == std::string::npos) {
    window.from_parameter = map.require("from").text();
    window.to_parameter = map.require("to").text();
  }
  if (auto const zone = map.find("zone")) window.zone = read_zone(*zone, declared);
  if (auto const form = map.find("form")) {
    window.form = read_word<WindowForm>(*form, window_forms, "a form of days");
  }
  if (auto const end = map.find("to_exclusive")) window.to_exclusive = end->as_bool();
  if (auto const back = map.find("lookback")) window.lookback_days = read_days(*back, 0, 3660);
  if (auto const days = map.find("may_be_empty")) {
    window.may_be_empty_days = read_days(*days, 0, 3660);
  }
  if (auto const changes = map.find("changes")) window.changes = changes->as_bool();
  if (!window.changes) read_history(map, window, mapping);
  map.finish();
  return window;
}

}  // namespace affsync::engine::grammar
