#include "connectors/proof/query.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace affsync::proof {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void add_members(Json const& value, std::string const& path,
                 std::vector<std::pair<std::string, std::string>>& out) {
  auto const below = [&](std::string const& name) {
    return path.empty() ? name : path + "." + name;
  };
  if (value.is_object()) {
    for (auto const& member : value.members()) add_members(member.value, below(member.name), out);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      add_members(value.items()[i], below(std::to_string(i)), out);
    }
  } else if (auto const text = value.scalar_text()) {
    out.emplace_back(path, *text);
  }
}

}  // namespace

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      auto const high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::optional<std::string> Target::find(std::string_view name) const {
  for (auto const& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> read_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    auto const end = std::min(text.find('&'), text.size());
    auto pair = std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::ranges::replace(pair, '+', ' ');
    auto const equals = std::min(pair.find('='), pair.size());
    auto const value = std::string_view(pair).substr(std::min(equals + 1, pair.size()));
    pairs.emplace_back(decode_percent(std::string_view(pair).substr(0, equals)),
                       decode_percent(value));
  }
  return pairs;
}

Target read_target(std::string_view target) {
  Target out;
  auto const mark = std::min(target.find('?'), target.size());
  out.path = decode_percent(target.substr(0, mark));
  out.raw_query = std::string(target.substr(std::min(mark + 1, target.size())));
  out.query = read_pairs(out.raw_query);
  return out;
}

Target read_request(HttpRequest const& request) {
  auto out = read_target(request.target);
  if (request.body.empty()) return out;
  auto const type = request.headers.find("Content-Type").value_or("");
  if (type.find("form-urlencoded") != std::string_view::npos) {
    auto const fields = read_pairs(request.body);
    out.query.insert(out.query.end(), fields.begin(), fields.end());
  } else if (auto const body = parse_json(request.body)) {
    add_members(*body, "", out.query);
  }
  return out;
}

std::optional<std::map<std::string, std::string>> match_path(std::string_view pattern,
                                                             std::string_view path) {
  std::map<std::string, std::string> found;
  for (;;) {
    auto const begin = pattern.find("${");
    if (begin == std::string_view::npos) {
      if (pattern != path) return std::nullopt;
      return found;
    }
    if (path.substr(0, begin) != pattern.substr(0, begin)) return std::nullopt;
    path.remove_prefix(begin);
    auto const end = pattern.find('}', begin);
    if (end == std::string_view::npos) return std::nullopt;
    auto const name = pattern.substr(begin + 2, end - begin - 2);
    pattern.remove_prefix(end + 1);
    auto const next =
        pattern.empty() ? path.size() : path.find(pattern.substr(0, pattern.find("${")));
    if (next == std::string_view::npos) return std::nullopt;
    found[std::string(name)] = std::string(path.substr(0, next));
    path.remove_prefix(next);
  }
}

}  // namespace affsync::proof
