#include "base/http_message.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace affsync {

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (auto const& [field, value] : fields_) {
    if (!equal_without_case(field, name)) continue;
    std::string_view text = value;
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  }
  return std::nullopt;
}

std::string_view to_string(Method method) {
  return method == Method::get ? "GET" : "POST";
}

std::string HttpRequest::place() const {
  return std::string(to_string(method)) + " " + target;
}

std::string const& HttpRequest::sent_target() const {
  return secret_target ? secret_target->reveal() : target;
}

bool HttpRequest::asks_the_same_as(HttpRequest const& other) const {
  return method == other.method && target == other.target && body == other.body;
}

}  // namespace affsync
