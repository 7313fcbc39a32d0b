// Texts of an authentication with the credentials put in, and base64. Internal to auth and
// signature: what comes out of here is secret.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/request/auth.hpp"

namespace affsync::engine {

// Failure internal for a credential that is not given. `token` fills ${token}.
std::string with_credentials(std::string_view text, Credentials const& credentials,
                             Token const* token = nullptr);

std::string encode_base64(std::string_view bytes);

// "Basic " and the two in base64.
std::string basic_value(std::string const& user, std::string const& password);

}  // namespace affsync::engine
