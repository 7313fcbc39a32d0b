// Mistakes of servers in the header of an answer that change nothing of its meaning: a status line
// without a reason that lacks the blank behind the number, and fields whose name is none. What may
// tell where the body ends stays as it is, to be refused.
#pragma once

#include <string>
#include <string_view>

namespace affsync::net {

// `head`: what came of a header, to its end or not; `begins`: with its status line. Returns true if
// it has such a mistake, or may have one in its last line.
bool needs_mending(std::string_view head, bool begins);

// Returns a whole header, with the empty line behind it, without these mistakes.
std::string mended_head(std::string_view head, bool begins);

}  // namespace affsync::net
