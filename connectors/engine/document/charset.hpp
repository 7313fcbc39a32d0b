// Text of any charset as UTF-8.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace affsync::engine {

// The charsets that a connector may name, in lower case.
std::span<std::string_view const> charset_names();

// Returns `bytes` as UTF-8 without a byte order mark. A byte order mark decides; then `charset`, a
// name in any case; if it is empty, UTF-8. `limit` bounds the result. Errors: malformed_answer for
// bytes that the charset does not have, with line and column, and for an unknown charset.
Result<std::string> to_utf8(std::string_view bytes, std::string_view charset, std::size_t limit);

// "line 3, column 7", both from 1; columns count characters.
std::string place_in(std::string_view text, std::size_t at);

}  // namespace affsync::engine
