#include "connectors/engine/values/json_texts.hpp"

namespace affsync::engine {

Json with_texts(Json const& json, std::function<std::string(std::string const&)> const& replace) {
  if (json.is_string()) return Json::string(replace(json.as_string()));
  if (json.is_array()) {
    Json::Array items;
    for (auto const& item : json.items()) items.push_back(with_texts(item, replace));
    return Json::array(std::move(items));
  }
  if (!json.is_object()) return json;
  Json::Object members;
  for (auto const& member : json.members()) {
    members.push_back({member.name, with_texts(member.value, replace)});
  }
  return Json::object(std::move(members));
}

bool is_json_number(std::string_view text) {
  auto const number = parse_json(text);
  return number && number->is_number() && number->number_text() == text;
}

}  // namespace affsync::engine
