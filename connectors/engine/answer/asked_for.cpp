#include "connectors/engine/answer/asked_for.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::engine {
namespace {

std::optional<std::string> in_pairs(std::string_view pairs, std::string_view parameter) {
  while (!pairs.empty()) {
    auto const end = std::min(pairs.find('&'), pairs.size());
    auto const pair = pairs.substr(0, end);
    pairs.remove_prefix(std::min(end + 1, pairs.size()));
    auto const equals = std::min(pair.find('='), pair.size());
    if (decode_query(pair.substr(0, equals)) != parameter) continue;
    return decode_query(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

std::optional<std::string> in_query(std::string_view target, std::string_view parameter) {
  auto const mark = std::min(target.find('?'), target.size());
  return in_pairs(target.substr(std::min(mark + 1, target.size())), parameter);
}

std::optional<std::string> in_body(std::string const& body, std::string_view parameter) {
  if (body.empty()) return std::nullopt;
  if (body.front() != '{') return in_pairs(body, parameter);
  auto const json = parse_json(body);
  auto const* value = json ? JsonPath(parameter).in(*json) : nullptr;
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace

std::optional<std::string> sent_value(AskedFor const& asked, std::string_view parameter) {
  auto found = in_query(asked.target, parameter);
  if (!found) found = in_body(asked.body, parameter);
  if (!found) found = in_query(asked.list_target, parameter);
  return found;
}

}  // namespace affsync::engine
