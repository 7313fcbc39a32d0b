// Strict UTF-8 validation: refuses overlong forms, surrogates and code points above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace affsync {

// Returns the length in bytes (1 to 4) of the character at `at`; 0 if it is not valid UTF-8.
std::size_t utf8_character(std::string_view text, std::size_t at);

}  // namespace affsync
