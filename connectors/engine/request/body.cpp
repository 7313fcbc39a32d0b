#include "connectors/engine/request/body.hpp"

#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "connectors/engine/values/json_texts.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::engine {
namespace {

// Returns the value in the kind of what it replaces.
Json value_for(Json const* replaced, BodyValue const& value) {
  bool number = value.is_number;
  if (replaced != nullptr && replaced->is_number()) number = true;
  if (replaced != nullptr && replaced->is_string()) number = false;
  if (number && is_json_number(value.text)) return Json::number(value.text);
  return Json::string(value.text);
}

Json with_value(Json const& json, std::string_view path, BodyValue const& value) {
  if (path.empty()) return value_for(&json, value);
  auto const dot = std::min(path.find('.'), path.size());
  auto const name = path.substr(0, dot);
  auto const rest = path.substr(std::min(dot + 1, path.size()));
  if (json.is_array()) {
    auto items = json.items();
    std::size_t index = 0;
    auto const [stop, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    bool const whole = error == std::errc{} && stop == name.data() + name.size();
    if (whole && index < items.size()) items[index] = with_value(items[index], rest, value);
    return Json::array(std::move(items));
  }
  auto members = json.is_object() ? json.members() : Json::Object();
  auto const member = std::ranges::find(members, name, &JsonMember::name);
  if (member != members.end()) {
    member->value = with_value(member->value, rest, value);
  } else {
    members.push_back({std::string(name), with_value(Json(), rest, value)});
  }
  return Json::object(std::move(members));
}

}  // namespace

void set_body(HttpRequest& request, BodySpec const& spec, std::vector<BodyValue> const& values) {
  if (!spec.as_form) {
    auto json = spec.json;
    for (auto const& value : values) json = with_value(json, value.path, value);
    request.headers.add("Content-Type", "application/json");
    request.body = json.dump();
    return;
  }
  auto fields = spec.form;
  for (auto const& value : values) {
    auto const field = std::ranges::find(fields, value.path, &NamedTexts::value_type::first);
    if (field == fields.end()) {
      fields.emplace_back(value.path, value.text);
    } else {
      field->second = value.text;
    }
  }
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  for (auto const& [name, text] : fields) {
    request.body +=
        (request.body.empty() ? "" : "&") + encode_query(name) + '=' + encode_query(text);
  }
}

}  // namespace affsync::engine
