// Elements shared by all parts of a connector file: durations, paths into JSON, lists of texts,
// closed sets of words, `${…}` placeholders. Every function throws Failure(config_invalid) at the
// node's position. Internal to the manifest parser.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggest.hpp"
#include "base/yaml/node.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine::grammar {

// What the file declares; texts are checked against it.
struct Declared {
  std::vector<std::string> credentials;
  std::vector<std::string> settings;
  bool is_files = false;            // the source is a folder
  bool secret_path = false;         // paths of streams may have credentials
  std::vector<std::string> tokens;  // names of the login's further tokens
  // Defaults of the streams.
  std::vector<GoodSpec> good;
  bool raw_mapped_only = false;
  std::vector<std::string> raw_allow;
};

// Which `${…}` placeholders a text may have.
struct Placeholders {
  bool credentials = false;
  bool settings = false;
  bool token = false;
  bool refresh_token = false;
  bool window = false;  // ${window.from}, ${window.to}
  bool item = false;    // ${item}
};

// Parses "30s", "5m", "6h", "7d".
std::chrono::seconds read_duration(yaml::Node const& node, std::chrono::seconds least,
                                   std::chrono::seconds most);
// Parses whole days: "31d".
int read_days(yaml::Node const& node, int least, int most);
// Parses a duration or a cron line of five fields; returns it as written.
std::string read_schedule(yaml::Node const& node);
// Checks a name: lower-case letters, digits and '_', starting with a letter. `what` is for
// messages: "a stream's name".
void check_name(yaml::Node const& node, std::string_view name, std::string const& what);

// Returns the items of a list, or the node itself; an empty list is an error.
std::vector<yaml::Node> one_or_more(yaml::Node const& node);
JsonPath read_path(yaml::Node const& node);
// Parses one path or a list of paths.
std::vector<JsonPath> read_paths(yaml::Node const& node);
// Parses one text or a list of texts.
std::vector<std::string> read_texts(yaml::Node const& node);
// Returns the text of a node after checking its placeholders.
std::string read_template(yaml::Node const& node, Declared const& declared, Placeholders allowed);
// Parses a mapping of names to templates, in order. `what` names an entry in messages ("a query
// parameter").
NamedTexts read_named_texts(yaml::Node const& node, Declared const& declared, Placeholders allowed,
                            std::string const& what);
// The same for parameters of a query: a list of values sends the name several times.
NamedTexts read_query(yaml::Node const& node, Declared const& declared);
// Fails for a name that is not declared. `kind` is "credential" or "setting".
void check_declared(yaml::Node const& node, std::string_view name,
                    std::vector<std::string> const& declared, std::string const& kind);
// Reads the name of a query parameter.
std::string read_parameter_name(yaml::Node const& node);
// Checks the names of a mapping of headers: HTTP tokens, and not headers that the client itself
// sets. `of_login`: of a login, whose Authorization is its own.
void check_header_names(yaml::Node const& node, bool of_login = false);
// Parses a mapping of headers, with such names.
NamedTexts read_headers(yaml::Node const& node, Declared const& declared, Placeholders allowed);
// Parses the path of a request: it starts with '/' and has neither query nor fragment, and
// credentials only if `declared` allows them.
std::string read_request_path(yaml::Node const& node, Declared const& declared,
                              bool has_items = false);
// Parses a zone of the tz database, or a placeholder for a setting.
std::string read_zone(yaml::Node const& node, Declared const& declared);

// Joins words for a message: "text, int, bool".
std::string join_words(std::span<std::string const> words);

[[noreturn]] void refuse_word(yaml::Node const& node, std::string_view word,
                              std::vector<std::string> const& known, std::string const& what);

template <class T>
using Words = std::span<std::pair<std::string_view, T> const>;

// Returns the value that belongs to a word of a closed set.
template <class T>
T read_word(yaml::Node const& node, Words<T> words, std::string const& what) {
  auto const text = node.text();
  std::vector<std::string> known;
  for (auto const& [word, value] : words) {
    if (word == text) return value;
    known.emplace_back(word);
  }
  refuse_word(node, text, known, what);
}

