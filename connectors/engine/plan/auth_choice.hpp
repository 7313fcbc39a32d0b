// Which of a connector's ways to log in the credentials of a source choose.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// The credentials that each way of the connector wants, in the order in which they are declared.
// Optional ones are in none but the sets that cannot do without. Never empty: without any
// authentication there is one set.
std::vector<std::vector<std::string>> credential_sets(Manifest const& manifest);

// The first way whose credentials are all given; its signature is left out where it is optional and
// its key is not given. Throws Failure(config_invalid) for a credential that is unknown, missing or
// empty, that the chosen way does not use (unless it is optional), or that holds a line break
// (which would break the header it goes into).
AuthOption choose_auth(Manifest const& manifest, std::map<std::string, Secret> const& given);

}  // namespace affsync::engine
