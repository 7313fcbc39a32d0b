// Finds rows in a document that has none under the name that the connector gives.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// `document`: of an XML answer without any element that `xml.row` names. Returns why it holds rows
// all the same, as a sentence without a full stop: an element has the name in another case, or it
// has the stream's key and at least half of the fields that its columns read. nullopt if no element
// certainly is a row.
std::optional<std::string> unnamed_row_in(StreamSpec const& stream, Json const& document);

}  // namespace affsync::engine
