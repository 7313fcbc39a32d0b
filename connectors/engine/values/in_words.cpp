#include "connectors/engine/values/in_words.hpp"

namespace affsync::engine {

char const* kind_in_words(Json const& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "true or false";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a text";
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "an object";
  }
  return "nothing";
}

std::string quote_for_reason(std::string_view text) {
  constexpr std::size_t longest = 60;
  bool const cut = text.size() > longest;
  if (cut) {
    auto end = longest;
    // Never inside a multi-byte character.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out = "\"";
  for (char const c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out + (cut ? "…\"" : "\"");
}

}  // namespace affsync::engine
