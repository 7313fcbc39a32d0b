// Parses the keys of `page` that name a place in the answer: a path in its body, or a header.
// Internal to the manifest parser.
#pragma once

#include <optional>
#include <string>

#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {

namespace form {
Json answer_hint();
Json answer_hint_or_false();
}  // namespace form

// Read a path in the answer's body, or {header: NAME}.
void read_hint(yaml::Node const& node, std::optional<JsonPath>& path, std::string& header);
void read_hint(ObjectMap& map, std::string const& key, std::optional<JsonPath>& path,
               std::string& header);

// Reads `more`; nothing, if it is false.
void read_more(ObjectMap& map, std::optional<JsonPath>& path, std::string& header);
// Returns true if a `page` has `more: false`: no word of an answer says that rows follow.
bool ignores_more(yaml::Node const& page);

}  // namespace affsync::engine::grammar
