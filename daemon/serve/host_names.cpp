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

// Whether a host, maybe with a port, is an address, localhost or one of `hosts`.
bool is_own(std::string_view host, std::vector<std::string> const& hosts) {
  auto const name = name_of(host);
  boost::system::error_code no_address;
  boost::asio::ip::make_address(name, no_address);
  if (!no_address || name == "localhost" || name.ends_with(".localhost")) return true;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](std::string const& known) { return to_lower(known) == name; });
}

}  // namespace

bool is_asked_by_its_name(HttpRequest const& request, std::vector<std::string> const& hosts) {
  auto const host = request.headers.find("host");
  return !host || is_own(*host, hosts);
}

bool comes_from_own_page(HttpRequest const& request, std::vector<std::string> const& hosts) {
  auto const origin = request.headers.find("origin");
  if (!origin) return true;
  auto const at = origin->find("://");
  return at != std::string_view::npos && is_own(origin->substr(at + 3), hosts);
}

}  // namespace affsync::serve
