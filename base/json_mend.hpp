// Repairs JSON text with invalid single values, for which a parser would refuse the whole document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync {

// Prefix that mend_json gives to a string that replaces a word which is not valid JSON.
inline constexpr std::string_view stray_word_mark{"\0stray ", 7};

// Returns a copy of the document with invalid values replaced, so that only their own rows are
// lost; nullopt if there is nothing to replace.
// - A number that could be too large for a double becomes a string with its text.
// - In a string, a byte that is not UTF-8, a zero byte and an unpaired surrogate become \u0000.
// - NaN, Infinity and -Infinity become a string with stray_word_mark before the word.
std::optional<std::string> mend_json(std::string_view text);

}  // namespace affsync
