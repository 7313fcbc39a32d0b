#include "connectors/engine/draft/draft.hpp"

#include <algorithm>
#include <memory>

#include "base/tables.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/draft/roles.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::engine {
namespace {

using Field = SampleField const*;

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

std::string inner(std::string const& name, std::string const& path, std::string const& options,
                  std::string const& comment) {
  auto text = "      " + name + ": ";
  text += options.empty() ? yaml_text(path) : "{from: " + yaml_text(path) + options + "}";
  return text + (comment.empty() ? "" : "  # " + comment) + "\n";
}

std::string day_columns(Roles const& roles) {
  auto const& form = *roles.day_form;
  auto const& path = roles.day->path;
  std::string formats =
      form.format == "iso" || form.format.empty() ? "" : ", formats: " + yaml_text(form.format);
  std::string comment = "guess: the day that the row is about";
  if (!form.other.empty()) comment += "; " + form.other + " fits the sample too";
  std::string time = formats;
  if (!form.epoch.empty()) time = ", as: epoch, unit: " + form.epoch;
  auto const zone =
      form.epoch.empty() && form.has_time ? std::string(", zone: UTC") : std::string();
  auto const zone_note = zone.empty() ? comment : comment + ", and the zone of its times";
  if (roles.table == "client") return inner("registered_at", path, time + zone, zone_note);
  if (roles.table == "payout") return inner("requested_at", path, time + zone, zone_note);
  if (!form.has_time) return inner("occurred_on", path, formats, comment);
  auto const as_day = form.epoch.empty() ? ", as: datetime" + formats + zone : time;
  return inner("occurred_on", path, as_day, zone_note) +
         inner("occurred_at", path, time + zone, "");
}

// What the fields around the amount say about it.
std::string doubts_about(Sample const& sample, SampleField const& money) {
  std::string doubts;
  auto const is_whole = [](std::string const& text) {
    return text.find_first_of(".,") == std::string::npos;
  };
  bool const may_be_cents = !counts_cents(money) && std::ranges::all_of(money.values, is_whole);
  for (auto const& field : sample.fields) {
    if (!may_be_cents || !counts_cents(field)) continue;
    doubts += "; in cents like " + field.path + "? Then add `minor_units: 2`";
    break;
  }
  if (names_earnings(money)) return doubts;
  for (auto const& field : sample.fields) {
    if (!field.is_list || !names_earnings(field)) continue;
    doubts += "; or the order's value? The list " + field.path +
              " may hold what was earned: read it with `each`";
    break;
  }
  return doubts;
}

std::string money_column(Sample const& sample, Roles const& roles, bool with_all_words) {
  auto const number = guess_number(*roles.money).value_or(NumberGuess());
  std::string options = ", required: true";
  std::string comment = "guess: what was earned";
  bool const is_local = number.decimal_comma || !number.grouping.empty();
  if (is_local && with_all_words) {
    if (number.decimal_comma) options += ", decimal_comma: true";
    if (!number.grouping.empty()) options += ", grouping: '" + number.grouping + "'";
  }
  if (counts_cents(*roles.money)) {
    options += ", minor_units: 2";
    comment += ", in cents as the name says; leave out `minor_units` if it is not";
  }
  comment += doubts_about(sample, *roles.money);
  auto const text = inner("amount", roles.money->path, options, comment);
  if (number.unreadable.empty()) return text;
  return "      # The amounts are written like " + one_line(number.unreadable) +
         ", with signs or brackets that affsync does not read: rows with them go to\n"
         "      # quarantine. Export plain numbers, such as -12.30, or read another column.\n" +
         text;
}

std::string currency_column(Roles const& roles) {
  if (roles.currency != nullptr) return inner("currency", roles.currency->path, "", "guess");
  std::string line = "      currency: {const: ";
  if (!roles.currency_of_money.empty()) {
    return line + roles.currency_of_money + "}  # guess, from the column of the amounts\n";
  }
  return line + "USD}  # the sample names no currency: check this\n";
}

std::string columns_of(Sample const& sample, Roles const& roles, bool with_all_words) {
  std::string text;
  bool const is_client = roles.table == "client";
  if (roles.money != nullptr) {
    text += money_column(sample, roles, with_all_words);
    text += currency_column(roles);
  }
  if (!is_client && roles.table != "payout" && roles.client != nullptr) {
    text += inner("client_ref", roles.client->path, "",
                  "guess: the client; the same in every stream, or joins find nothing");
  }
  if (is_client && roles.country != nullptr)
    text += inner("country", roles.country->path, "", "guess");
  if (!is_client && roles.table != "payout" && roles.kind != nullptr) {
    text +=
        inner("broker_kind", roles.kind->path, "", "guess; map `kind` from its words with a table");
  }
  if (roles.status != nullptr && !is_client) {
    text += inner("broker_status", roles.status->path, "",
                  "guess; map `status` from its words with a table");
  }
  if (roles.table != "payout" && roles.link != nullptr) {
    text += inner("link_code", roles.link->path, "", "guess");
  }
  if (roles.day != nullptr) text += day_columns(roles);
  return text;
}

std::string key_line(Sample const& sample, Roles const& roles, bool with_hash) {
  std::string comment = "guess: no two rows of the sample are the same there";
  auto fields = roles.key;
  if (fields.empty()) {
    comment =
        "no id was found, so the content of a row is its key: a row that changes comes as a new "
        "one. Is there an id?";
    if (with_hash) return "    key: {hash: all}  # " + comment + "\n";
    for (auto const& field : sample.fields) {
      if (field.values.size() == sample.rows && !is_measure(field)) fields.push_back(&field);
    }
    if (fields.empty()) fields.push_back(&sample.fields.front());
  }
  std::string text;
  for (auto const* field : fields) text += (text.empty() ? "" : ", ") + yaml_text(field->path);
  if (fields.size() > 1) text = "[" + text + "]";
  return "    key: " + text + "  # " + comment + "\n";
}

// The file's own line of sums, if it can be read as the amounts are.
std::string check_line(Sample const& sample, Roles const& roles, bool with_all_words) {
  if (roles.money == nullptr || counts_cents(*roles.money)) return {};
  if (std::ranges::find(sample.sums, roles.money->name) == sample.sums.end()) return {};
  auto const number = guess_number(*roles.money).value_or(NumberGuess());
  bool const is_local = number.decimal_comma || !number.grouping.empty();
  if (!number.unreadable.empty() || (is_local && !with_all_words)) return {};
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
                        std::string const& file, bool with_all_words) {
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
  if (sample.skipped > 0 && roles.key.empty()) {
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
  text += key_line(sample, roles, with_all_words);
  if (address.host.empty() && roles.table == "commission" && roles.day != nullptr) {
    text +=
        "    window: {column: occurred_on}  # the period of a file: its first and its last day\n"
        "    # mode: replace_window  # if a file holds all rows of its period, those that a "
        "corrected "
        "file lacks are gone\n";
  }
  text += "    map:\n" + columns_of(sample, roles, with_all_words);
  text += check_line(sample, roles, with_all_words);
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
  // Rows without an id, and numbers as people write them, need words that fit only some samples.
  for (bool const with_all_words : {true, false}) {
    draft.text = file_text(name, file, *address,
                           stream_text(*sample, roles, *address, file, with_all_words));
    auto failed = try_out(draft, bytes, name, now);
    if (!failed) return draft;
    if (!problem) problem = std::move(failed);
  }
  return *problem;
}

}  // namespace affsync::engine
