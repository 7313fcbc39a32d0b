// UTF-8 for terminals: decoding that never fails, and the columns that a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace affsync::log {

// Takes one code point off the front of `text` (not empty). Each byte that is not part of valid
// UTF-8 gives U+FFFD.
char32_t take_code_point(std::string_view& text);
void append_utf8(std::string& out, char32_t code_point);

// The text with U+FFFD for what is no UTF-8.
std::string to_valid_utf8(std::string_view text);

// Columns on a terminal: 0 for combining marks and controls, 2 for wide characters and emoji.
int code_point_width(char32_t code_point);
int display_width(std::string_view text);

// Characters that could move the cursor or reorder the line: C0, C1, DEL, bidirectional controls,
// line and paragraph separators.
bool is_control(char32_t code_point);

// For a table cell or a progress line: valid UTF-8 on one line; each run of controls and blanks
// becomes one blank.
std::string to_one_line(std::string_view text);

// The longest start of `text` that fits, with `ellipsis` at its end when something was cut.
std::string cut_to_width(std::string_view text, int width, std::string_view ellipsis = "…");

}  // namespace affsync::log
