// Looks at the connection strings of the configuration before anything is opened, so that every
// command refuses a misspelt one alike.
#pragma once

#include "config/model.hpp"

namespace affsync {

// Returns the configuration. Throws Failure(config_invalid) if libpq could not read `database.url`
// or `database.read_url`; the message has the place in the file, and no part of a password.
config::Config with_readable_urls(config::Config config);

}  // namespace affsync
