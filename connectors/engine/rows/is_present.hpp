// Whether a field of a row holds anything, and what kind of thing.
#pragma once

#include <span>
#include <string>

#include "base/json.hpp"

namespace affsync::engine {

// What a value is, in words: "a list", "an object".
char const* kind_in_words(Json const& value);

// Blanks trimmed: empty, or one of the texts that mean so.
bool means_nothing(std::string_view text, std::span<std::string const> null_if);

// There and not null; a single value means something and is no date of zeros; a list or an object
// is not empty.
bool is_present(Json const* value, std::span<std::string const> null_if);

}  // namespace affsync::engine
