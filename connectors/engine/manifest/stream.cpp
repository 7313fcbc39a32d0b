// Parses one entry of `streams`: a list that the broker offers, and how it is requested.
#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <string_view>

#include "base/json.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, Method> read_methods[] = {{"GET", Method::get},
                                                                {"POST", Method::post}};

constexpr Range<int> costs{1, 1'000'000};

// Whether the rows of a window replace those that it had before.
constexpr std::pair<std::string_view, bool> mode_words[] = {{"upsert", false},
                                                            {"replace_window", true}};

constexpr Key part_table[] = {
    {"query", form::query, "parameters of the part", "", true},
    {"until_known", form::flag, "as in `page`", "false"},
};

constexpr Key also_table[] = {
    {"table", form::tables, "the table that the rows go to", "", true},
    {"key", form::key, "what makes a row's id; without it the stream's"},
    {"where", form::where, "only rows whose field has one of these words, or what is said of it"},
    {"map", form::columns_reference, "the columns and where their values are", "", true},
};

constexpr Key stream_table[] = {
    {"title", form::text, "the name for people"},
    {"table", form::tables, "the table that the rows go to", "", true},
    {"evidence", [] { return form::object(evidence_keys); },
     "who outside of this file has shown what the rows look like"},
    {"enabled", form::flag, "read the stream unless the configuration says otherwise", "true"},
    {"in_reports", form::flag, "false: the same money as in another stream, which reports add up",
     "true"},
    {"has_paid_state", form::flag, "whether rows of commission ever say that they were paid"},
    {"every", form::text, "a duration, or a cron line of five fields in UTC"},
    {"keeps", form::text, "how long the broker shows a row, such as 30d, or forever"},
    {"full_every", form::text, "how often everything is read again"},
    {"method", [] { return form::words(read_methods); }, "POST only with `reads: true`",
     R"("GET")"},
    {"reads", form::flag, "true: this POST only reads, as the broker's documentation says"},
    {"body", [] { return form::object(body_keys); }, "what the POST sends"},
    {"path", form::text, "of the request"},
    {"path_hint", form::text, "what the user has to find out about the path"},
    {"needs", [] { return form::object(needs_keys); },
     "credentials without which the stream is skipped"},
    {"query", form::query, "parameters of every request; a list sends a name several times"},
    {"headers", form::scalars_by_name, "of every request"},
    {"page", [] { return form::object(page_keys); }, "how one page leads to the next"},
    {"parts", [] { return form::list_of(form::object(part_keys), 2); },
     "the list has to be requested in parts"},
    {"for_each", [] { return form::object(for_each_keys); },
     "the list is requested once for each of several values"},
    {"window", [] { return form::object(window_keys); }, "the list is requested in slices of days"},
    {"mode", [] { return form::words(mode_words); },
     "what the rows of a window mean for those that it had before", R"("upsert")"},
    {"report", [] { return form::object(report_keys); },
     "the request asks for a report, which is then waited for and fetched"},
    {"format", form::document_format, "what the answers are", R"("json")"},
    {"compression", form::document_packing, "how the answers are packed", R"("auto")"},
    {"csv", [] { return form::object(csv_keys); }, "how the CSV is written"},
    {"xml", [] { return form::object(xml_keys); }, "which elements of the XML are rows"},
    {"xlsx", [] { return form::object(xlsx_keys); }, "where the table is in the workbook"},
    {"records", [] { return form::any_of({form::paths(), form::object(records_keys)}); },
     "where the rows are in an answer; without it in `rows`, unless the answers are JSON"},
    {"where", form::where, "only rows whose field has one of these words, or what is said of it"},
    {"key", form::key, "what makes a row's id", "", true},
    {"map", form::columns_reference, "the columns and where their values are", "", true},
    {"also", [] { return form::list_of(form::object(also_keys)); },
     "further tables filled from the same row"},
    {"personal", form::paths, "paths within a row that name a person"},
    {"volatile", form::paths, "paths within a row that differ at each reading"},
    {"raw", form::kept_raw, "how much of a row is kept unchanged"},
    {"good", form::good_conditions, "what a good answer holds"},
    {"cost", [] { return form::integer(costs); }, "of a request, in the limits of `rate`", "1"},
    {"reconcile", [] { return form::list_of(form::object(reconcile_keys)); },
     "checks against the broker's totals"},
};

// Reads paths into a row. `what` completes the message for "$", the whole row, which is not
// allowed.
std::vector<std::string> read_row_paths(yaml::Node const& node, std::string_view what) {
  std::vector<std::string> paths;
  for (auto const& item : one_or_more(node)) {
    paths.push_back(read_path(item).text());
    if (paths.back() == "$") item.fail("a whole row cannot be " + std::string(what));
  }
  return paths;
}

