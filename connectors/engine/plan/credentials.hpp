// A source's credentials, and the token that its login gives, in the texts of a connector. What
// comes of it is secret.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace affsync::engine {

using Credentials = std::map<std::string, Secret>;

struct Token {
  Secret text;
  std::map<std::string, Secret, std::less<>> more;  // further tokens by name
  Secret refresh;                                   // empty: none
  TimePoint expires_at{};
  TimePoint renew_at{};
};

// Throws Failure internal for a credential that is not given. `token` replaces ${token}.
std::string with_credentials(std::string_view text, Credentials const& credentials,
                             Token const* token = nullptr);

}  // namespace affsync::engine
