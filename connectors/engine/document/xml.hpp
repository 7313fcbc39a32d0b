// XML as JSON: elements as objects, chosen elements as rows.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

Result<Json> read_xml(std::string_view bytes, DocumentSpec const& spec,
                      DocumentLimits const& limits);

}  // namespace affsync::engine
