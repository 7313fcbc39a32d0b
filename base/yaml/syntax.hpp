// Errors for text that is not valid YAML, in words for users.
#pragma once

#include <yaml-cpp/exceptions.h>

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/yaml/builder.hpp"

namespace affsync::yaml {

// Throws Failure(config_invalid) for text that is not UTF-8 or contains control characters.
void check_bytes(std::string_view text, Builder const& builder);

// Translates an error of yaml-cpp about `text`. Quotes nothing of `text`, which may hold passwords.
Error in_plain_words(YAML::ParserException const& flaw, std::string_view text,
                     Builder const& builder);

}  // namespace affsync::yaml
