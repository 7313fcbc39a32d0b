// Parses how a stream's list is read: pages, the window of days, and where the rows are.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Range<int> page_sizes{1, 100'000};
constexpr Range<int> overlaps{0, 1000};
constexpr Range<int> first_pages{0, 1};
constexpr std::pair<std::string_view, bool> follow_words[] = {{"link", false}, {"path", true}};
constexpr std::pair<std::string_view, WindowForm> window_forms[] = {
    {"day", WindowForm::day},
    {"datetime", WindowForm::datetime},
    {"epoch_seconds", WindowForm::epoch_seconds},
    {"epoch_milliseconds", WindowForm::epoch_milliseconds},
};

PagingKind read_single_answer(ObjectMap& /*map*/) {
  return SingleAnswer{};
}

PagingKind read_offset_paging(ObjectMap& map) {
  OffsetPaging paging;
  map.read("offset", paging.parameter);
  map.read("total_pages", paging.total_pages);
  return paging;
}

PagingKind read_number_paging(ObjectMap& map) {
  NumberPaging paging;
  map.read("parameter", paging.parameter);
  if (auto const value = map.find("first")) {
    paging.first_page = read_integer(*value, first_pages);
  }
  map.read("more", paging.more);
  map.read("total_pages", paging.total_pages);
  return paging;
}

PagingKind read_cursor_paging(ObjectMap& map) {
  CursorPaging paging;
  map.read("parameter", paging.parameter);
  paging.next = read_path(map.require("next"));
  map.read("more", paging.more);
  return paging;
}

PagingKind read_link_paging(ObjectMap& map) {
  LinkPaging paging;
  paging.next = read_path(map.require("next"));
  if (auto const value = map.find("follow")) {
    paging.follow_path = read_word<bool>(*value, follow_words, "a way to follow a link");
  }
  map.read("more", paging.more);
  return paging;
}

PagingKind read_id_paging(ObjectMap& map) {
  IdPaging paging;
  map.read("parameter", paging.parameter);
  paging.id = read_path(map.require("id"));
  map.read("more", paging.more);
  return paging;
}

using ReadPaging = PagingKind (*)(ObjectMap&);
constexpr std::pair<std::string_view, ReadPaging> kinds_of_paging[] = {
    {"none", read_single_answer},   {"offset", read_offset_paging}, {"page", read_number_paging},
    {"cursor", read_cursor_paging}, {"link", read_link_paging},     {"id", read_id_paging},
};

constexpr Key page_table[] = {
    {"type", [] { return form::words(kinds_of_paging); }, "what the next page is requested by", "",
     true},
    {"limit", form::text, "name of the parameter for the page size"},
    {"offset", form::text, "offset: name of the parameter", R"("offset")"},
    {"parameter", form::text, "page, cursor, id: name of the parameter"},
    {"size", [] { return form::integer(page_sizes); }, "page size", "100"},
    {"max_size", [] { return form::integer(page_sizes); },
     "largest page size that the broker allows", "1000"},
    {"overlap", [] { return form::integer(overlaps); }, "offset: rows that consecutive pages share",
     "1"},
    {"first", [] { return form::integer(first_pages); }, "page: number of the first page", "1"},
    {"follow", [] { return form::words(follow_words); },
     "how a link is followed: as it is, or only its path and query under the base URL",
     R"("link")"},
    {"next", form::path, "cursor, link: path of it in the answer"},
    {"id", form::path, "id: path of it in a row"},
    {"more", form::path, "path of a value that says whether another page follows"},
    {"total", form::path, "path of the broker's count of the whole filtered list"},
    {"total_pages", form::path, "path of the number of pages, if there is no total"},
    {"until_known", form::flag,
     "the list is sorted newest first: a pass ends after a page that brought nothing new", "false"},
};

