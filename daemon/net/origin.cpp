// Parses the address of a source or of its login, and refuses unsafe ones. Does not use Boost.URL,
// because version 1.81 parses http://127.0.0.1.example.com as the host 127.0.0.1 and a path.
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "daemon/net/http_client.hpp"

namespace affsync::net {
namespace {

bool is_port(std::string_view text) {
  unsigned number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

struct Url {
  std::string_view text;
  std::string const& what;

  Error is_bad(std::string const& why,
               std::string hint = "Write it like https://my.broker.example.") const {
    return Error(ErrorCode::config_invalid, what + " \"" + std::string(text) + "\" " + why,
                 std::move(hint));
  }
};

bool is_path(std::string_view text) {
  for (char const c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

// True for a name of letters, digits, '-', '.', '_' or an IPv4 address; for an IPv6 address if
// `bracketed`.
bool is_host(std::string const& host, bool bracketed) {
  if (bracketed) {
    boost::system::error_code error;
    asio::ip::make_address_v6(host, error);
    return !error && host.find('%') == std::string::npos;
  }
  return !host.empty() &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string::npos;
}

struct UrlParts {
  std::string_view scheme, authority, rest;
};

std::optional<UrlParts> split(std::string_view url) {
  auto const colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  UrlParts parts;
  parts.scheme = url.substr(0, colon);
  auto const behind = url.substr(colon + 3);
  auto const end = std::min(behind.find_first_of("/?#"), behind.size());
  parts.authority = behind.substr(0, end);
  parts.rest = behind.substr(end);
  return parts;
}

}  // namespace

bool is_loopback(std::string const& host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  auto const address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

std::string Origin::host_header() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? "443" : "80")) text += ":" + port;
  return text;
}

Result<Origin> parse_origin(std::string_view text, bool allow_http, std::string const& what) {
  Url const url{text, what};
  auto const parts = split(text);
  // A password in the URL would appear in every error message, so do not quote the URL here.
  if ((parts ? parts->authority : text).find('@') != std::string_view::npos) {
    return Error(ErrorCode::config_invalid, what + " must not hold a user name or password",
                 "Give them under `credentials`.");
  }
  if (!parts) return url.is_bad("is not a URL");
  Origin origin;
  std::string scheme(parts->scheme);
  for (char& c : scheme) c = to_lower(c);
  if (scheme != "https" && scheme != "http") {
    return url.is_bad("must begin with https://");
  }
  origin.tls = scheme == "https";

  std::string_view host = parts->authority;
  std::string_view port = origin.tls ? "443" : "80";
  bool const bracketed = !host.empty() && host.front() == '[';
  auto const name_end = bracketed ? host.find(']') : std::size_t(0);
  if (name_end == std::string_view::npos) return url.is_bad("lacks a closing bracket");
  if (auto const colon = host.find(':', name_end); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (bracketed) {
    if (host.back() != ']') return url.is_bad("has invalid text after its address");
    host = host.substr(1, host.size() - 2);
  }
  for (char const c : host) origin.host += to_lower(c);
  if (origin.host.empty()) return url.is_bad("has no host");
  if (!is_host(origin.host, bracketed)) {
    return url.is_bad("has a host that is neither a name nor an address");
  }
  if (!is_port(port)) return url.is_bad("has a port outside 1..65535");
  origin.port = port;

  if (parts->rest.find('?') != std::string_view::npos) {
    return url.is_bad("must not hold a query (?…)");
  }
  if (parts->rest.find('#') != std::string_view::npos) {
    return url.is_bad("must not hold a fragment (#…)");
  }
  if (!is_path(parts->rest)) return url.is_bad("has a path that is not percent-encoded");
  origin.base_path = parts->rest.substr(0, parts->rest.find_last_not_of('/') + 1);

  if (!origin.tls && !allow_http && !is_loopback(origin.host)) {
    return url.is_bad("would send the credentials over plain http",
                      "Use https://, or set `allow_http: true` for this source to allow it.");
  }
  return origin;
}

}  // namespace affsync::net
