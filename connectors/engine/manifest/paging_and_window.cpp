// Parses how a stream's list is read: pages, the window of days, and where the rows are.
#include <algorithm>
#include <charconv>

#include "connectors/engine/manifest/answer_hints.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/values/time_format.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Range<int> page_sizes{1, 100'000};
constexpr Range<int> overlaps{0, 1000};
constexpr Range<int> first_pages{0, 1};
constexpr std::pair<std::string_view, bool> follow_words[] = {{"link", false}, {"path", true}};
constexpr std::pair<std::string_view, WindowForm> window_forms[] = {
    {"day", WindowForm::day},
    {"month", WindowForm::month},
    {"datetime", WindowForm::datetime},
    {"epoch_seconds", WindowForm::epoch_seconds},
    {"epoch_milliseconds", WindowForm::epoch_milliseconds},
};

constexpr std::pair<std::string_view, bool> last_words[] = {{"inclusive", false},
                                                            {"exclusive", true}};
constexpr std::pair<std::string_view, bool> until_words[] = {{"today", false}, {"now", true}};
constexpr Range<int> ages{1, 36'500};

Json start_form() {
  return Json::object({{"type", Json::string("string")},
                       {"pattern", Json::string("^([0-9]{4}-[0-9]{2}-[0-9]{2}|-[0-9]+d)$")}});
}

constexpr std::pair<std::string_view, bool> parameter_places[] = {{"query", false}, {"body", true}};
constexpr Range<int> end_statuses{400, 499};

PagingKind read_single_answer(ObjectMap& /*map*/, PageHeaders& /*headers*/) {
  return SingleAnswer{};
}

PagingKind read_offset_paging(ObjectMap& map, PageHeaders& headers) {
  OffsetPaging paging;
  map.read("offset", paging.parameter);
  if (auto const value = map.find("first")) paging.first = read_integer(*value, first_pages);
  read_hint(map, "total_pages", paging.total_pages, headers.total_pages);
  return paging;
}

PagingKind read_number_paging(ObjectMap& map, PageHeaders& headers) {
  NumberPaging paging;
  map.read("parameter", paging.parameter);
  if (auto const value = map.find("first")) {
    paging.first_page = read_integer(*value, first_pages);
  }
  read_more(map, paging.more, headers.more);
  read_hint(map, "total_pages", paging.total_pages, headers.total_pages);
  return paging;
}

PagingKind read_cursor_paging(ObjectMap& map, PageHeaders& headers) {
  CursorPaging paging;
  map.read("parameter", paging.parameter);
  std::optional<JsonPath> next;
  read_hint(map.require("next"), next, headers.next);
  if (next) paging.next = *next;
  read_more(map, paging.more, headers.more);
  return paging;
}

PagingKind read_link_paging(ObjectMap& map, PageHeaders& headers) {
  LinkPaging paging;
  std::optional<JsonPath> next;
  read_hint(map.require("next"), next, headers.next);
  if (next) paging.next = *next;
  if (auto const value = map.find("follow")) {
    paging.follow_path = read_word<bool>(*value, follow_words, "a way to follow a link");
  }
  read_more(map, paging.more, headers.more);
  return paging;
}

PagingKind read_id_paging(ObjectMap& map, PageHeaders& headers) {
  IdPaging paging;
  map.read("parameter", paging.parameter);
  paging.id = read_path(map.require("id"));
  read_more(map, paging.more, headers.more);
  return paging;
}

using ReadPaging = PagingKind (*)(ObjectMap&, PageHeaders&);
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
    {"first", [] { return form::integer(first_pages); },
     "page: number of the first page (usually 1); offset: number of the first row (usually 0)"},
    {"follow", [] { return form::words(follow_words); },
     "how a link is followed: as it is, or only its path and query under the base URL",
     R"("link")"},
    {"next", form::answer_hint, "cursor, link: path of it in the answer, or its header"},
    {"id", form::path, "id: path of it in a row"},
    {"more", form::answer_hint_or_false,
     "path or header of a value that says whether another page follows; false: none says so"},
    {"total", form::answer_hint, "path or header of the broker's count of the whole filtered list"},
    {"total_pages", form::answer_hint,
     "path or header of the number of pages, if there is no total"},
    {"in", [] { return form::words(parameter_places); }, "where the parameters are sent",
     R"("query")"},
    {"end_status", [] { return form::one_or_more(form::integer(end_statuses)); },
     "statuses that mean, behind the first page, that the list has ended"},
    {"until_known", form::flag,
     "the list is sorted newest first: a pass ends after a page that brought nothing new", "false"},
};

