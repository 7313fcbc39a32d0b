#include "connectors/engine/records.hpp"

#include "connectors/engine/column_reader.hpp"

namespace affsync::engine {
namespace {

// The value at a path, where its last step may be "*".
Json const* value_at(JsonPath const& path, Json const& body) {
  constexpr std::string_view any = ".*";
  if (!path.text().ends_with(any)) return path.in(body);
  auto const parent = path.text().substr(0, path.text().size() - any.size());
  auto const* holder = JsonPath(parent).in(body);
  if (holder == nullptr || !holder->is_object()) return nullptr;
  for (auto const& member : holder->members()) {
    if (member.value.is_array()) return &member.value;
  }
  return nullptr;
}

// One row for each innermost member of nested objects, its names on the way in fields.
void expand(ExpandSpec const& spec, Json const& value, Json const& body, Json::Object const& fields,
            Records& out) {
  auto const level = fields.size();
  if (level < spec.names.size()) {
    if (!value.is_object()) return;
    for (auto const& member : value.members()) {
      auto inner = fields;
      inner.push_back({spec.names[level], Json::string(member.name)});
      expand(spec, member.value, body, inner, out);
    }
    return;
  }
  auto row = fields;
  row.push_back({spec.value, value});
  for (auto const& [field, path] : spec.keep) {
    if (auto const* kept = JsonPath(path).in(body)) row.push_back({field, *kept});
  }
  out.made.push_back(Json::object(std::move(row)));
}

void expand_only(ExpandSpec const& spec, Json const& object, Json const& body, Records& out) {
  for (auto const& path : spec.only) {
    auto const* value = path.in(object);
    if (value == nullptr) continue;
    Json::Object fields;
    fields.push_back({spec.names.front(), Json::string(path.text())});
    expand(spec, *value, body, fields, out);
  }
}

}  // namespace

Result<Records> find_records(StreamSpec const& stream, Json const& body) {
  Records records;
  std::string tried;
  for (auto const& path : stream.records) {
    Json const* found = value_at(path, body);
    if (found != nullptr && found->is_object() && stream.expand) {
      if (stream.expand->only.empty()) {
        expand(*stream.expand, *found, body, {}, records);
      } else {
        expand_only(*stream.expand, *found, body, records);
      }
      for (auto const& row : records.made) records.rows.push_back(&row);
      return records;
    }
    if (found != nullptr && found->is_array()) {
      records.rows.reserve(found->items().size());
      for (auto const& item : found->items()) records.rows.push_back(&item);
      return records;
    }
    if (found != nullptr && found->is_object()) {
      records.rows.push_back(found);
      return records;
    }
    if (!tried.empty()) tried += ", ";
    tried +=
        "`" + path.text() + "` holds " + (found == nullptr ? "nothing" : kind_in_words(*found));
  }
  return Error(ErrorCode::malformed_answer, "the answer has no list of rows: " + tried,
               "`records` of the stream in the connector file says where they are.");
}

}  // namespace affsync::engine
