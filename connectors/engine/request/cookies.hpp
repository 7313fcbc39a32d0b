// Finds a cookie in an answer (RFC 6265).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/http_message.hpp"

namespace affsync::engine {

struct Cookie {
  std::string_view value;  // in the headers
  std::optional<std::chrono::seconds> lifetime;
};

// Returns the cookie with that name; nullopt if there is none, or if it was deleted. Cookies of one
// name with another domain or path are others: of several the one with the shortest path counts,
// since it is for the most requests, and of those the last. `host`: that of the base URL; cookies
// for other hosts do not count. Empty: all count. `now`: the time of the answer, for `Expires`.
std::optional<Cookie> find_cookie(Headers const& headers, std::string_view name,
                                  std::string_view host, TimePoint now);

// Returns the host of a base URL, in lower case; empty if it has none.
std::string host_of(std::string_view base_url);

}  // namespace affsync::engine
