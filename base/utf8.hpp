// Strict UTF-8 validation: refuses overlong forms, surrogates and code points above U+10FFFF. And
// what makes a text of somebody else fit for one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace affsync {

// Returns the length in bytes (1 to 4) of the character at `at`; 0 if it is not valid UTF-8.
std::size_t utf8_character(std::string_view text, std::size_t at);

// Returns true for one character that is no text: a control character, or a mark without width that
// separates lines or reorders them.
bool is_control_character(std::string_view character);
// Returns true for U+200B to U+200D, which join or part letters and have no width.
bool is_joint_without_width(std::string_view character);

// Returns what PostgreSQL can store as text: invalid UTF-8 and U+0000 become U+FFFD.
std::string printable_utf8(std::string_view text);

// Returns valid UTF-8 on one line: each run of blanks and of characters that could move a cursor,
// begin a line or reorder one becomes one blank, none at the start and the end; a byte that is not
// part of a character becomes U+FFFD.
std::string to_one_line(std::string_view text);

}  // namespace affsync
