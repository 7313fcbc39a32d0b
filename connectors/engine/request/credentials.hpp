// Substitutes credentials in texts of an authentication, and encodes base64. Internal to auth and
// signature: the results are secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/engine/request/auth.hpp"

namespace affsync::engine {

// Throws Failure internal for a credential that is not given. `token` replaces ${token}.
std::string with_credentials(std::string_view text, Credentials const& credentials,
                             Token const* token = nullptr);

std::string encode_base64(std::string_view bytes);

// Takes the padding or its absence; nullopt if the text is not base64.
std::optional<std::string> decode_base64(std::string_view text);

// Returns "Basic " and user and password in base64.
std::string basic_value(std::string const& user, std::string const& password);

}  // namespace affsync::engine
