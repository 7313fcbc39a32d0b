#include "connectors/engine/manifest/grammar.hpp"

#include <algorithm>
#include <charconv>

#include "base/duration.hpp"
#include "base/encodings.hpp"
#include "base/schedule.hpp"
#include "base/text.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/values/time_zone.hpp"

namespace affsync::engine::grammar {
namespace {

using std::chrono::seconds;

std::optional<seconds> duration_of(std::string_view text) {
  long number = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop + 1 != end || number < 0 || number > 1'000'000) {
    return std::nullopt;
  }
  auto const unit = unit_length(*stop);
  if (!unit) return std::nullopt;
  return *unit * number;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void check_placeholders(yaml::Node const& node, std::string const& text, Declared const& declared,
                        Placeholders allowed) {
  auto const names = placeholder_names(text);
  if (!names) node.fail("a `${` without its `}`");
  for (auto const& name : *names) {
    if (auto const credential = name_in_scope(name, "credentials")) {
      if (!allowed.credentials) {
        node.fail("a credential cannot be used here",
                  "Credentials go into `auth` only: its headers and query, or the body and the "
                  "headers of the login; into the path of a stream only with `secret_path: true`.");
      }
      check_declared(node, *credential, declared.credentials, "credential");
    } else if (auto const setting = name_in_scope(name, "settings")) {
      if (!allowed.settings) node.fail("a setting cannot be used here");
      check_declared(node, *setting, declared.settings, "setting");
    } else if (name == "token") {
      if (!allowed.token) {
        node.fail("the token cannot be used here", "It goes into the `value` of `auth` only.");
      }
    } else if (auto const token = name_in_scope(name, "token")) {
      if (!allowed.token) {
        node.fail("the token cannot be used here", "It goes into `auth` only.");
      }
      check_declared(node, *token, declared.tokens, "token");
    } else if (name == "refresh_token") {
      if (!allowed.refresh_token) node.fail("the refresh token can only be used in `refresh`");
    } else if (name == "item") {
      if (!allowed.item) node.fail("${item} needs `for_each`, in the path of a stream");
    } else if (name == "window.from" || name == "window.to") {
      if (!allowed.window) node.fail("${window.from} and ${window.to} can only be used in a path");
    } else {
      node.fail(yaml::quoted("${" + name + "}") + " is unknown",
                "Use ${settings.NAME}, ${credentials.NAME} or ${token}.");
    }
  }
}

}  // namespace

void check_declared(yaml::Node const& node, std::string_view name,
                    std::vector<std::string> const& declared, std::string const& kind) {
  if (std::ranges::find(declared, name) != declared.end()) return;
  auto const near = nearest(name, declared);
  node.fail(
      yaml::quoted(name) + " is not among the " + kind + "s that the file declares",
      near ? "Did you mean `" + *near + "`?" : "Declare it under `" + kind + "s`, or remove it.");
}

seconds read_duration(yaml::Node const& node, seconds least, seconds most) {
  auto const text = node.text();
  auto const value = duration_of(text);
  if (!value) {
    node.fail(yaml::quoted(text) + " is not a duration",
              "Write a whole number and a unit: 30s, 5m, 6h, 1d.");
  }
  if (*value < least || *value > most) {
    node.fail(yaml::quoted(text) + " is out of range",
              "From " + duration_text(least) + " to " + duration_text(most) + ".");
  }
  return *value;
}

int read_days(yaml::Node const& node, int least, int most) {
  auto const value = read_duration(node, seconds(86400L * least), seconds(86400L * most));
  if (value.count() % 86400 != 0) {
    node.fail(yaml::quoted(node.text()) + " is not a number of whole days", "For instance 7d.");
  }
  return static_cast<int>(value.count() / 86400);
}

std::string read_schedule(yaml::Node const& node) {
  auto text = node.text();
  auto const schedule = parse_schedule(text);
  if (!schedule) {
    auto const& error = schedule.error();
    node.fail(yaml::quoted(text) + " is not a schedule: " + error.message, error.hint);
  }
  return text;
}

void check_name(yaml::Node const& node, std::string_view name, std::string const& what) {
  auto const fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || name.size() > 60 || name[0] < 'a' || name[0] > 'z' ||
      !std::ranges::all_of(name, fits)) {
    node.fail(yaml::quoted(name) + " cannot be " + what,
              "Use lower-case letters, digits and _, starting with a letter, at most 60.");
  }
}

JsonPath read_path(yaml::Node const& node) {
  auto const text = node.text();
  if (!is_json_path(text)) {
    bool const wants_quotes = text.find_first_of(" \t[]\"'") != std::string::npos;
    node.fail(yaml::quoted(text) + " is not a path",
              std::string("Use member names and indexes joined with dots (totals.count, "
                          "data.0.id), or $ for the whole.") +
                  (wants_quotes ? " A name with dots, blanks or brackets is quoted: data.\"Total "
                                  "Amount\"."
                                : ""));
  }
  return JsonPath(text);
}

