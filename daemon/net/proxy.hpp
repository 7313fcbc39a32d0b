// Chooses the HTTP proxy of a source from its configuration or from the environment variables that
// curl reads. Many company networks allow no other way out. Performs no I/O.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "daemon/net/http_client.hpp"

namespace affsync::net {

// Parses "http://user:password@proxy.example:3128". The scheme is optional; name and password are
// percent-encoded. `from`: the setting or variable of the text. Errors: config_invalid, without the
// text, since it may hold a password.
Result<Proxy> parse_proxy(std::string_view text, std::string from);

using Variables = std::function<std::optional<std::string>(std::string const& name)>;

// Returns the proxy of a source that configures none: HTTPS_PROXY or HTTP_PROXY, by the scheme of
// the base URL, else ALL_PROXY; nullopt if none is set or NO_PROXY names the host. The lower-case
// spelling of each variable takes precedence over the upper-case one.
Result<std::optional<Proxy>> proxy_from(Variables const& variables, Origin const& origin);

// Returns the proxy of a source or a receiver: the `configured` one, none if that is "none", or
// that of the environment. Plain HTTP to this machine does not leave it for a proxy on another one
// unless `allow_http`: a proxy of the environment is left out. Error: config_invalid, also if such
// a proxy is configured.
Result<std::optional<Proxy>> choose_proxy(std::optional<Secret> const& configured,
                                          Variables const& variables, Origin const& origin,
                                          bool allow_http);

// Returns whether NO_PROXY names this host. The list is separated by commas or spaces. Entries are
// names (which include their subdomains), addresses and networks (10.0.0.0/8), names optionally
// with a port, or * for all hosts.
bool is_exempt(std::string_view no_proxy, std::string_view host, std::string_view port);

}  // namespace affsync::net
