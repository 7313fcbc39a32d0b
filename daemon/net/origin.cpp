// The base URL of a source, taken apart and held to what is safe.
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "daemon/net/http_client.hpp"

namespace affsync::net {
namespace {

bool is_loopback(std::string const& host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  auto const address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

bool is_port(std::string_view text) {
  unsigned number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

Error bad_url(std::string_view base_url, std::string const& why) {
  return Error(ErrorCode::config_invalid, "base_url \"" + std::string(base_url) + "\" " + why,
               "Write it like https://my.broker.example.");
}

}  // namespace

std::string Origin::host_header() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? "443" : "80")) text += ":" + port;
  return text;
}

Result<Origin> parse_origin(std::string_view base_url, bool allow_http) {
  auto const parsed = boost::urls::parse_uri({base_url.data(), base_url.size()});
  if (parsed.has_error()) return bad_url(base_url, "is not a URL");
  boost::urls::url_view const url = *parsed;
  // A password in the URL would show in every error text, this one included.
  if (url.has_userinfo()) {
    return Error(ErrorCode::config_invalid, "base_url must not hold a user name or password",
                 "Give them under `credentials`.");
  }
  Origin origin;
  std::string const scheme(url.scheme());
  if (url.scheme_id() == boost::urls::scheme::http) {
    origin.tls = false;
  } else if (url.scheme_id() != boost::urls::scheme::https) {
    return bad_url(base_url, "must begin with https://, not with " + scheme + ":");
  }
  if (url.has_query()) return bad_url(base_url, "must not hold a query (?…)");
  if (url.has_fragment()) return bad_url(base_url, "must not hold a fragment (#…)");

  std::string const encoded_host(url.encoded_host().data(), url.encoded_host().size());
  origin.host = encoded_host;
  if (origin.host.size() > 2 && origin.host.front() == '[') {
    origin.host = origin.host.substr(1, origin.host.size() - 2);
  }
  for (char& c : origin.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (origin.host.empty()) return bad_url(base_url, "has no host");
  if (origin.host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_:") !=
      std::string::npos) {
    return bad_url(base_url, "has a host with a character that no host name has");
  }

  std::string const port(url.port().data(), url.port().size());
  origin.port = !port.empty() ? port : origin.tls ? "443" : "80";
  if (!is_port(origin.port)) return bad_url(base_url, "has a port outside 1..65535");

  std::string const path(url.encoded_path().data(), url.encoded_path().size());
  origin.base_path = path.substr(0, path.find_last_not_of('/') + 1);

  if (!origin.tls && !allow_http && !is_loopback(origin.host)) {
    return Error(
        ErrorCode::config_invalid,
        "base_url \"" + std::string(base_url) + "\" would send the credentials over plain http",
        "Use https://, or say `allow_http: true` for this source if you mean it.");
  }
  return origin;
}

}  // namespace affsync::net
