// Base64, as brokers and HTTP use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync::engine {

std::string encode_base64(std::string_view bytes);

// Takes the padding or its absence; nullopt if the text is not base64.
std::optional<std::string> decode_base64(std::string_view text);

// Returns "Basic " and user and password in base64. The result is secret.
std::string basic_value(std::string const& user, std::string const& password);

}  // namespace affsync::engine
