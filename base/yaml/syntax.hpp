// What is wrong with a text that is not YAML, in words for a user.
#pragma once

#include <yaml-cpp/exceptions.h>

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/yaml/builder.hpp"

namespace affsync::yaml {

// Throws Failure(config_invalid) for what is not UTF-8 and for control characters.
void check_bytes(std::string_view text, Builder const& builder);

// A complaint of yaml-cpp about `text`, without any of it, which may be a password.
Error in_plain_words(YAML::ParserException const& flaw, std::string_view text,
                     Builder const& builder);

}  // namespace affsync::yaml
