// Extracts what a broker says in a body, for one line of an error message: code and message from
// JSON, the title of an HTML page, or the start of a text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace affsync::engine {

// Returns `text` on one line: control characters and runs of blanks become one blank, invalid UTF-8
// becomes '?'. At most `limit` characters are kept; "…" marks a cut.
std::string one_line(std::string_view text, std::size_t limit = 300);

// Returns the beginning of a longer text on one line, with "…" where it was cut: a secret that was
// cut is recognized by that.
std::string beginning(std::string_view text, std::size_t bytes, std::size_t limit = 300);

// Returns a link without its query, which may have a token in it.
std::string without_query(std::string_view link, std::size_t limit);

// Returns true if the text has a long word with a digit in it, as tokens have. Such a text in a
// login's answer is not quoted.
bool may_be_token(std::string_view text);

// Returns true if the body looks like a web page.
bool looks_like_html(std::string_view body);

// Returns the title of a web page; empty if it has none.
std::string html_title(std::string_view body);

// Returns code and message of an error in JSON, in the common shapes ("detail", "message",
// {"error": {…}}, lists by field); empty if there is none.
std::string error_text(Json const& body);

// Does the same for an answer that may contain a secret such as a token. It reads only members
// whose names are typical for errors, no other lists by field ({"token": ["…"]}), and no text with
// a word that may be a token.
std::string error_text_by_name(Json const& body);

// Returns true if the text is anywhere in the body, ignoring case. `bytes`: as received; `body`: as
// JSON, which may have its letters and slashes as escapes.
bool has_text(std::string_view bytes, Json const& body, std::string_view text);

}  // namespace affsync::engine
