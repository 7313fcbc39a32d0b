#include "schema/store/server_text.hpp"

#include <algorithm>

namespace affsync::schema {

std::size_t server_text(std::string_view message, std::size_t from) {
  auto const at = message.find(":  ", from);
  return at == std::string_view::npos ? at : at + 3;
}

std::string_view leading_state(std::string_view text) {
  auto const is_part = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  constexpr std::size_t length = 5;
  if (text.size() <= length + 1 || text.substr(length, 2) != ": ") return {};
  auto const state = text.substr(0, length);
  return std::ranges::all_of(state, is_part) ? state : std::string_view();
}

}  // namespace affsync::schema
