// The hash under which the database stores refused credentials: it tells them from other
// credentials but does not reveal them.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::sync {

// Returns "scrypt:14:8:1:SALT:HASH" over the credentials, the connector, the base URL and the login
// path, so that a fix of any of them gets a new try. The salt is random. Takes some tens of
// milliseconds. Throws Failure(internal) if the machine provides no random bytes.
std::string hash_credentials(engine::SourcePlan const& plan);

// Returns whether `hash` was made of the credentials of `plan`; false if it is not such a hash.
bool is_hash_of(std::string_view hash, engine::SourcePlan const& plan);

}  // namespace affsync::sync
