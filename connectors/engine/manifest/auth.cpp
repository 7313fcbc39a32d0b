// Parses `auth` of a connector file: how requests are authenticated.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/manifest/login.hpp"
#include "connectors/engine/manifest/placeholders.hpp"

namespace affsync::engine::grammar {
namespace {

enum class AuthType { none, static_token, basic, hmac, login_token, client_credentials };
constexpr std::pair<std::string_view, AuthType> auth_types[] = {
    {"none", AuthType::none},
    {"static_token", AuthType::static_token},
    {"basic", AuthType::basic},
    {"hmac", AuthType::hmac},
    {"login_token", AuthType::login_token},
    {"oauth2_client_credentials", AuthType::client_credentials},
};
constexpr std::pair<std::string_view, bool> client_bodies[] = {
    {"form", false},
    {"json", true},
};
constexpr std::pair<std::string_view, bool> client_places[] = {
    {"body", false},
    {"header", true},
};

constexpr Key token_place_table[] = {
    {"header", form::text, "the header of the answer that holds the token"},
    {"cookie", form::text, "the cookie that is the token"},
};

constexpr Key auth_table[] = {
    {"type", [] { return form::words(auth_types); }, "the way to authenticate", "", true},
    {"header", form::text, "name of the header that is sent", R"("Authorization")"},
    {"value", form::text,
     "value of the header, such as Bearer ${credentials.api_key}, or with ${token}"},
    {"user", form::text, "basic: the user"},
    {"password", form::text,
     "basic: the password, such as ${credentials.password}; may be empty if the user is the key"},
    {"headers", form::scalars_by_name,
     "further secret headers of every request but the login, such as the name of the key"},
    {"query", form::scalars_by_name,
     "secret parameters of every request but the login; never shown or logged"},
    {"secret_path", form::flag, "true: the paths of streams may have credentials", "false"},
    {"login", [] { return form::object(login_keys); }, "login_token: the request for a token"},
    {"token", [] { return form::any_of({form::path(), form::object(token_place_keys)}); },
     "where the token is in the login's answer: a path in its body, {header: NAME} or {cookie: "
     "NAME}"},
    {"tokens",
     [] { return form::map_of(form::any_of({form::path(), form::object(token_place_keys)}), 1); },
     "further tokens of the same answer, for ${token.NAME} in `headers`, `query` and `value`"},
    {"refresh", [] { return form::object(refresh_keys); },
     "login_token: how a token is renewed without another login"},
    {"strip_prefix", form::text, "removed from the start of the token, ignoring case"},
    {"expires_in", form::path, "path to the token's lifetime in seconds, in the login's answer"},
    {"lifetime_from_jwt", form::flag, "true: the token itself says until when it is valid",
     "false"},
    {"assumed_lifetime", form::duration, "lifetime of a token if the answer gives none", R"("1h")"},
    {"renew_before", form::duration, "log in again this long before the end of the lifetime",
     R"("5m")"},
    {"url", form::text,
     "oauth2_client_credentials: scheme and host of that request, if they are not those of "
     "base_url"},
    {"path", form::text, "oauth2_client_credentials: path of the request for a token"},
    {"client_id", form::text, "oauth2_client_credentials"},
    {"client_secret", form::text, "oauth2_client_credentials"},
    {"scope", form::text, "oauth2_client_credentials: names separated by spaces"},
    {"client", [] { return form::words(client_places); },
     "oauth2_client_credentials: where id and secret are sent", R"("body")"},
    {"body", [] { return form::words(client_bodies); },
     "oauth2_client_credentials: form of the body", R"("form")"},
    {"signature", [] { return form::object(signature_keys); },
     "added to every request but the login"},
};

StaticTokenAuth read_static_token(ObjectMap& map, Declared const& declared) {
  StaticTokenAuth auth;
  if (auto const header = map.find("header")) auth.header = read_header_name(*header, declared);
  auto const value = map.require("value");
  auth.value = read_template(value, declared, secret_placeholders);
  if (auth.value.find("${credentials.") == std::string::npos) {
    value.fail("the token's header holds no credential",
               "For instance \"Bearer ${credentials.key}\".");
  }
  return auth;
}

BasicAuth read_basic(ObjectMap& map, Declared const& declared) {
  auto auth = read_user_and_password(map, declared);
  if (auto const header = map.find("header")) auth.header = read_header_name(*header, declared);
  return auth;
}

// Reads what every request has beside its authentication.
void read_extras(ObjectMap& map, AuthOption& option, Declared const& declared) {
  auto allowed = secret_placeholders;
  allowed.token = std::holds_alternative<LoginTokenAuth>(option.auth);
  if (auto const headers = map.find("headers")) {
    option.extras.headers = read_headers(*headers, declared, allowed);
  }
  if (auto const query = map.find("query")) {
    option.extras.query = read_named_texts(*query, declared, allowed, "a query parameter");
  }
  map.read("secret_path", option.secret_path);
}

void read_lifetime(ObjectMap& map, LoginTokenAuth& auth) {
  if (auto const lifetime = map.find("assumed_lifetime")) {
    auth.assumed_lifetime =
        read_duration(*lifetime, std::chrono::seconds(30), std::chrono::hours(24 * 366));
  }
  if (auto const before = map.find("renew_before")) {
    auth.renew_before = read_duration(*before, std::chrono::seconds(0), std::chrono::hours(24));
  }
}

// `token: data.token`, `token: {header: X-Auth-Token}`, `token: {cookie: SESSION}`
TokenPlace read_token_place(yaml::Node const& node, Declared const& declared) {
  TokenPlace place;
  if (!node.is_map()) {
    place.path = read_path(node);
    return place;
  }
  ObjectMap map(node, token_place_keys);
  auto const header = map.find("header");
  auto const cookie = map.find("cookie");
  map.finish();
  if (header.has_value() == cookie.has_value()) {
    node.fail("`token` takes either `header` or `cookie`");
  }
  if (header) {
    place.header = read_header_name(*header, declared);
    return place;
  }
  place.cookie = cookie->text();
  // A cookie's name is an HTTP token, like a header's name.
  if (place.cookie.empty() || place.cookie.find_first_of("=;, \t\"${}") != std::string::npos) {
    cookie->fail(yaml::quoted(place.cookie) + " is not the name of a cookie");
  }
  return place;
}

// `declared` gets the names of the further tokens.
LoginTokenAuth read_login_token(ObjectMap& map, Declared& declared) {
  LoginTokenAuth auth;
  auth.login = read_login(map.require("login"), declared, auth);
  auto place = read_token_place(map.require("token"), declared);
  auth.token = std::move(place.path);
  auth.token_header = std::move(place.header);
  auth.token_cookie = std::move(place.cookie);
  if (auto const tokens = map.find("tokens")) {
    for (auto const& [name, node] : tokens->entries()) {
      check_name(name, name.text(), "the name of a token");
      auth.more_tokens.emplace_back(name.text(), read_token_place(node, declared));
      declared.tokens.push_back(name.text());
    }
  }
  if (auto const refresh = map.find("refresh")) auth.refresh = read_refresh(*refresh, declared);
  map.read("strip_prefix", auth.strip_prefix);
  if (auto const header = map.find("header")) auth.header = read_header_name(*header, declared);
  auto const value = map.require("value");
  auth.value =
      read_template(value, declared, {.credentials = true, .settings = true, .token = true});
  if (auth.value.find("${token}") == std::string::npos) {
    value.fail("the header's value does not use ${token}", "For instance \"Bearer ${token}\".");
  }
  map.read("expires_in", auth.expires_in);
  map.read("lifetime_from_jwt", auth.lifetime_from_jwt);
  read_lifetime(map, auth);
  return auth;
}

// RFC 6749, 4.4.
LoginTokenAuth read_client_credentials(ObjectMap& map, Declared const& declared) {
  LoginTokenAuth auth;
  auth.login.method = Method::post;
  if (auto const url = map.find("url")) auth.url = read_login_url(*url);
  auth.login.path = read_request_path(map.require("path"), declared);
  auto const body = map.find("body");
  bool const as_json = body && read_word<bool>(*body, client_bodies, "a form of the body");
  auto& fields = as_json ? auth.login.json : auth.login.form;
  fields = {{"grant_type", "client_credentials"}};
  auto const id = read_template(map.require("client_id"), declared, secret_placeholders);
  auto const secret = read_credential_text(map.require("client_secret"), declared);
  if (auto const scope = map.find("scope")) {
    fields.emplace_back("scope", read_template(*scope, declared, {.settings = true}));
  }
  auto const place = map.find("client");
  if (place && read_word<bool>(*place, client_places, "a place for the client's id and secret")) {
    auth.login_basic.emplace();
    auth.encodes_basic = true;
    auth.login_basic->user = id;
    auth.login_basic->password = secret;
  } else {
    fields.emplace_back("client_id", id);
    fields.emplace_back("client_secret", secret);
  }
  auth.token = JsonPath("access_token");
  auth.expires_in = JsonPath("expires_in");
  if (auto const header = map.find("header")) auth.header = read_header_name(*header, declared);
  auth.value = "Bearer ${token}";
  read_lifetime(map, auth);
  return auth;
}

AuthOption read_option(yaml::Node const& node, Declared declared) {
  ObjectMap map(node, auth_keys);
  AuthOption option;
  auto const type =
      read_word<AuthType>(map.require("type"), auth_types, "a kind of authentication");
  switch (type) {
    case AuthType::none:
      option.auth = NoAuth{};
      break;
    case AuthType::static_token:
      option.auth = read_static_token(map, declared);
      break;
    case AuthType::basic:
      option.auth = read_basic(map, declared);
      break;
    case AuthType::hmac:
      option.auth = HmacAuth{};
      option.signature = read_signature(map.require("signature"), declared);
      break;
    case AuthType::login_token:
      option.auth = read_login_token(map, declared);
      break;
    case AuthType::client_credentials:
      option.auth = read_client_credentials(map, declared);
      break;
  }
  if (auto const signature = map.find("signature")) {
    if (type == AuthType::none) {
      signature->fail("use `type: hmac` for a signature alone");
    }
    option.signature = read_signature(*signature, declared);
  }
  read_extras(map, option, declared);
  map.finish();
  return option;
}

}  // namespace

Object const token_place_keys{"the token's place", "token_place", token_place_table};
Object const auth_keys{"the authentication", "auth", auth_table};

std::string read_header_name(yaml::Node const& node, Declared const& declared) {
  auto name = read_template(node, declared, {.settings = true});
  auto const letters = expand_placeholders(name, [](std::string_view) { return "x"; });
  if (!is_header_name(letters)) {
    node.fail(yaml::quoted(name) + " is not the name of an HTTP header");
  }
  return name;
}

std::vector<AuthOption> read_auth(yaml::Node const& node, Declared const& declared) {
  std::vector<AuthOption> options;
  for (auto const& item : one_or_more(node)) {
    options.push_back(read_option(item, declared));
    if (options.back().secret_path != options.front().secret_path) {
      item.fail("`secret_path` must be the same for every way to authenticate");
    }
  }
  return options;
}

}  // namespace affsync::engine::grammar
