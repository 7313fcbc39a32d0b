#include "config/http_section.hpp"

#include <algorithm>

#include "config/secrets.hpp"
#include "config/values.hpp"

namespace affsync::config {
namespace {

constexpr std::size_t shortest_token = 16;
constexpr char const* token_hint = "`openssl rand -hex 32` makes one.";

std::string read_listen(yaml::Node const& node) {
  auto const text = read_text(node);
  auto const colon = text.rfind(':');
  auto const port = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  bool const is_port = !port.empty() && port.size() <= 5 &&
                       port.find_first_not_of("0123456789") == std::string::npos &&
                       std::stoi(port) <= 65535;
  // In an IPv6 address without brackets, the start of the port is ambiguous.
  bool const is_ambiguous = text.find(':') != colon && text.front() != '[';
  if (colon == std::string::npos || colon == 0 || !is_port || is_ambiguous) {
    node.fail("not an address to listen at: " + node.shown(),
              "Write host:port, such as 127.0.0.1:9464, [::1]:9464, or off.");
  }
  return text;
}

// True if only programs of this machine can connect.
bool is_own_address(std::string const& listen) {
  auto const host = listen.substr(0, listen.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

std::vector<std::string> read_hosts(yaml::Node const& node) {
  if (!node.is_sequence()) {
    node.fail("hosts is a list of names", "Write: hosts: [affsync.example.org]");
  }
  std::vector<std::string> hosts;
  for (auto const& item : node.items()) {
    auto name = read_text(item);
    if (name.empty() || name.find_first_of(":/ ") != std::string::npos) {
      item.fail("not a host name: " + item.shown(),
                "Write the name alone, without http:// and without the port.");
    }
    hosts.push_back(std::move(name));
  }
  return hosts;
}

Secret read_token(yaml::Node const& node, Environment const& env) {
  auto token = read_secret(node, "http.token", env);
  auto const& text = token.reveal();
  bool const is_plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (text.size() < shortest_token || !is_plain) {
    node.fail("http.token must have at least " + std::to_string(shortest_token) +
                  " characters, letters, digits and signs of ASCII without blanks",
              token_hint);
  }
  return token;
}

HttpTls read_http_tls(yaml::Node const& node) {
  HttpTls tls;
  yaml::Map map(node, "http.tls");
  tls.certificate = read_pem_name(map.require("certificate"));
  tls.key = read_pem_name(map.require("key"));
  map.finish();
  return tls;
}

}  // namespace

HttpConfig read_http(yaml::Node const& node, Environment const& env) {
  HttpConfig http;
  yaml::Map map(node, "http");
  auto const listen = map.find("listen");
  if (listen) {
    auto const text = read_text(*listen);
    http.enabled = text != "off" && text != "false" && text != "no";
    if (http.enabled) http.listen = read_listen(*listen);
  }
  if (auto const value = map.find("hosts")) http.hosts = read_hosts(*value);
  if (auto const value = map.find("token")) http.token = read_token(*value, env);
  if (auto const value = map.find("metrics_open")) http.metrics_open = value->as_bool();
  if (auto const value = map.find("tls")) http.tls = read_http_tls(*value);
  map.finish();
  if (http.enabled && !is_own_address(http.listen) && http.token.empty()) {
    listen->fail("other machines can reach this address, and there is no http.token",
                 "Add a token of at least 16 characters to `http`, or listen at 127.0.0.1 behind a "
                 "proxy that asks for a login.");
  }
  return http;
}

}  // namespace affsync::config
