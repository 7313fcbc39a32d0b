// Chooses one of a connector's ways to authenticate by the credentials of a source.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/credentials.hpp"

namespace affsync::engine {

// Returns the credentials that each way to authenticate needs, in the order of the file. Optional
// credentials are included only where the way cannot work without them. Never empty: without
// authentication there is one set.
std::vector<std::vector<std::string>> credential_sets(Manifest const& manifest);

// Returns the first way whose credentials are all given. An optional signature is left out if its
// key is not given. Throws Failure(config_invalid) for a credential that is unknown, missing or
// empty, that the chosen way does not use (unless it is optional), or that has a line break (which
// would break the header that carries it).
AuthOption choose_auth(Manifest const& manifest, Credentials const& given);

}  // namespace affsync::engine