void read_request(ObjectMap& map, StreamSpec& stream, Declared const& declared) {
  auto const method = map.find("method");
  if (method) {
    stream.request.method = read_word<Method>(*method, read_methods, "a method of a stream");
  }
  bool const posts = stream.request.method == Method::post;
  auto const reads = map.find("reads");
  if (posts && !(reads && reads->as_bool())) {
    method->fail("a stream is read with GET",
                 "A POST could move money. If the broker's documentation says that this one only "
                 "reads, add `reads: true`.");
  }
  if (reads && !posts) reads->fail("only a POST has to say that it reads", "Remove `reads`.");
  if (auto const body = map.find("body")) {
    if (!posts) body->fail("a GET has no body", "Use `method: POST` with `reads: true`.");
    stream.request.body = read_body(*body, declared);
  }
  if (auto const path = map.find("path")) {
    stream.request.path = read_request_path(*path, declared, map.find("for_each").has_value());
  }
  map.read("path_hint", stream.path_hint);
  if (stream.request.path.empty() && stream.path_hint.empty()) {
    map.node().fail("the stream has neither `path` nor `path_hint`",
                    "If the path is unknown, set `path_hint` to what the user has to find out.");
  }
  if (auto const query = map.find("query")) {
    stream.request.query = read_query(*query, declared);
  }
  if (auto const headers = map.find("headers")) {
    stream.request.headers = read_headers(*headers, declared, {.settings = true});
  }
}

// Rejects parameters in a body that is not there.
void check_places(yaml::Node const& node, bool in_body, StreamSpec const& stream) {
  if (in_body && !stream.request.body) {
    node.fail("the stream has no body for `in: body`",
              "Add `method: POST`, `reads: true`, `body`.");
  }
}

// Rejects parameters that paging or windows set; they would be sent twice.
void check_query(yaml::Node const& node, NamedTexts const& query, StreamSpec const& stream) {
  for (auto const& [name, value] : query) {
    std::string_view by;
    if (is_paging_parameter(stream.page, name)) by = "page";
    if (is_window_parameter(stream, name)) by = "window";
    if (is_item_parameter(stream, name)) by = "for_each";
    if (by.empty()) continue;
    node.fail("the query parameter " + yaml::quoted(name) + " is already set by `" +
              std::string(by) + "`");
  }
}

// Rejects two mappings of a row to one table with the same key; they would overwrite each other in
// each pass.
void check_also(yaml::Node const& node, StreamSpec const& stream) {
  std::vector<TableMapping const*> earlier{&stream.map};
  for (std::size_t i = 0; i < stream.also.size(); ++i) {
    auto const& mapping = stream.also[i];
    for (auto const* other : earlier) {
      if (other->table != mapping.table || other->key != mapping.key ||
          exclude_each_other(*other, mapping)) {
        continue;
      }
      node.items()[i].fail("rows of " + yaml::quoted(mapping.table->name) +
                               " are already made from the same row with the same key",
                           "Give the entry its own `key`; a part of it may be a constant, such as "
                           "[id, {const: equity}].");
    }
    earlier.push_back(&mapping);
  }
}

void read_parts(yaml::Node const& node, StreamSpec& stream, Declared const& declared) {
  for (auto const& item : node.items()) {
    ObjectMap map(item, part_keys);
    PartSpec part;
    auto const query = map.require("query");
    part.query = read_query(query, declared);
    map.read("until_known", part.until_known);
    map.finish();
    stream.parts.push_back(std::move(part));
  }
  // Checked here, when the window is known, because it sets parameters too.
  for (std::size_t i = 0; i < stream.parts.size(); ++i) {
    check_query(node.items()[i], stream.parts[i].query, stream);
    for (std::size_t j = 0; j < i; ++j) {
      if (stream.parts[j].query != stream.parts[i].query) continue;
      node.items()[i].fail(
          "this part asks for the same as another one, so its rows would count twice");
    }
  }
  if (stream.parts.size() < 2) {
    node.fail("`parts` needs at least two entries",
              "Put the parameters into `query` of the stream.");
  }
}

void read_rows_place(ObjectMap& map, StreamSpec& stream, yaml::Node const& node,
                     Declared const& declared) {
  auto const& document = stream.document;
  bool const has_rows = document.format != DocumentFormat::json &&
                        (document.format != DocumentFormat::xml || !document.row.empty());
  auto const records = map.find("records");
  if (records || !has_rows) {
    read_records(records ? *records : map.require("records"), node, stream, declared);
  } else {
    stream.records = {JsonPath("rows")};
  }
  require_columns(stream);
}

// The running month is kept under its last day, which has yet to come.
void expect_ends_of_months(StreamSpec& stream) {
  constexpr std::chrono::hours longest_month{31 * 24};
  auto const is_end = [&](JsonPath const& path) {
    return std::ranges::any_of(stream.keep, [&](KeptField const& kept) {
      return kept.from == KeptField::From::window_to && path.text() == kept.field;
    });
  };
  auto const expect_in = [&](TableMapping& mapping) {
    for (auto& column : mapping.columns) {
      if (!column.ahead && std::ranges::any_of(column.from, is_end)) column.ahead = longest_month;
    }
  };
  expect_in(stream.map);
  for (auto& mapping : stream.also) expect_in(mapping);
}

