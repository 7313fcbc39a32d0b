// Flaws of single values for which a JSON parser refuses the whole document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync {

// A copy of a document in which such flaws are marked, so that they cost their own row only:
// a number that could be too large for a double becomes a string of its text; inside a string, a
// byte that is not UTF-8, a zero byte and half a surrogate pair become the escape of U+0000.
// nullopt when there are none.
std::optional<std::string> mend_json(std::string_view text);

}  // namespace affsync
