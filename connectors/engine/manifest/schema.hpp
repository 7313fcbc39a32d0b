// The JSON schema of connector files, for editors.
#pragma once

#include <string>

namespace affsync::engine {

// Returns the schema, written from the parser's own tables; connectors/connector.schema.json holds
// the same text.
std::string connector_schema();

}  // namespace affsync::engine