void read_tables(ObjectMap& map, StreamSpec& stream, yaml::Node const& node,
                 Declared const& declared) {
  auto const key = map.require("key");
  stream.map = read_table_mapping(map.require("table"), key, map.require("map"), declared);
  auto const also = map.find("also");
  if (also) {
    for (auto const& item : also->items()) {
      ObjectMap further(item, also_keys);
      auto const own_key = further.find("key");
      stream.also.push_back(read_table_mapping(further.require("table"), own_key.value_or(key),
                                               further.require("map"), declared));
      if (own_key && stream.also.back().hash) {
        own_key->fail("only the stream's own key can be made of the content",
                      "Leave `key` out of the entry: it has the row's key then.");
      }
      if (auto const where = further.find("where")) stream.also.back().where = read_where(*where);
      further.finish();
    }
  }
  if (auto const where = map.find("where")) stream.map.where = read_where(*where);
  read_decisive_texts(node, stream);
  if (also) check_also(*also, stream);
}

void read_window_of(yaml::Node const& window, StreamSpec& stream, Declared const& declared) {
  stream.window = read_window(window, stream.request, stream.map, declared);
  check_places(window, stream.window->in_body, stream);
  check_window_parameters(window, stream);
  stream.window->day_is_kept = std::ranges::any_of(stream.keep, &KeptField::is_day_of_window);
  if (stream.window->day_is_kept) stream.cut_text = cut_text_of(window, *stream.window);
  if (stream.window->by_month()) expect_ends_of_months(stream);
}

void read_reconciles(yaml::Node const& checks, StreamSpec& stream) {
  bool const is_mixed = std::ranges::any_of(
      stream.also, [&](auto const& further) { return further.table == stream.map.table; });
  for (auto const& item : checks.items()) {
    stream.reconcile.push_back(read_reconcile(item, stream.map));
    if (is_mixed) {
      item.fail("`also` puts other rows into " + yaml::quoted(stream.map.table->name) +
                    ", which the broker's total does not count",
                "Read the list with two streams.");
    }
  }
}

}  // namespace

Object const part_keys{"a part of the list", "part", part_table};
Object const also_keys{"a further table", "also", also_table};
Object const stream_keys{"the stream", "stream", stream_table};

namespace form {

Json words_at_path() {
  return single(scalars());
}

}  // namespace form

StreamSpec read_stream(std::string const& name, yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, stream_keys, name);
  StreamSpec stream;
  stream.name = name;
  stream.title = name;
  map.read("title", stream.title);
  if (auto const evidence = map.find("evidence")) stream.evidence = read_evidence(*evidence);
  map.read("enabled", stream.enabled);
  map.read("in_reports", stream.in_reports);
  map.read("has_paid_state", stream.has_paid_state);
  if (auto const every = map.find("every")) stream.every = read_schedule(*every);
  if (auto const every = map.find("full_every")) stream.full_every = read_schedule(*every);
  if (auto const keeps = map.find("keeps")) {
    stream.keeps_days = keeps->text() == "forever" ? keeps_forever : read_days(*keeps, 1, 36'500);
  }
  read_request(map, stream, declared);

  read_tables(map, stream, node, declared);
  stream.document = read_document_spec(map);
  read_rows_place(map, stream, node, declared);
  if (auto const page = map.find("page")) {
    stream.page = read_page(*page);
    check_places(*page, stream.page.in_body, stream);
  }
  if (auto const window = map.find("window")) read_window_of(*window, stream, declared);
  if (auto const report = map.find("report")) {
    stream.report = read_report(*report);
    if (!stream.page.is_single_answer()) report->fail("a report has no pages", "Leave out `page`.");
  }
  if (auto const mode = map.find("mode")) {
    stream.replaces_window = read_word<bool>(*mode, mode_words, "a mode");
  }
  if (auto const parts = map.find("parts")) read_parts(*parts, stream, declared);
  if (auto const each = map.find("for_each")) {
    stream.for_each = read_for_each(*each, stream, declared);
    if (!stream.parts.empty()) each->fail("`parts` and `for_each` cannot be combined");
  }
  if (auto const query = map.find("query")) check_query(*query, stream.request.query, stream);
  if (auto const cost = map.find("cost")) stream.cost = read_integer(*cost, costs);
  if (auto const needs = map.find("needs")) read_needs(*needs, stream, declared);
  if (auto const paths = map.find("personal")) stream.personal = read_row_paths(*paths, "personal");
  if (auto const paths = map.find("volatile")) {
    stream.volatile_fields = read_row_paths(*paths, "volatile");
  }
  stream.raw_mapped_only = declared.raw_mapped_only;
  stream.raw_allow = declared.raw_allow;
  if (auto const raw = map.find("raw")) read_raw(*raw, stream.raw_mapped_only, stream.raw_allow);
  auto const good = map.find("good");
  stream.good = good ? read_good(*good) : declared.good;
  if (auto const checks = map.find("reconcile")) read_reconciles(*checks, stream);
  map.finish();
  check_kept_parameters(node, stream);
  check_identity(node, stream);
  return stream;
}

}  // namespace affsync::engine::grammar
