// The words and shapes that all parts of a connector file share: durations, paths into JSON, lists
// of texts, closed sets of words, `${…}` places. Every function throws Failure(config_invalid) at
// the node's position. Internal to the manifest parser.
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

// What the file declares, so that texts can be checked against it.
struct Declared {
  std::vector<std::string> credentials;
  std::vector<std::string> settings;
  // What streams do that say nothing else.
  std::vector<GoodSpec> good;
  bool raw_mapped_only = false;
  std::vector<std::string> raw_allow;
};

// Which `${…}` places a text may have.
struct Placeholders {
  bool credentials = false;
  bool settings = false;
  bool token = false;
  bool window = false;  // ${window.from}, ${window.to}
};

// "30s", "5m", "6h", "7d".
std::chrono::seconds read_duration(yaml::Node const& node, std::chrono::seconds least,
                                   std::chrono::seconds most);
// "31d": whole days.
int read_days(yaml::Node const& node, int least, int most);
// A duration or a cron line of five fields; kept as written.
std::string read_schedule(yaml::Node const& node);
// Small letters, digits and '_', beginning with a letter; `what` is "a stream's name".
void check_name(yaml::Node const& node, std::string_view name, std::string const& what);

// The items of a list, or the node itself; an empty list is refused.
std::vector<yaml::Node> one_or_more(yaml::Node const& node);
JsonPath read_path(yaml::Node const& node);
// One path or a list of them.
std::vector<JsonPath> read_paths(yaml::Node const& node);
// One text or a list of them.
std::vector<std::string> read_texts(yaml::Node const& node);
// The whole text of a node, its places checked.
std::string read_template(yaml::Node const& node, Declared const& declared, Placeholders allowed);
// A mapping of names to templates, in order; `what` names an entry ("a query parameter").
NamedTexts read_named_texts(yaml::Node const& node, Declared const& declared, Placeholders allowed,
                            std::string const& what);
// The same for request headers: names are HTTP tokens, and none that the client itself sets.
NamedTexts read_headers(yaml::Node const& node, Declared const& declared, Placeholders allowed);
// The path of a request: begins with '/', has neither query nor fragment, no credentials.
std::string read_request_path(yaml::Node const& node, Declared const& declared);
// A zone of the tz database, or a place for a setting.
std::string read_zone(yaml::Node const& node, Declared const& declared);

// "text, int, bool"
std::string join_words(std::span<std::string const> words);

[[noreturn]] void refuse_word(yaml::Node const& node, std::string_view word,
                              std::vector<std::string> const& known, std::string const& what);

template <class T>
using Words = std::span<std::pair<std::string_view, T> const>;

// The value of one of a closed set of words.
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

// The parts of a file, one unit each.
std::vector<AuthOption> read_auth(yaml::Node const& node, Declared const& declared);
SignatureSpec read_signature(yaml::Node const& node, Declared const& declared);
// The name of a header, as a text with places for settings.
std::string read_header_name(yaml::Node const& node, Declared const& declared);
// Whether HTTP takes it for the name of a header.
bool is_header_name(std::string_view name);
RateSpec read_rate(yaml::Node const& node);
std::vector<ErrorRule> read_errors(yaml::Node const& node);
// One condition or a list of them; an empty list asks for nothing.
std::vector<GoodSpec> read_good(yaml::Node const& node);
TableMapping read_table_mapping(yaml::Node const& table, yaml::Node const& key,
                                yaml::Node const& columns, Declared const& declared);
ColumnMapping read_column(yaml::Node const& name, yaml::Node const& node, RecordTable const& table,
                          Declared const& declared);
PageSpec read_page(yaml::Node const& node);
// `request` may name the window's days in its path.
WindowSpec read_window(yaml::Node const& node, RequestSpec const& request,
                       TableMapping const& mapping, Declared const& declared);
// `records`: a path, a list of them, or a mapping that makes rows of an object's members.
void read_records(yaml::Node const& node, StreamSpec& stream);
// `raw`: all, mapped, or {allow: PATHS}: how much of a row is kept as it came.
void read_raw(yaml::Node const& node, bool& mapped_only, std::vector<std::string>& allow);
StreamSpec read_stream(std::string const& name, yaml::Node const& node, Declared const& declared);

}  // namespace affsync::engine::grammar