constexpr Key window_table[] = {
    {"from", form::text, "name of the parameter of the first day"},
    {"to", form::text, "name of the parameter of the last day"},
    {"form", [] { return form::words(window_forms); }, "how the days are written", R"("day")"},
    {"to_exclusive", form::flag, "true: the broker excludes the value of `to`", "false"},
    {"zone", form::text, "time zone of the days", R"("UTC")"},
    {"start", form::day, "the first day that exists; required unless the window is one of changes"},
    {"span", form::days, "days of one slice", R"("31d")"},
    {"max_span", form::days, "what slices may grow to after slices without rows"},
    {"may_be_empty", form::days,
     "an `empty` answer is trusted only for slices that end at most this many days ago"},
    {"lookback", form::days, "days that every pass reads again", R"("7d")"},
    {"column", form::text, "the mapped column of days that the parameters filter on"},
    {"changes", form::flag, "true: the parameters select rows that were changed in these days",
     "false"},
};

PageSize read_size(ObjectMap& map) {
  PageSize size;
  map.read("limit", size.parameter);
  if (auto const value = map.find("max_size")) {
    size.max_rows = read_integer(*value, page_sizes);
  }
  size.rows = std::min(size.rows, size.max_rows);
  if (auto const value = map.find("size")) {
    size.rows = read_integer(*value, {page_sizes.least, size.max_rows});
  }
  return size;
}

int read_overlap(yaml::Node const& node, ObjectMap& map, int usual, int page_rows) {
  auto const value = map.find("overlap");
  int const overlap = value ? read_integer(*value, overlaps) : usual;
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
void read_history(ObjectMap& map, WindowSpec& window, TableMapping const& mapping, bool of_files) {
  if (auto const span = map.find("span")) window.span_days = read_days(*span, 1, 3660);
  window.max_span_days = window.span_days;
  if (auto const span = map.find("max_span")) {
    window.max_span_days = read_days(*span, window.span_days, 3660);
  }
  // Files are read whatever their days are.
  window.start = Day(std::chrono::days(0));
  auto const start = map.find("start");
  if (start || !of_files) {
    auto const given = start ? *start : map.require("start");
    auto const day = parse_day(given.text());
    if (!day) given.fail(yaml::quoted(given.text()) + " is not a day", "Write it as 2025-01-31.");
    window.start = *day;
  }
  if (auto const column = map.find("column")) {
    window.column = column->text();
    check_window_column(*column, window.column, mapping);
  }
}

}  // namespace

Object const page_keys{"paging", "page", page_table};
Object const window_keys{"a window", "window", window_table};
PageSpec read_page(yaml::Node const& node) {
  ObjectMap map(node, page_keys);
  PageSpec page;
  auto const read = read_word<ReadPaging>(map.require("type"), kinds_of_paging, "a kind of paging");
  page.kind = read(map);
  auto* offset = std::get_if<OffsetPaging>(&page.kind);
  if (!page.is_single_answer()) {
    map.read("until_known", page.until_known);
    // Brokers with a fixed page size take no parameter for it.
    if (offset != nullptr || map.find("limit") || map.find("size")) page.size = read_size(map);
  }
  if (offset != nullptr) {
    offset->overlap = read_overlap(node, map, offset->overlap, page.size->rows);
  } else if (page.size && page.size->parameter.empty()) {
    page.size.reset();
  }
  map.read("total", page.total);
  map.finish();
  return page;
}

WindowSpec read_window(yaml::Node const& node, RequestSpec const& request,
                       TableMapping const& mapping, Declared const& declared) {
  ObjectMap map(node, window_keys);
  WindowSpec window;
  // If the path has the days, no parameters are needed.
  if (!declared.is_files && request.path.find("${window.") == std::string::npos) {
    window.from_parameter = map.require("from").text();
    window.to_parameter = map.require("to").text();
  }
  if (auto const zone = map.find("zone")) window.zone = read_zone(*zone, declared);
  if (auto const form = map.find("form")) {
    window.form = read_word<WindowForm>(*form, window_forms, "a form of days");
  }
  map.read("to_exclusive", window.to_exclusive);
  if (auto const back = map.find("lookback")) window.lookback_days = read_days(*back, 0, 3660);
  if (auto const days = map.find("may_be_empty")) {
    window.may_be_empty_days = read_days(*days, 0, 3660);
  }
  map.read("changes", window.changes);
  if (!window.changes) read_history(map, window, mapping, declared.is_files);
  map.finish();
  return window;
}

}  // namespace affsync::engine::grammar
