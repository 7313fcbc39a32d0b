// HTTP proxies, the only way out of many companies: which one a source goes through, from its
// configuration or from the variables that curl reads. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "daemon/net/http_client.hpp"

namespace affsync::net {

// "http://user:password@proxy.example:3128"; the scheme may be left out, name and password are
// percent-encoded. `from` says where it stands. Errors: config_invalid, which do not quote it.
Result<Proxy> parse_proxy(std::string_view text, std::string from);

using Variables = std::function<std::optional<std::string>(std::string const& name)>;

// For a source without a proxy of its own: HTTPS_PROXY or HTTP_PROXY as the base URL's scheme is,
// else ALL_PROXY, unless NO_PROXY names the host; each in small or capital letters, of which the
// small ones go first. nullopt: none.
Result<std::optional<Proxy>> proxy_from(Variables const& variables, Origin const& origin);

// Whether NO_PROXY leaves this host out: a list, by commas or blanks, of names (with all names
// below them), addresses and networks (10.0.0.0/8), each maybe with a port, or * for all.
bool is_exempt(std::string_view no_proxy, std::string_view host, std::string_view port);

}  // namespace affsync::net
