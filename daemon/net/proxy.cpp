#include "daemon/net/proxy.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>

#include "base/encodings.hpp"
#include "base/text.hpp"

namespace affsync::net {
namespace {

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto const size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<unsigned char const*>(bytes.data()),
                                    static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

bool is_port_number(std::string_view text) {
  unsigned number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

Error bad(std::string const& from, std::string const& why) {
  return Error(ErrorCode::config_invalid, "the proxy of " + from + " " + why,
               "Write it like http://user:password@proxy.example:3128, name and password "
               "percent-encoded.");
}

struct HostPort {
  std::string host, port;
};

// "[::1]:80", "host:80", "host"
std::optional<HostPort> split_host(std::string_view text) {
  HostPort out;
  bool const bracketed = text.starts_with('[');
  auto const end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(std::min(end + (bracketed ? 1 : 0), text.size()));
  if (end == std::string_view::npos) rest = {};
  out.host = to_lower(bracketed ? text.substr(1, end - 1) : text.substr(0, end));
  if (rest.starts_with(':')) {
    out.port = rest.substr(1);
  } else if (!rest.empty()) {
    return std::nullopt;
  }
  return out;
}

// True if `host` is `name` or a subdomain of it.
bool is_name_within(std::string_view host, std::string_view name) {
  if (!host.ends_with(name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

bool is_in_network(std::string_view host, std::string const& network) {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(std::string(host), error);
  if (error) return false;
  if (address.is_v4()) {
    auto const four = asio::ip::make_network_v4(network, error);
    if (error) return false;
    return asio::ip::network_v4(address.to_v4(), four.prefix_length()).canonical() ==
           four.canonical();
  }
  auto const six = asio::ip::make_network_v6(network, error);
  if (error) return false;
  return asio::ip::network_v6(address.to_v6(), six.prefix_length()).canonical() == six.canonical();
}

std::optional<std::pair<std::string, std::string>> first_set(
    Variables const& variables, std::initializer_list<std::string> names) {
  for (auto const& name : names) {
    auto value = variables(name);
    if (value && !value->empty()) return std::pair(name, std::move(*value));
  }
  return std::nullopt;
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text, std::string from) {
  auto rest = text;
  if (auto const colon = text.find("://"); colon != std::string_view::npos) {
    auto const scheme = to_lower(text.substr(0, colon));
    if (scheme != "http") {
      bool const known = scheme == "https" || scheme.starts_with("socks");
      return bad(from, known ? "is of a kind that is not supported (" + scheme + ")"
                             : "does not begin with http://");
    }
    rest = text.substr(colon + 3);
  }
  // A password may contain an @, but no slash.
  auto const at = rest.rfind('@');
  auto const end = rest.find('/', at == std::string_view::npos ? 0 : at);
  if (end != std::string_view::npos && end + 1 != rest.size()) {
    return bad(from, "has a path behind its host");
  }
  rest = rest.substr(0, end);
  Proxy proxy;
  if (at != std::string_view::npos) {
    auto const user = rest.substr(0, at);
    auto const colon = std::min(user.find(':'), user.size());
    auto const name = percent_decoded(user.substr(0, colon));
    auto const password = percent_decoded(user.substr(std::min(colon + 1, user.size())));
    if (!name || !password) return bad(from, "has a name or password that is not percent-encoded");
    auto const sent = base64(*name + ':' + *password);
    proxy.authorization = Secret("Basic " + sent);
    proxy.secrets.emplace_back(sent);
    // Some services take a token as the name, and no password.
    proxy.secrets.emplace_back(password->empty() ? *name : *password);
    rest = rest.substr(at + 1);
  }
  auto const place = split_host(rest);
  if (!place || place->host.empty()) return bad(from, "has no host");
  for (char const c : place->host) {
    bool const good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                      c == '_' || c == ':';
    if (!good) return bad(from, "has a host that is neither a name nor an address");
  }
  if (!place->port.empty() && !is_port_number(place->port))
    return bad(from, "has a port outside 1..65535");
  proxy.host = place->host;
  proxy.port = place->port.empty() ? "80" : place->port;
  proxy.from = std::move(from);
  return proxy;
}

bool is_exempt(std::string_view no_proxy, std::string_view host, std::string_view port) {
  auto const wanted = to_lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  constexpr std::string_view separators = ", \t";
  for (std::size_t at = 0; at < no_proxy.size();) {
    auto const begin = no_proxy.find_first_not_of(separators, at);
    if (begin == std::string_view::npos) return false;
    auto const end = std::min(no_proxy.find_first_of(separators, begin), no_proxy.size());
    auto entry = no_proxy.substr(begin, end - begin);
    at = end;
    if (entry == "*") return true;
    if (entry.find('/') != std::string_view::npos) {
      if (is_in_network(wanted, std::string(entry))) return true;
      continue;
    }
    boost::system::error_code not_an_address;
    asio::ip::make_address(std::string(entry), not_an_address);
    auto const place = not_an_address ? split_host(entry) : HostPort{to_lower(entry), ""};
    if (!place || (!place->port.empty() && place->port != port)) continue;
    std::string_view name = place->host;
    if (name.starts_with("*.")) name.remove_prefix(2);
    if (name.starts_with('.')) name.remove_prefix(1);
    if (name.ends_with('.')) name.remove_suffix(1);
    boost::system::error_code host_is_a_name;
    asio::ip::make_address(wanted, host_is_a_name);
    bool const within = host_is_a_name ? is_name_within(wanted, name) : wanted == name;
    if (!name.empty() && within) return true;
  }
  return false;
}

Result<std::optional<Proxy>> proxy_from(Variables const& variables, Origin const& origin) {
  auto const found =
      origin.tls ? first_set(variables, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                 : first_set(variables, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  if (!found) return std::optional<Proxy>();
  auto const none = first_set(variables, {"no_proxy", "NO_PROXY"});
  if (none && is_exempt(none->second, origin.host, origin.port)) return std::optional<Proxy>();
  auto proxy = parse_proxy(found->second, found->first);
  if (!proxy) return proxy.error();
  return std::optional<Proxy>(std::move(*proxy));
}

Result<std::optional<Proxy>> choose_proxy(std::optional<Secret> const& configured,
                                          Variables const& variables, Origin const& origin,
                                          bool allow_http) {
  bool const stays = !origin.tls && !allow_http && is_loopback(origin.host);
  if (!configured) {
    auto found = proxy_from(variables, origin);
    bool const leaves = found && *found && !is_loopback((*found)->host);
    if (stays && leaves) return std::optional<Proxy>();
    return found;
  }
  if (configured->reveal() == "none") return std::optional<Proxy>();
  auto proxy = parse_proxy(configured->reveal(), configured_proxy);
  if (!proxy) return proxy.error();
  if (stays && !is_loopback(proxy->host)) {
    return Error(ErrorCode::config_invalid,
                 "the proxy is another machine, so what is sent to " + origin.host_header() +
                     " would leave this one over plain http",
                 "Set `proxy: none`, or `allow_http: true` to allow it.");
  }
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace affsync::net