std::vector<yaml::Node> one_or_more(yaml::Node const& node) {
  if (!node.is_sequence()) return {node};
  auto items = node.items();
  if (items.empty()) node.fail("the list is empty");
  return items;
}

std::vector<JsonPath> read_paths(yaml::Node const& node) {
  std::vector<JsonPath> paths;
  for (auto const& item : one_or_more(node)) paths.push_back(read_path(item));
  return paths;
}

std::vector<std::string> read_texts(yaml::Node const& node) {
  std::vector<std::string> texts;
  for (auto const& item : one_or_more(node)) texts.push_back(item.text());
  return texts;
}

std::string read_template(yaml::Node const& node, Declared const& declared, Placeholders allowed) {
  auto text = node.text();
  if (has_control_character(text)) node.fail("a control character cannot be part of this text");
  check_placeholders(node, text, declared, allowed);
  return text;
}

NamedTexts read_named_texts(yaml::Node const& node, Declared const& declared, Placeholders allowed,
                            std::string const& what) {
  NamedTexts texts;
  for (auto const& [key, value] : node.entries()) {
    auto name = key.text();
    if (name.empty() || has_control_character(name)) key.fail(what + " needs a name");
    texts.emplace_back(std::move(name), read_template(value, declared, allowed));
  }
  return texts;
}

NamedTexts read_query(yaml::Node const& node, Declared const& declared) {
  NamedTexts texts;
  for (auto const& [key, value] : node.entries()) {
    auto const name = key.text();
    if (name.empty() || has_control_character(name)) key.fail("a query parameter needs a name");
    for (auto const& item : one_or_more(value)) {
      texts.emplace_back(name, read_template(item, declared, {.settings = true}));
    }
  }
  return texts;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              "!#$%&'*+-.^_`|~") == std::string_view::npos;
}

std::string read_parameter_name(yaml::Node const& node) {
  auto name = node.text();
  if (name.empty() || has_control_character(name) || name.find("${") != std::string::npos) {
    node.fail(yaml::quoted(name) + " is not the name of a parameter");
  }
  return name;
}

void check_header_names(yaml::Node const& node, bool of_login) {
  for (auto const& [key, value] : node.entries()) {
    auto const name = key.text();
    if (!is_header_name(name)) {
      key.fail(yaml::quoted(name) + " is not the name of an HTTP header");
    }
    auto const lower = to_lower(name);
    for (std::string_view const taken :
         {"host", "content-length", "transfer-encoding", "connection", "authorization"}) {
      bool const is_authorization = taken == "authorization";
      if (lower == taken && !(is_authorization && of_login)) {
        key.fail("the header " + yaml::quoted(name) + " cannot be set for a request",
                 is_authorization ? "Describe the login under `auth`." : "");
      }
    }
  }
}

NamedTexts read_headers(yaml::Node const& node, Declared const& declared, Placeholders allowed) {
  check_header_names(node);
  return read_named_texts(node, declared, allowed, "a header");
}

std::string read_request_path(yaml::Node const& node, Declared const& declared, bool has_items) {
  Placeholders allowed;
  allowed.credentials = declared.secret_path;
  allowed.settings = allowed.window = true;
  allowed.item = has_items;
  auto path = read_template(node, declared, allowed);
  if (!path.starts_with('/') || path.starts_with("//")) {
    node.fail(yaml::quoted(path) + " is not the path of a request",
              "Start it with a single /; the host belongs in `base_url`.");
  }
  if (path.find_first_of("?# ") != std::string::npos) {
    node.fail(yaml::quoted(path) + " holds more than a path", "Put parameters under `query`.");
  }
  if (has_dot_segment(path)) {
    node.fail(yaml::quoted(path) + " has a step upwards", "Write the path without `.` and `..`.");
  }
  return path;
}

std::string read_zone(yaml::Node const& node, Declared const& declared) {
  auto zone = read_template(node, declared, {.settings = true});
  if (zone.find("${") == std::string::npos && !zone_exists(zone)) {
    node.fail(yaml::quoted(zone) + " is not a time zone",
              "Use a name of the tz database, such as UTC or Europe/Moscow.");
  }
  return zone;
}

std::string join_words(std::span<std::string const> words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void refuse_word(yaml::Node const& node, std::string_view word,
                 std::vector<std::string> const& known, std::string const& what) {
  auto const near = nearest(word, known);
  std::string hint = "There is none here.";
  if (near) {
    hint = "Did you mean `" + *near + "`?";
  } else if (!known.empty()) {
    hint = "One of: " + join_words(known) + ".";
  }
  node.fail(yaml::quoted(word) + " is not " + what, std::move(hint));
}

}  // namespace affsync::engine::grammar
