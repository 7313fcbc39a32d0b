#include "base/json_simd.hpp"

#include <simdjson.h>

#include <array>
#include <string>
#include <utility>

namespace affsync {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

// A parser keeps its buffers, about five times the size of the text. That of a large text is not
// kept.
constexpr std::size_t most_kept = 4 << 20;

struct Parser {
  simdjson::ondemand::parser parser;
  std::string padded;
};

std::string_view without_end_blanks(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

// Returns whether the token is a JSON number of at most 300 digits without an exponent. (Others may
// be too large for a double or too small for numeric.)
bool is_short_number(std::string_view token) {
  constexpr std::size_t longest = 300;
  if (token.size() > longest) return false;
  std::size_t at = 0;
  auto const digits = [&] {
    auto const begin = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
    return at - begin;
  };
  if (at < token.size() && token[at] == '-') ++at;
  auto const first = at;
  auto const whole = digits();
  if (whole == 0 || (whole > 1 && token[first] == '0')) return false;
  if (at == token.size()) return true;
  if (token[at++] != '.') return false;
  return digits() > 0 && at == token.size();
}

// Each function returns false for what the thorough parser has to look at.
class PlainBuilder {
 public:
  // Only an escape makes a U+0000: the byte itself is no JSON.
  PlainBuilder(std::string_view text, JsonLimits const& limits)
      : limits_(limits), may_have_nul_(text.find("\\u0000") != std::string_view::npos) {}

  // A document's own functions prove that its last token closes it; so nothing is read behind it.
  bool build_root(simdjson::ondemand::document& document, Json& out) {
    json_type type{};
    if (document.type().get(type) != simdjson::SUCCESS || ++values_ > limits_.values) return false;
    simdjson::ondemand::object object;
    simdjson::ondemand::array array;
    if (type == json_type::object) {
      return document.get_object().get(object) == simdjson::SUCCESS && add_members(object, 0, out);
    }
    return type == json_type::array && document.get_array().get(array) == simdjson::SUCCESS &&
           add_items(array, 0, out);
  }

 private:
  bool build(value from, std::size_t depth, Json& out) {
    json_type type{};
    if (from.type().get(type) != simdjson::SUCCESS || ++values_ > limits_.values) return false;
    switch (type) {
      case json_type::object: {
        simdjson::ondemand::object object;
        return from.get_object().get(object) == simdjson::SUCCESS &&
               add_members(object, depth, out);
      }
      case json_type::array: {
        simdjson::ondemand::array array;
        return from.get_array().get(array) == simdjson::SUCCESS && add_items(array, depth, out);
      }
      case json_type::string:
        return build_string(from, out);
      case json_type::number:
        return build_number(without_end_blanks(from.raw_json_token()), out);
      case json_type::boolean:
      case json_type::null:
        return build_word(without_end_blanks(from.raw_json_token()), out);
    }
    return false;
  }

  bool add_members(simdjson::ondemand::object& object, std::size_t depth, Json& out) {
    if (depth >= limits_.depth) return false;
    auto& members = Json::InPlace::object(out);
    // Objects of a list mostly have as many members as the one before.
    if (depth < most_levels) members.reserve(sizes_[depth]);
    for (auto next : object) {
      simdjson::ondemand::field field;
      std::string_view name;
      if (std::move(next).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
      if (members.size() >= limits_.members) return false;
      auto& member = members.emplace_back();
      member.name = name;
      if (!build(field.value(), depth + 1, member.value)) return false;
    }
    if (depth < most_levels) sizes_[depth] = members.size();
    Json::InPlace::end_object(out, may_have_nul_);
    return true;
  }

  bool add_items(simdjson::ondemand::array& array, std::size_t depth, Json& out) {
    if (depth >= limits_.depth) return false;
    auto& items = Json::InPlace::array(out);
    for (auto next : array) {
      value item;
      if (std::move(next).get(item) != simdjson::SUCCESS) return false;
      if (!build(item, depth + 1, items.emplace_back())) return false;
    }
    Json::InPlace::end_array(out);
    return true;
  }

  bool build_string(value from, Json& out) {
    std::string_view text;
    if (from.get_string().get(text) != simdjson::SUCCESS) return false;
    Json::InPlace::string(out, text, may_have_nul_);
    return true;
  }

  static bool build_number(std::string_view token, Json& out) {
    if (!is_short_number(token)) return false;
    Json::InPlace::number(out, token == "-0" ? "0" : token);
    return true;
  }

  static bool build_word(std::string_view token, Json& out) {
    if (token == "null") {
      out = Json();
    } else if (token == "true" || token == "false") {
      out = Json::boolean(token == "true");
    } else {
      return false;
    }
    return true;
  }

  static constexpr std::size_t most_levels = 8;
  JsonLimits const& limits_;
  bool may_have_nul_;
  std::size_t values_ = 0;
  std::array<std::size_t, most_levels> sizes_{};
};

std::optional<Json> parse(Parser& with, std::string_view text, JsonLimits const& limits) {
  with.padded.clear();
  with.padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  with.padded = text;
  simdjson::padded_string_view const padded(with.padded.data(), text.size(),
                                            with.padded.capacity());
  simdjson::ondemand::document document;
  if (with.parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  std::optional<Json> json(std::in_place);
  if (!PlainBuilder(text, limits).build_root(document, *json)) return std::nullopt;
  bool const at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!at_end) return std::nullopt;
  return json;
}

}  // namespace

std::optional<Json> parse_plain_json(std::string_view text, JsonLimits const& limits) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  auto const first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || (text[first] != '{' && text[first] != '[')) return std::nullopt;
  if (text.size() > most_kept) {
    Parser large;
    return parse(large, text, limits);
  }
  thread_local Parser kept;
  return parse(kept, text, limits);
}

}  // namespace affsync
