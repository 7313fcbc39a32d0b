#include "connectors/engine/records.hpp"

namespace affsync::engine {
namespace {

char const* kind_word(Json const* value) {
  if (value == nullptr) return "nothing";
  switch (value->kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "a boolean";
    case Json::Kind::number: return "a number";
    case Json::Kind::string: return "a text";
    case Json::Kind::array: return "a list";
    case Json::Kind::object: return "an object";
  }
  return "nothing";
}

}  // namespace

Result<std::vector<Json const*>> find_records(StreamSpec const& stream, Json const& body) {
  std::vector<Json const*> rows;
  std::string tried;
  for (auto const& path : stream.records) {
    Json const* found = path.in(body);
    if (found != nullptr && found->is_array()) {
      rows.reserve(found->items().size());
      for (auto const& item : found->items()) rows.push_back(&item);
      return rows;
    }
    if (found != nullptr && found->is_object()) {
      rows.push_back(found);
      return rows;
    }
    if (!tried.empty()) tried += ", ";
    tried += "`" + path.text() + "` holds " + kind_word(found);
  }
  return Error(ErrorCode::malformed_answer, "the answer has no list of rows: " + tried,
               "`records` of the stream in the connector file says where they are.");
}

}  // namespace affsync::engine
