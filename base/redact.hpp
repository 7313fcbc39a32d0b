// Takes a secret out of a text that quotes a peer, however the peer spells it.
#pragma once

#include <string>

#include "base/secret.hpp"

namespace affsync {

// `text` with every occurrence of a secret of four or more bytes replaced by ***. Each byte may
// stand as itself, percent-encoded (a blank also as +), or as an escape of JSON or HTML, in any
// mixture and without regard to case. At the end of the text, and before `…`, the first four bytes
// are enough.
std::string redact(std::string text, Secret const& secret);

}  // namespace affsync
