#include "connectors/proof/json_edit.hpp"

#include <string>
#include <utility>

namespace affsync::proof {
namespace {

Json with_member(Json const& document, std::string_view steps, Json const& value) {
  auto const dot = steps.find('.');
  auto const name = steps.substr(0, dot);
  auto const rest = dot == std::string_view::npos ? std::string_view{} : steps.substr(dot + 1);
  if (!document.is_object() && !document.is_null()) return document;
  Json::Object members;
  if (document.is_object()) members = document.members();
  for (auto& member : members) {
    if (member.name != name) continue;
    member.value = rest.empty() ? value : with_member(member.value, rest, value);
    return Json::object(std::move(members));
  }
  members.push_back({std::string(name), rest.empty() ? value : with_member(Json(), rest, value)});
  return Json::object(std::move(members));
}

}  // namespace

Json with_value(Json const& document, Json const* old, Json const& value) {
  if (&document == old) return value;
  if (document.is_array()) {
    Json::Array items;
    for (auto const& item : document.items()) items.push_back(with_value(item, old, value));
    return Json::array(std::move(items));
  }
  if (document.is_object()) {
    Json::Object members;
    for (auto const& member : document.members()) {
      members.push_back({member.name, with_value(member.value, old, value)});
    }
    return Json::object(std::move(members));
  }
  return document;
}

Json with_value(Json const& document, JsonPath const& path, Json const& value) {
  if (auto const* old = path.in(document)) return with_value(document, old, value);
  if (path.head().empty()) return document;
  return with_member(document, path.text(), value);
}

Json count_like(Json const* like, std::string_view digits) {
  if (like != nullptr && like->is_string()) return Json::string(std::string(digits));
  return Json::number(std::string(digits));
}

}  // namespace affsync::proof
