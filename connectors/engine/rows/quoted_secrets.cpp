#include "connectors/engine/rows/quoted_secrets.hpp"

#include <limits>

#include "base/json.hpp"

namespace affsync::engine {
namespace {

std::string hidden(std::string const& text, Redactor const& secrets) {
  // The beginning of a secret at the end of a text that nobody has cut is none.
  return secrets.is_in(text) ? secrets.redact(text) : text;
}

Json without_secrets_in(Json const& value, Redactor const& secrets) {
  if (value.is_array()) {
    Json::Array items;
    for (auto const& item : value.items()) items.push_back(without_secrets_in(item, secrets));
    return Json::array(std::move(items));
  }
  if (value.is_object()) {
    Json::Object members;
    for (auto const& [name, member] : value.members()) {
      members.push_back({hidden(name, secrets), without_secrets_in(member, secrets)});
    }
    return Json::object(std::move(members));
  }
  if (value.is_string()) return Json::string(hidden(value.as_string(), secrets));
  if (value.is_number() && secrets.is_in(value.number_text())) {
    return Json::string(secrets.redact(value.number_text()));
  }
  return value;
}

}  // namespace

std::string without_secrets(std::string json, Redactor const& secrets) {
  if (!secrets.is_in(json)) return json;
  JsonLimits limits;  // a row is within those of its answer
  limits.members = limits.values = std::numeric_limits<std::size_t>::max();
  limits.depth = 100;
  if (auto const row = parse_json(json, limits)) {
    auto clean = without_secrets_in(*row, secrets).dump();
    if (!secrets.is_in(clean)) return clean;
  }
  // It runs from one value into the next.
  return Json::string(secrets.redact(std::move(json))).dump();
}

}  // namespace affsync::engine
