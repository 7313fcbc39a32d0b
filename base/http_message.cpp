#include "base/http_message.hpp"

#include <algorithm>

namespace affsync {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (auto const& [field, value] : fields_) {
    if (!same_name(field, name)) continue;
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

}  // namespace affsync