constexpr Key window_table[] = {
    {"from", form::text, "name of the parameter of the first day"},
    {"to", form::text,
     "name of the parameter of the last day; may be left out if a slice is one day or month"},
    {"in", [] { return form::words(parameter_places); }, "where the parameters are sent",
     R"("query")"},
    {"form", [] { return form::words(window_forms); }, "what the values are", R"("day")"},
    {"format", form::text, "how they are written, in strptime fields such as %Y%m%d"},
    {"last", [] { return form::words(last_words); },
     "whether the value of `to` belongs to the window", R"("inclusive")"},
    {"to_exclusive", form::flag, "true: the same as `last: exclusive`", "false"},
    {"until", [] { return form::words(until_words); },
     "now: times are never later than the begin of the pass", R"("today")"},
    {"lag", form::days, "the data of a day are there only so many days later", R"("0d")"},
    {"zone", form::text, "time zone of the days", R"("UTC")"},
    {"start", start_form,
     "the first day that exists, or -180d: that many days ago; required unless the window is one "
     "of changes"},
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

void read_start(yaml::Node const& node, WindowSpec& window) {
  auto const text = node.text();
  if (text.starts_with('-')) {
    auto const wrong = [&] {
      node.fail(yaml::quoted(text) + " is neither a day nor a number of days ago",
                "Write it as 2025-01-31 or as -180d.");
    };
    int days = 0;
    auto const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data() + 1, end, days);
    if (error != std::errc{} || stop + 1 != end || *stop != 'd') wrong();
    if (days < ages.least || days > ages.most) wrong();
    window.start_days = days;
    return;
  }
  auto const day = parse_day(text);
  if (!day) node.fail(yaml::quoted(text) + " is not a day", "Write it as 2025-01-31.");
  window.start = *day;
}

// Reads the keys that a window of changes does not have.
void read_history(ObjectMap& map, WindowSpec& window, TableMapping const& mapping, bool of_files) {
  auto const span = map.find("span");
  auto const most = map.find("max_span");
  if (window.by_month()) {
    for (auto const& node : {span, most}) {
      if (node) node->fail("with `form: month` a slice is a month");
    }
  }
  if (span) window.span_days = read_days(*span, 1, 3660);
  window.max_span_days = window.span_days;
  if (most) window.max_span_days = read_days(*most, window.span_days, 3660);
  // Files are read whatever their days are.
  window.start = Day(std::chrono::days(0));
  auto const start = map.find("start");
  if (start || !of_files) read_start(start ? *start : map.require("start"), window);
  if (auto const column = map.find("column")) {
    window.column = column->text();
    check_window_column(*column, window.column, mapping);
  }
}

// Reads what the values are and how they are written.
void read_form(ObjectMap& map, WindowSpec& window) {
  if (auto const form = map.find("form")) {
    window.form = read_word<WindowForm>(*form, window_forms, "a form of days");
  }
  auto const format = map.find("format");
  if (!format) return;
  window.format = format->text();
  auto const fields = fields_of(window.format);
  if (!fields.unknown.empty()) {
    format->fail(yaml::quoted(fields.unknown) + " cannot be written",
                 "Use %Y %y %m %b %d %H %M %S, %f for milliseconds, %z and %%.");
  }
  auto const refuse = [&](std::string_view what, std::string_view hint) {
    format->fail(yaml::quoted(window.format) + " " + std::string(what), std::string(hint));
  };
  bool const has_time = fields.hour || fields.minute || fields.second || fields.milliseconds;
  switch (window.form) {
    case WindowForm::day:
      if (has_time || fields.offset) refuse("has a time", "Use `form: datetime`.");
      if (!fields.year || !fields.month || !fields.day)
        refuse("is not a whole day", "Such as %Y%m%d.");
      break;
    case WindowForm::month:
      if (has_time || fields.offset || fields.day) refuse("is more than a month", "Such as %Y%m.");
      if (!fields.year || !fields.month) refuse("is not a month", "Such as %Y%m.");
      break;
    case WindowForm::datetime:
      if (!fields.year || !fields.month || !fields.day || !fields.hour || !fields.minute ||
          !fields.second) {
        refuse("does not say the time to the second", "Such as %Y-%m-%d %H:%M:%S.");
      }
      if (fields.ends_in_z && window.zone != "UTC") {
        refuse("ends in Z, but the times are written in " + window.zone,
               "Use `zone: UTC`, or %z for the offset.");
      }
      break;
    case WindowForm::epoch_seconds:
    case WindowForm::epoch_milliseconds:
      format->fail("the number of an epoch has no format", "Use `form: day` or `datetime`.");
  }
}

