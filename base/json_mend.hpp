// Flaws of single values for which a JSON parser refuses the whole document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync {

// What a string begins with that stands for a word which is no JSON, as mend_json writes it.
inline constexpr std::string_view stray_word_mark{"\0stray ", 7};

// A copy of a document in which such flaws are marked, so that they cost their own row only:
// a number that could be too large for a double becomes a string of its text; inside a string, a
// byte that is not UTF-8, a zero byte and half a surrogate pair become the escape of U+0000. A word
// in a number's place that is none (NaN, Infinity, -Infinity) becomes a string with a mark before
// it. nullopt when there are none.
std::optional<std::string> mend_json(std::string_view text);

}  // namespace affsync
