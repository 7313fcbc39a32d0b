// What a broker says in a body, fit for one line of an error: its code and message out of JSON, the
// title of an HTML page, or the beginning of a text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace affsync::engine {

// `text` on one line: control characters and runs of blanks become one blank, invalid UTF-8 becomes
// '?', at most `limit` characters (then with "…").
std::string one_line(std::string_view text, std::size_t limit = 300);

// The text holds a long word with a digit in it, as tokens are. What a login answers is not quoted
// then.
bool may_be_token(std::string_view text);

// The body looks like a web page.
bool looks_like_html(std::string_view body);

// What the title of a web page says; empty when it has none.
std::string html_title(std::string_view body);

// Code and message of an error in JSON, in the shapes that are common ("detail", "message",
// {"error": {…}}, lists by field); empty when nothing of the kind is in it.
std::string error_text(Json const& body);

// The same of an answer that may hold something that opens a door: only what stands under a name
// that errors have, no list by field elsewhere ({"token": ["…"]}), and no text with a word in it
// that may be a token.
std::string error_text_by_name(Json const& body);

}  // namespace affsync::engine
