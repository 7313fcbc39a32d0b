// The part `auth` of a connector file: how a request is made to be ours.
#include "connectors/engine/manifest_grammar.hpp"

namespace affsync::engine::grammar {
namespace {

enum class AuthType { none, static_token, login_token };
constexpr std::pair<std::string_view, AuthType> auth_types[] = {
    {"none", AuthType::none},
    {"static_token", AuthType::static_token},
    {"login_token", AuthType::login_token},
};
constexpr std::pair<std::string_view, Method> login_methods[] = {
    {"GET", Method::get},
    {"POST", Method::post},
};

std::string read_header_name(yaml::Node const& node) {
  auto name = node.text();
  if (name.empty() || name.find_first_of(" \t:\r\n") != std::string::npos) {
    node.fail(yaml::quoted(name) + " is not the name of an HTTP header");
  }
  return name;
}

RequestSpec read_login(yaml::Node const& node, Declared const& declared) {
  yaml::Map map(node, "a login");
  RequestSpec login;
  login.method = Method::post;
  if (auto const method = map.find("method")) {
    login.method = read_word<Method>(*method, login_methods, "a method of a login");
  }
  login.path = read_request_path(map.require("path"), declared);
  if (auto const query = map.find("query")) {
    login.query = read_named_texts(*query, declared, {.settings = true}, "a query parameter");
  }
  if (auto const headers = map.find("headers")) {
    login.headers = read_headers(*headers, declared, {.credentials = true, .settings = true});
  }
  if (auto const json = map.find("json")) {
    if (login.method == Method::get) json->fail("a GET has no body", "Use `method: POST`.");
    login.json =
        read_named_texts(*json, declared, {.credentials = true, .settings = true}, "a member");
  }
  map.finish();
  return login;
}

StaticTokenAuth read_static_token(yaml::Map& map, Declared const& declared) {
  StaticTokenAuth auth;
  if (auto const header = map.find("header")) auth.header = read_header_name(*header);
  auto const value = map.require("value");
  auth.value = read_template(value, declared, {.credentials = true, .settings = true});
  if (auth.value.find("${credentials.") == std::string::npos) {
    value.fail("the token's header holds no credential",
               "For instance \"Bearer ${credentials.key}\".");
  }
  return auth;
}

LoginTokenAuth read_login_token(yaml::Map& map, Declared const& declared) {
  LoginTokenAuth auth;
  auth.login = read_login(map.require("login"), declared);
  auth.token = read_path(map.require("token"));
  if (auto const prefix = map.find("strip_prefix")) auth.strip_prefix = prefix->text();
  if (auto const header = map.find("header")) auth.header = read_header_name(*header);
  auto const value = map.require("value");
  auth.value =
      read_template(value, declared, {.credentials = true, .settings = true, .token = true});
  if (auth.value.find("${token}") == std::string::npos) {
    value.fail("the header's value does not use ${token}", "For instance \"Bearer ${token}\".");
  }
  if (auto const jwt = map.find("lifetime_from_jwt")) auth.lifetime_from_jwt = jwt->as_bool();
  if (auto const lifetime = map.find("assumed_lifetime")) {
    auth.assumed_lifetime =
        read_duration(*lifetime, std::chrono::seconds(30), std::chrono::hours(24 * 366));
  }
  if (auto const before = map.find("renew_before")) {
    auth.renew_before = read_duration(*before, std::chrono::seconds(0), std::chrono::hours(24));
  }
  return auth;
}

}  // namespace

AuthSpec read_auth(yaml::Node const& node, Declared const& declared) {
  yaml::Map map(node, "the authentication");
  AuthSpec auth;
  switch (read_word<AuthType>(map.require("type"), auth_types, "a kind of authentication")) {
    case AuthType::none:
      auth = NoAuth{};
      break;
    case AuthType::static_token:
      auth = read_static_token(map, declared);
      break;
    case AuthType::login_token:
      auth = read_login_token(map, declared);
      break;
  }
  map.finish();
  return auth;
}

}  // namespace affsync::engine::grammar
