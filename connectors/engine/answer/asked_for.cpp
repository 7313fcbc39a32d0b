#include "connectors/engine/answer/asked_for.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace affsync::engine {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const is_code = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                         hex_digit(text[i + 2]) >= 0;
    if (is_code) {
      out += static_cast<char>(16 * hex_digit(text[i + 1]) + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<std::string> in_pairs(std::string_view pairs, std::string_view parameter) {
  while (!pairs.empty()) {
    auto const end = std::min(pairs.find('&'), pairs.size());
    auto const pair = pairs.substr(0, end);
    pairs.remove_prefix(std::min(end + 1, pairs.size()));
    auto const equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) != parameter) continue;
    return decoded(pair.substr(std::min(equals + 1, pair.size())));
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