// Parsers of the parts of a file; each has its own .cpp file.
std::vector<AuthOption> read_auth(yaml::Node const& node, Declared const& declared);
SignatureSpec read_signature(yaml::Node const& node, Declared const& declared);
// Parses the name of a header; it may have placeholders for settings.
std::string read_header_name(yaml::Node const& node, Declared const& declared);
// Returns true if `name` is a valid HTTP header name.
bool is_header_name(std::string_view name);
// `streams`: those of the file, which limits may name.
RateSpec read_rate(yaml::Node const& node, std::vector<StreamSpec> const& streams);
std::vector<ErrorRule> read_errors(yaml::Node const& node);
// Parses one condition or a list of them; an empty list means no condition.
std::vector<GoodSpec> read_good(yaml::Node const& node);
TableMapping read_table_mapping(yaml::Node const& table, yaml::Node const& key,
                                yaml::Node const& columns, Declared const& declared);
ColumnMapping read_column(yaml::Node const& name, yaml::Node const& node, RecordTable const& table,
                          Declared const& declared);
PageSpec read_page(yaml::Node const& node);
// Parses `for_each` of a stream. The stream that it names is checked by check_for_each.
ForEachSpec read_for_each(yaml::Node const& node, StreamSpec const& stream,
                          Declared const& declared);
// Fails unless the stream that `for_each` names has such a column; notes its table.
void check_for_each(yaml::Node const& node, ForEachSpec& for_each, StreamSpec const& stream,
                    std::vector<StreamSpec> const& streams);
// Parses `body` of a stream that is read by POST.
BodySpec read_body(yaml::Node const& node, Declared const& declared);
// Returns a mapping, list or scalar as JSON. Plain numbers, true, false and null are such; all
// other scalars are texts, which may have placeholders.
Json read_json_template(yaml::Node const& node, Declared const& declared, Placeholders allowed);
// `request` may have the window's days in its path.
WindowSpec read_window(yaml::Node const& node, RequestSpec const& request,
                       TableMapping const& mapping, Declared const& declared);
// Parses `records`: a path, a list of paths, or a mapping that says how rows are made.
// `whole_stream` is the entry of the stream.
void read_records(yaml::Node const& node, yaml::Node const& whole_stream, StreamSpec& stream,
                  Declared const& declared);
// Fails if `keep` takes the value of a parameter that the stream never sends. `node` is that of the
// stream, which has been read in full.
void check_kept_parameters(yaml::Node const& node, StreamSpec const& stream);
// Fails if a parameter of the window is sent with another value as well. `node`: the window's.
void check_window_parameters(yaml::Node const& node, StreamSpec const& stream);
// Notes which columns a table must have: those of the key, unless `records` makes these fields.
void require_columns(StreamSpec& stream);
// Parses `where`, which rows of the list go to a table.
WhereSpec read_where(yaml::Node const& node);
// Returns true if no row of the list can go to both.
bool exclude_each_other(TableMapping const& left, TableMapping const& right);
// Parses a report that is asked for, waited for and fetched.
ReportSpec read_report(yaml::Node const& node);
EvidenceSpec read_evidence(yaml::Node const& node);
// `mapping` has the columns that can be compared.
ReconcileSpec read_reconcile(yaml::Node const& node, TableMapping const& mapping);
// Parses the credentials that the stream needs, and their hint.
void read_needs(yaml::Node const& node, StreamSpec& stream, Declared const& declared);
// Parses `raw`, how much of a received row is stored: all, mapped, or {allow: PATHS}.
void read_raw(yaml::Node const& node, bool& mapped_only, std::vector<std::string>& allow);
// Rejects what would break the identity of rows: see HashKey and replaces_window. `node` is the
// entry of the stream.
void check_identity(yaml::Node const& node, StreamSpec const& stream);
// Sets mapping_text, key_text and where_text. `node` is the entry of the stream, whose tables have
// been read.
void read_decisive_texts(yaml::Node const& node, StreamSpec& stream);
// Returns StreamSpec::cut_text of a window whose day the rows keep.
std::string cut_text_of(yaml::Node const& node, WindowSpec const& window);
StreamSpec read_stream(std::string const& name, yaml::Node const& node, Declared const& declared);

}  // namespace affsync::engine::grammar
