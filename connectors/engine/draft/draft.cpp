#include "connectors/engine/draft/draft.hpp"

#include <algorithm>
#include <memory>

#include "base/tables.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/draft/columns.hpp"
#include "connectors/engine/draft/roles.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::engine {
namespace {

// The names of further files: digits and blanks of this one's name may be others.
std::string pattern_from(std::string_view file) {
  auto const slash = file.rfind('/');
  if (slash != file.npos) file.remove_prefix(slash + 1);
  auto const dot = std::min(file.rfind('.'), file.size());
  std::string pattern;
  auto const stem = file.substr(0, dot);
  auto const is_digit = [&](std::size_t at) {
    return at < stem.size() && stem[at] >= '0' && stem[at] <= '9';
  };
  for (std::size_t i = 0; i < stem.size(); ++i) {
    char const c = stem[i];
    bool const is_of_number = is_digit(i) && (is_digit(i + 1) || (i > 0 && is_digit(i - 1)));
    bool const is_unsafe = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
                           std::string_view(" ?#[]()%\\").find(c) != std::string_view::npos;
    bool const varies = is_of_number || is_unsafe;
    bool const joins = (c == '-' || c == '_' || c == '.') && pattern.ends_with('*');
    if (!varies && !joins) pattern += c;
    if (varies && !pattern.ends_with('*')) pattern += '*';
  }
  if (pattern.find('*') == pattern.npos) pattern += '*';
  return "/" + pattern + std::string(file.substr(dot));
}

std::string key_line(Roles const& roles) {
  auto const& key = roles.key;
  if (key.fields.empty()) {
    bool const has_day = roles.day != nullptr || roles.unread_day != nullptr;
    std::string const line =
        "    key: {hash: all}  # no id was found, so the content of a row is its key: a row that "
        "changes comes as a new one" +
        std::string(has_day ? ""
                            : ", and since no day was found, an equal row of the next file counts "
                              "as the same one") +
        ". Is there an id?\n";
    if (key.line == nullptr) return line;
    return line + "    volatile: " + yaml_text(key.line->path) +
           "  # guess: it counts the lines of a file, and says nothing about a row\n";
  }
  std::string text;
  for (auto const* field : key.fields) text += (text.empty() ? "" : ", ") + yaml_text(field->path);
  if (!key.is_content) {
    return "    key: " + text +
           "  # guess: the id of a row; a later row with the same one replaces it\n";
  }
  return "    key: {hash: [" + text +
         "]}  # guess: there is no id, but these fields tell the rows of the sample apart; a later "
         "row that is the same there replaces the one before\n";
}

std::string unread_day_lines(Roles const& roles) {
  if (roles.unread_day == nullptr) return {};
  return "    # " + roles.unread_day->path + " has no day that affsync reads, such as " +
         one_line(roles.unread_day->values.front()) +
         ": its rows have no day, and a\n"
         "    # file cannot replace what was read of its period. Export days if you can.\n";
}

// The file's own line of sums, if it can be read as the amounts are.
std::string check_line(Sample const& sample, Roles const& roles, Writing const& writing) {
  if (roles.money == nullptr || counts_cents(*roles.money)) return {};
  if (std::ranges::find(sample.sums, roles.money->name) == sample.sums.end()) return {};
  auto const number = guess_number(*roles.money).value_or(NumberGuess());
  bool const is_local = number.decimal_comma || !number.grouping.empty();
  if (!number.unreadable.empty() || (is_local && !writing.with_all_words)) return {};
  return "    reconcile: [{column: amount, total: " + yaml_text("totals.0." + roles.money->path) +
         "}]  # guess: the rows of a file add up to its line of sums\n";
}

// The fields that no line reads.
std::string left_fields(Sample const& sample, std::string const& written) {
  std::string text;
  for (auto const& field : sample.fields) {
    auto const used = [&](std::string const& around) {
      return written.find(around + yaml_text(field.path)) != written.npos;
    };
    if (used(": ") || used("[") || used(", ")) continue;
    text += (text.empty() ? "" : ", ") + field.path;
  }
  std::string unnamed;
  for (auto const& name : sample.unnamed) unnamed += (unnamed.empty() ? "" : ", ") + name;
  if (!unnamed.empty())
    unnamed = "    # Fields with names that no path can have: " + unnamed + "\n";
  return (text.empty() ? "" : "    # Not read: " + text + "\n") + unnamed;
}

// Where an answer came from, taken apart.
struct Address {
  std::string host;  // with the scheme; empty: it is the sample of an export
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

Result<Address> read_address(std::string const& url) {
  Address out;
  if (url.empty()) return out;
  auto const scheme = url.find("://");
  bool const is_web = url.starts_with("https://") || url.starts_with("http://");
  auto const slash = is_web ? url.find('/', scheme + 3) : std::string::npos;
  if (slash == std::string::npos || url.find_first_of(" \"'#${}") != std::string::npos) {
    return Error(ErrorCode::usage, "\"" + url + "\" is not the address of a request",
                 "Such as https://api.broker.example/v1/commissions?sort=id, without the key.");
  }
  out.host = url.substr(0, slash);
  auto const mark = std::min(url.find('?'), url.size());
  out.path = url.substr(slash, mark - slash);
  std::string_view rest = std::string_view(url).substr(std::min(mark + 1, url.size()));
  while (!rest.empty()) {
    auto const pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    auto const equals = std::min(pair.find('='), pair.size());
    auto const value = pair.substr(std::min(equals + 1, pair.size()));
    out.query.emplace_back(decode_query(pair.substr(0, equals)), decode_query(value));
  }
  return out;
}

// How the list is asked for. An API says its period and its pages in the request.
std::string request_text(Address const& address, std::string const& file) {
  if (address.host.empty()) {
    return "    path: " + yaml_text(pattern_from(file)) +
           "  # the names of the files that the stream reads\n";
  }
  std::string text = "    path: " + yaml_text(address.path) + "\n";
  std::string query;
  for (auto const& [name, value] : address.query) {
    query += (query.empty() ? "" : ", ") + yaml_text(name) + ": " + yaml_text(value);
  }
  if (!query.empty()) {
    text += "    query: {" + query + "}  # those of days and pages belong below\n";
  }
  return text +
         "    # page: {type: page, limit: …, total: …}  # how one page leads to the next\n"
         "    # window: {from: …, to: …, start: 2024-01-01, column: occurred_on}  # if it takes "
         "days\n";
}

std::string stream_text(Sample const& sample, Roles const& roles, Address const& address,
                        std::string const& file, Writing const& writing) {
  std::string text = "  " + roles.stream + ":  # guess, from the fields of the sample\n";
  text += "    table: " + roles.table + "\n";
  text += request_text(address, file);
  auto const format = std::string(to_string(sample.document.format));
  if (sample.document.format != DocumentFormat::json) text += "    format: " + format + "\n";
  auto words = sample.words;
  if (roles.day_form && roles.day_form->is_serial) {
    words.push_back("dates: " + yaml_text(roles.day->name));
  }
  // Columns of a key find the header by themselves.
  if (sample.skipped > 0 && roles.key.fields.empty()) {
    words.push_back("skip_lines: " + std::to_string(sample.skipped));
  }
  std::string joined;
  for (auto const& word : words) joined += (joined.empty() ? "" : ", ") + word;
  if (!joined.empty()) {
    text += "    " + format + ": {" + joined + "}  # guess";
    if (sample.document.table.totals) text += "; a file without a line of sums is refused";
    text += "\n";
  }
  if (!sample.records.empty()) text += "    records: " + yaml_text(sample.records) + "\n";
  text += key_line(roles);
  if (address.host.empty() && roles.table == "commission" && roles.day != nullptr) {
    text +=
        "    window: {column: occurred_on}  # the period of a file: its first and its last day\n"
        "    # mode: replace_window  # if a file holds all rows of its period, those that a "
        "corrected "
        "file lacks are gone\n";
  }
  text += unread_day_lines(roles);
  text += "    map:\n" + columns_of(sample, roles, writing);
  text += check_line(sample, roles, writing);
  return text + left_fields(sample, text);
}

std::string base_text(Address const& address, std::string const& name) {
  if (address.host.empty()) {
    return "base_url: file:///  # each source names its folder, such as "
           "file:///var/lib/affsync/inbox/" +
           name + "\n";
  }
  return "base_url: " + address.host +
         "\n"
         "credentials:\n"
         "  api_key: {description: where to make it}\n"
         "# guess: most keys are sent like this; see `auth` for logins, signatures and others\n"
         "auth: {type: static_token, header: Authorization, value: \"Bearer "
         "${credentials.api_key}\"}\n"
         "# errors: [{json: …, class: …}]  # refusals that HTTP's own codes do not tell\n"
         "# good: {json: …, equals: …}     # what a good answer holds, if errors have status 200\n";
}

std::string file_text(std::string const& name, std::string const& file, Address const& address,
                      std::string const& stream) {
  auto const slash = file.rfind('/');
  return "# A first connector, written from " +
         one_line(file.substr(slash == file.npos ? 0 : slash + 1)) +
         ". Each comment marks a guess: check it.\n"
         "# `affsync inspect SOURCE STREAM` shows rows beside their columns, and what nothing "
         "reads.\n"
         "name: " +
         name +
         "\n"
         "title: " +
         name + "\n" + base_text(address, name) + "streams:\n" + stream;
}

// Reads the sample by the connector, and notes how that went.
std::optional<Error> try_out(Draft& draft, std::string_view bytes, std::string const& name,
                             TimePoint now) {
  auto const manifest = parse_manifest(draft.text, name + ".yaml");
  if (!manifest) return manifest.error();
  SourceSettings settings;
  settings.name = name;
  for (auto const& credential : manifest->credentials) {
    settings.credentials.emplace(credential.name, Secret("none"));
  }
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) return plan.error();
  auto stream = std::make_shared<StreamPlan>(*plan->streams.front());
  stream->spec->window.reset();
  stream->adds_only = true;
  Answer answer;
  auto document = read_document(bytes, stream->spec->document);
  if (!document) return document.error();
  answer.body = std::move(*document);
  ReaderStart start;
  start.now = now;
  StreamReader reader(stream, start);
  reader.next_request();
  auto const page = reader.on_answer(answer, now);
  if (!page) return page.error();
  draft.rows = static_cast<std::size_t>(page->rows_read);
  draft.mapped = static_cast<std::size_t>(page->mapped);
  draft.problem.clear();
  if (!page->quarantined.empty()) draft.problem = page->quarantined.front().reason;
  return std::nullopt;
}

// Takes the text in which the user has to choose, if it is another one. No row can be read by it.
void leave_open(Draft& draft, std::string text) {
  if (text == draft.text) return;
  draft.text = std::move(text);
  draft.mapped = 0;
  draft.problem =
      "the sample has values that may mean two numbers or days; choose in the lines of `map` "
      "which one they mean";
}

}  // namespace

Result<Draft> draft_connector(std::string_view bytes, std::string const& file,
                              std::string const& name, TimePoint now, std::string const& url) {
  auto const address = read_address(url);
  if (!address) return address.error();
  auto const sample = read_sample(bytes, file);
  if (!sample) return sample.error();
  auto const roles = guess_roles(*sample, file);
  std::optional<Error> problem;
  Draft draft;
  // Numbers as people write them need words that fit only some samples.
  auto const written = [&](Writing const& writing) {
    return file_text(name, file, *address, stream_text(*sample, roles, *address, file, writing));
  };
  for (bool const with_all_words : {true, false}) {
    draft.text = written({.with_all_words = with_all_words, .chooses = true});
    auto failed = try_out(draft, bytes, name, now);
    if (!failed) {
      leave_open(draft, written({.with_all_words = with_all_words, .chooses = false}));
      return draft;
    }
    if (!problem) problem = std::move(failed);
  }
  return *problem;
}

}  // namespace affsync::engine
