// Decides whether a field of an answer or a row has a value.
#pragma once

#include <span>
#include <string>

#include "base/json.hpp"

namespace affsync::engine {

// Returns true if the text, with blanks trimmed, is empty or one of `null_if`.
bool means_nothing(std::string_view text, std::span<std::string const> null_if);

// Returns true if the value is present and not null. A scalar must also mean something and not be a
// zero date; a list or an object must not be empty.
bool is_present(Json const* value, std::span<std::string const> null_if);

}  // namespace affsync::engine
