#include "daemon/serve/host_names.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>

#include "base/text.hpp"

namespace affsync::serve {

namespace {

// Removes the port, the brackets of an address and the trailing dot of a name.
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  auto name = to_lower(host.substr(0, host.find(':')));
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  return name;
}

bool is_in(std::string const& name, std::vector<std::string> const& hosts) {
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](std::string const& known) { return to_lower(known) == name; });
}

// Returns the port behind a host; empty if there is none.
std::string_view port_of(std::string_view host) {
  auto const end = host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0;
  auto const colon = host.find(':', end);
  return colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
}

// Whether a host, maybe with a port, is an address, localhost or one of `hosts`.
bool is_own(std::string_view host, std::vector<std::string> const& hosts) {
  auto const name = name_of(host);
  boost::system::error_code no_address;
  boost::asio::ip::make_address(name, no_address);
  if (!no_address || name == "localhost" || name.ends_with(".localhost")) return true;
  return is_in(name, hosts);
}

}  // namespace

bool is_asked_by_its_name(HttpRequest const& request, std::vector<std::string> const& hosts) {
  auto const host = request.headers.find("host");
  return !host || is_own(*host, hosts);
}

bool comes_from_own_page(HttpRequest const& request, std::vector<std::string> const& hosts) {
  auto const site = request.headers.find("sec-fetch-site");
  if (site && equal_without_case(*site, "cross-site")) return false;
  auto const origin = request.headers.find("origin");
  if (!origin) return true;
  auto const at = origin->find("://");
  if (at == std::string_view::npos) return false;
  auto const scheme = origin->substr(0, at);
  // Behind a proxy that takes TLS off, the page has another scheme than the server.
  if (!equal_without_case(scheme, "http") && !equal_without_case(scheme, "https")) return false;
  auto const page = origin->substr(at + 3);
  if (is_in(name_of(page), hosts)) return true;
  auto const host = request.headers.find("host");
  if (!host) return false;
  std::string_view const usual = equal_without_case(scheme, "https") ? "443" : "80";
  auto const port = [&](std::string_view of) {
    auto const own = port_of(of);
    return own.empty() ? usual : own;
  };
  return name_of(page) == name_of(*host) && port(page) == port(*host);
}

}  // namespace affsync::serve