// Reads where the last request ends.
void read_end(ObjectMap& map, WindowSpec& window) {
  auto const last = map.find("last");
  if (last) window.to_exclusive = read_word<bool>(*last, last_words, "an end of a window");
  auto const exclusive = map.find("to_exclusive");
  if (last && exclusive) {
    exclusive->fail("`last` says this already", "Remove `to_exclusive`.");
  }
  if (exclusive) window.to_exclusive = exclusive->as_bool();
  if (auto const until = map.find("until")) {
    window.until_now = read_word<bool>(*until, until_words, "an end of a window");
    if (window.until_now && !window.has_times()) {
      until->fail("a day or a month cannot end now", "Use `lag: 1d`: the pass ends yesterday.");
    }
  }
  if (auto const lag = map.find("lag")) window.lag_days = read_days(*lag, 0, 366);
}

}  // namespace

Object const page_keys{"paging", "page", page_table};
Object const window_keys{"a window", "window", window_table};
namespace {

// Reads how many rows the only answer of a list may have.
void read_limit(ObjectMap& map, PageSpec& page) {
  auto const limit = map.find("limit");
  auto const size = map.find("size");
  if (!limit && !size) return;
  if (!limit || !size || limit->text().empty()) {
    (limit ? *limit : *size)
        .fail("`limit` and `size` of a list without pages belong together",
              "Name the parameter, and how many rows it asks for.");
  }
  page.size = read_size(map);
}

}  // namespace

PageSpec read_page(yaml::Node const& node) {
  ObjectMap map(node, page_keys);
  PageSpec page;
  auto const read = read_word<ReadPaging>(map.require("type"), kinds_of_paging, "a kind of paging");
  page.kind = read(map, page.headers);
  page.ignores_more = ignores_more(node);
  if (page.ignores_more) map.find("more");  // of each kind
  auto* offset = std::get_if<OffsetPaging>(&page.kind);
  if (!page.is_single_answer()) {
    map.read("until_known", page.until_known);
    // Brokers with a fixed page size take no parameter for it.
    if (offset != nullptr || map.find("limit") || map.find("size")) page.size = read_size(map);
  }
  if (offset != nullptr) {
    offset->overlap = read_overlap(node, map, offset->overlap, page.size->rows);
  } else if (page.is_single_answer()) {
    read_limit(map, page);
  } else if (page.size && page.size->parameter.empty()) {
    page.size.reset();
  }
  read_hint(map, "total", page.total, page.headers.total);
  if (auto const place = map.find("in")) {
    page.in_body = read_word<bool>(*place, parameter_places, "a place for parameters");
  }
  if (auto const statuses = map.find("end_status")) {
    for (auto const& item : one_or_more(*statuses)) {
      page.end_status.push_back(read_integer(item, end_statuses));
    }
  }
  map.finish();
  return page;
}

WindowSpec read_window(yaml::Node const& node, RequestSpec const& request,
                       TableMapping const& mapping, Declared const& declared) {
  ObjectMap map(node, window_keys);
  WindowSpec window;
  if (auto const zone = map.find("zone")) window.zone = read_zone(*zone, declared);
  if (auto const place = map.find("in")) {
    window.in_body = read_word<bool>(*place, parameter_places, "a place for parameters");
  }
  read_form(map, window);
  read_end(map, window);
  if (auto const back = map.find("lookback")) window.lookback_days = read_days(*back, 0, 3660);
  if (auto const days = map.find("may_be_empty")) {
    window.may_be_empty_days = read_days(*days, 0, 3660);
  }
  map.read("changes", window.changes);
  if (!window.changes) read_history(map, window, mapping, declared.is_files);
  // If the path has the days, no parameters are needed.
  if (!declared.is_files && request.path.find("${window.") == std::string::npos) {
    window.from_parameter = map.require("from").text();
    bool const one_value = window.by_month() || (!window.changes && window.max_span_days == 1);
    auto const to = one_value ? map.find("to") : std::optional(map.require("to"));
    if (to) window.to_parameter = to->text();
  }
  map.finish();
  return window;
}

}  // namespace affsync::engine::grammar
