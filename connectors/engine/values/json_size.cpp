#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {

std::size_t count_values(Json const& json) {
  std::size_t count = 1;
  if (json.is_array()) {
    for (auto const& item : json.items()) count += count_values(item);
  } else if (json.is_object()) {
    for (auto const& member : json.members()) count += count_values(member.value);
  }
  return count;
}

namespace {

void add_size(Json const& json, JsonSize& size) {
  ++size.values;
  if (json.is_array()) {
    for (auto const& item : json.items()) add_size(item, size);
  } else if (json.is_object()) {
    for (auto const& member : json.members()) {
      size.bytes += member.name.size();
      add_size(member.value, size);
    }
  } else if (auto const text = json.scalar_text()) {
    size.bytes += text->size();
  }
}

}  // namespace

JsonSize size_of(Json const& json) {
  JsonSize size;
  add_size(json, size);
  return size;
}

Error repeats_too_much(std::string const& who, std::string const& what) {
  constexpr std::size_t mebibyte = std::size_t{1024} * 1024;
  return Error(
      ErrorCode::answer_too_large,
      who + " more than " + std::to_string(most_repeated_bytes / mebibyte) + " MiB " + what,
      "Such an answer would fill the memory. Ask for less at once: smaller pages, a "
      "shorter window, or a file without its longest texts.");
}

}  // namespace affsync::engine
