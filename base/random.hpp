// Random bytes of the operating system, for nonces.
#pragma once

#include <cstddef>
#include <string>

namespace affsync {

// Returns bytes that nobody can predict; at most 256. Throws Failure internal if there are none.
std::string random_bytes(std::size_t count);

}  // namespace affsync
