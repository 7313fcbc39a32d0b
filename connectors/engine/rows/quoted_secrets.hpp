// Takes a source's secrets out of rows whose broker repeats them.
#pragma once

#include <string>
#include <string_view>

#include "base/redact.hpp"

namespace affsync::engine {

// Returns the JSON text with *** in the place of each secret in its texts, names and numbers; a
// number that holds one becomes a text. What holds none stays as it was written, so that a row that
// did not change has the same text again. Empty stays empty.
std::string without_secrets(std::string json, Redactor const& secrets);

}  // namespace affsync::engine
