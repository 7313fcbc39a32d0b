#include "connectors/engine/answer/conditions.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/values/is_present.hpp"

namespace affsync::engine {

std::optional<Json> header_value(HttpResponse const& response, std::string const& name) {
  auto const text = response.headers.find(name);
  return text ? std::optional(Json::string(std::string(*text))) : std::nullopt;
}

namespace {

// Null, false, 0 and empty values mean that there is nothing: `"error": null` is no error.
bool holds_anything(Json const* value) {
  if (!is_present(value, {})) return false;
  switch (value->kind()) {
    case Json::Kind::boolean:
      return value->as_bool();
    case Json::Kind::number:
      return value->number_text()
                 .substr(0, value->number_text().find_first_of("eE"))
                 .find_first_of("123456789") != std::string::npos;
    default:
      return true;
  }
}

// Checks a value against `equals`, `not_equals` and `absent`. A missing value neither equals nor
// differs from anything.
template <class Rule>
bool compares(Json const* value, std::vector<std::string> const& equals,
              std::vector<std::string> const& not_equals, Rule const& rule) {
  if (value == nullptr || value->is_null()) return rule.absent;
  if (equals.empty() && not_equals.empty()) return !rule.absent && holds_anything(value);
  auto const text = value->scalar_text();
  auto const is_in = [&](std::vector<std::string> const& wanted) {
    return text && std::find(wanted.begin(), wanted.end(), *text) != wanted.end();
  };
  return equals.empty() ? !is_in(not_equals) : is_in(equals);
}

// Compares the value of a header, or if none is named, the one at a path.
template <class Rule>
bool holds_value(JsonPath const* path, std::string const& header,
                 std::vector<std::string> const& equals, std::vector<std::string> const& not_equals,
                 Rule const& rule, HttpResponse const& response, Json const& body) {
  if (header.empty()) {
    return compares(path == nullptr ? nullptr : path->in(body), equals, not_equals, rule);
  }
  auto const value = header_value(response, header);
  return compares(value ? &*value : nullptr, equals, not_equals, rule);
}

// Returns true if the answer has one of these content types, whatever its parameters.
bool has_content_type(HttpResponse const& response, std::vector<std::string> const& types) {
  auto const field = response.headers.find("Content-Type");
  if (!field) return false;
  auto const type = to_lower(trim_blanks(field->substr(0, field->find(';'))));
  return std::ranges::any_of(types, [&](std::string_view wanted) {
    if (!wanted.ends_with("/*")) return type == wanted;
    return type.starts_with(wanted.substr(0, wanted.size() - 1));
  });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

bool holds(ErrorRule const& rule, HttpResponse const& response, Json const& body, bool is_login) {
  if (rule.login && *rule.login != is_login) return false;
  auto const has_status = [&](StatusRange const& range) { return range.has(response.status); };
  if (!rule.status.empty() && std::ranges::none_of(rule.status, has_status)) return false;
  if (!rule.content_types.empty() && !has_content_type(response, rule.content_types)) return false;
  if (rule.no_body && !is_blank(response.body)) return false;
  bool const has_value = rule.json || !rule.header.empty();
  if (has_value && !holds_value(rule.json ? &*rule.json : nullptr, rule.header, rule.json_equals,
                                rule.json_not_equals, rule, response, body)) {
    return false;
  }
  auto const fails = [&](AnswerCondition const& one) {
    return !holds_value(one.json ? &*one.json : nullptr, one.header, one.equals, one.not_equals,
                        one, response, body);
  };
  if (std::ranges::any_of(rule.further, fails)) return false;
  return rule.body_contains.empty() || has_text(response.body, body, rule.body_contains);
}

bool holds(GoodSpec const& good, HttpResponse const& response, Json const& body) {
  return holds_value(&good.json, good.header, good.equals, good.not_equals, good, response, body);
}

}  // namespace affsync::engine
