// UTF-8 for terminals: decoding that never fails, and the width of text in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace affsync::log {

// Removes the first code point of `text` (not empty) and returns it. Returns U+FFFD for each byte
// that is not part of valid UTF-8.
char32_t take_code_point(std::string_view& text);
void append_utf8(std::string& out, char32_t code_point);

// Returns the text with invalid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// Columns on a terminal: 0 for combining marks and controls, 2 for wide characters and emoji.
int code_point_width(char32_t code_point);
int display_width(std::string_view text);

// True for characters that could move the cursor or reorder the line: C0, C1, DEL, bidirectional
// controls, line and paragraph separators.
bool is_control(char32_t code_point);

// Makes the text fit for a table cell or a progress line: valid UTF-8 on one line. Each run of
// control characters and spaces becomes one space.
std::string to_one_line(std::string_view text);

// Returns the longest prefix of `text` that fits into `width` columns, with `ellipsis` at its end
// if something was cut.
std::string cut_to_width(std::string_view text, int width, std::string_view ellipsis = "…");

}  // namespace affsync::log
