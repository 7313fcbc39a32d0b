// What the database may know of credentials that were refused: enough to tell them from others,
// too little to find them out.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::sync {

// "scrypt:14:8:1:SALT:HASH" over the credentials and where and how they are sent (a mended
// connector, login path or address deserves a new try too). The salt is random. Takes some tens of
// milliseconds. Throws Failure internal when the machine gives no randomness.
std::string hash_credentials(engine::SourcePlan const& plan);

// False also for a text that is no such hash.
bool is_hash_of(std::string_view hash, engine::SourcePlan const& plan);

}  // namespace affsync::sync
