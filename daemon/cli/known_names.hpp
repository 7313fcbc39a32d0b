// The sources and streams that a command about stored rows takes: a misspelt name must not look
// like "nothing was found".
#pragma once

#include <string>

#include "daemon/app.hpp"

namespace affsync::cli {

// Throws Failure(usage) with a suggestion unless the configuration or the database knows the
// source, which may no longer be configured. An empty name stands for all. Requires a database.
void require_known_source(App& app, std::string const& name);

// The same of a stream: those of the configured connectors and of the database.
void require_known_stream_name(App& app, std::string const& name);

}  // namespace affsync::cli
