// Is a text UTF-8? Strict: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace affsync {

// The bytes (1 to 4) of the character that begins at `at`; 0 when none does.
std::size_t utf8_character(std::string_view text, std::size_t at);

}  // namespace affsync
