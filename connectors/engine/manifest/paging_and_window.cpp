// Parses how a stream's list is read: pages, the window of days, and where the rows are.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, bool> follow_words[] = {{"link", false}, {"path", true}};
constexpr std::pair<std::string_view, WindowForm> window_forms[] = {
    {"day", WindowForm::day},
    {"datetime", WindowForm::datetime},
    {"epoch_seconds", WindowForm::epoch_seconds},
    {"epoch_milliseconds", WindowForm::epoch_milliseconds},
};

void read_more(yaml::Map& map, std::optional<JsonPath>& more) {
  if (auto const value = map.find("more")) more = read_path(*value);
}

void read_total_pages(yaml::Map& map, std::optional<JsonPath>& total_pages) {
  if (auto const value = map.find("total_pages")) total_pages = read_path(*value);
}

void read_parameter(yaml::Map& map, std::string& parameter) {
  if (auto const value = map.find("parameter")) parameter = value->text();
}

PagingKind read_single_answer(yaml::Map& /*map*/) {
  return SingleAnswer{};
}

PagingKind read_offset_paging(yaml::Map& map) {
  OffsetPaging paging;
  if (auto const value = map.find("offset")) paging.parameter = value->text();
  read_total_pages(map, paging.total_pages);
  return paging;
}

PagingKind read_number_paging(yaml::Map& map) {
  NumberPaging paging;
  read_parameter(map, paging.parameter);
  if (auto const value = map.find("first")) {
    paging.first_page = static_cast<int>(value->as_integer(0, 1));
  }
  read_more(map, paging.more);
  read_total_pages(map, paging.total_pages);
  return paging;
}

PagingKind read_cursor_paging(yaml::Map& map) {
  CursorPaging paging;
  read_parameter(map, paging.parameter);
  paging.next = read_path(map.require("next"));
  read_more(map, paging.more);
  return paging;
}

PagingKind read_link_paging(yaml::Map& map) {
  LinkPaging paging;
  paging.next = read_path(map.require("next"));
  if (auto const value = map.find("follow")) {
    paging.follow_path = read_word<bool>(*value, follow_words, "a way to follow a link");
  }
  read_more(map, paging.more);
  return paging;
}

PagingKind read_id_paging(yaml::Map& map) {
  IdPaging paging;
  read_parameter(map, paging.parameter);
  paging.id = read_path(map.require("id"));
  read_more(map, paging.more);
  return paging;
}

using ReadPaging = PagingKind (*)(yaml::Map&);
constexpr std::pair<std::string_view, ReadPaging> kinds_of_paging[] = {
    {"none", read_single_answer},   {"offset", read_offset_paging}, {"page", read_number_paging},
    {"cursor", read_cursor_paging}, {"link", read_link_paging},     {"id", read_id_paging},
};

PageSize read_size(yaml::Map& map) {
  PageSize size;
  if (auto const value = map.find("limit")) size.parameter = value->text();
  if (auto const value = map.find("max_size")) {
    size.max_rows = static_cast<int>(value->as_integer(1, 100'000));
  }
  size.rows = std::min(size.rows, size.max_rows);
  if (auto const value = map.find("size")) {
    size.rows = static_cast<int>(value->as_integer(1, size.max_rows));
  }
  return size;
}

int read_overlap(yaml::Node const& node, yaml::Map& map, int usual, int page_rows) {
  auto const value = map.find("overlap");
  int const overlap = value ? static_cast<int>(value->as_integer(0, 1000)) : usual;
  if (overlap >= page_rows) {
    node.fail("pages of " + std::to_string(page_rows) + " rows that share " +
                  std::to_string(overlap) + " never come to an end",
              "Make `overlap` smaller than `size`.");
  }
  return overlap;
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
  auto const read = read_word<ReadPaging>(map.require("type"), kinds_of_paging, "a kind of paging");
  page.kind = read(map);
  auto* offset = std::get_if<OffsetPaging>(&page.kind);
  if (!page.is_single_answer()) {
    if (auto const value = map.find("until_known")) page.until_known = value->as_bool();
    // Brokers with a fixed page size take no parameter for it.
    if (offset != nullptr || map.find("limit") || map.find("size")) page.size = read_size(map);
  }
  if (offset != nullptr) {
    offset->overlap = read_overlap(node, map, offset->overlap, page.size->rows);
  } else if (page.size && page.size->parameter.empty()) {
    page.size.reset();
  }
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
