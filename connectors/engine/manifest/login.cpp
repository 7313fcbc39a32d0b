// Parses the requests of a login: the one for a token, and the one that renews it.
#include "connectors/engine/manifest/login.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, Method> login_methods[] = {
    {"GET", Method::get},
    {"POST", Method::post},
};

constexpr Key login_table[] = {
    {"method", [] { return form::words(login_methods); }, "how the login is sent", R"("POST")"},
    {"url", form::text,
     "scheme and host of the login, and optionally a path in front, if they are not those of "
     "base_url"},
    {"path", form::text, "of the request", "", true},
    {"query", form::scalars_by_name, "parameters of the request, without credentials"},
    {"headers", form::scalars_by_name, "of the request"},
    {"basic", [] { return form::object(login_basic_keys); },
     "the user and password that the request sends as HTTP Basic, beside its body"},
    {"json", form::json_value,
     "members of the body; all texts, unless one of them is a mapping or a list"},
    {"form", form::scalars_by_name, "fields of an urlencoded body, instead of json"},
    {"rate", [] { return form::object(login_rate_keys); }, "how often the login may be sent"},
};

constexpr Key login_basic_table[] = {
    {"user", form::text, "such as ${credentials.client_id}", "", true},
    {"password", form::text, "such as ${credentials.client_secret}; may be empty", "", true},
};

constexpr Range<int> logins{1, 1000};

constexpr Key login_rate_table[] = {
    {"requests", [] { return form::integer(logins); }, "so many logins", "", true},
    {"per", form::duration, "in this time", "", true},
};

constexpr Key refresh_table[] = {
    {"path", form::text, "of the request", "", true},
    {"headers", form::scalars_by_name, "of the request"},
    {"json", form::json_value, "members of the body, such as ${refresh_token}"},
    {"form", form::scalars_by_name, "fields of an urlencoded body, instead of json"},
    {"token", form::path, "path of the refresh token in the login's answer", "", true},
};

// Reads `json` or `form`.
void read_login_body(ObjectMap& map, RequestSpec& login, Declared const& declared,
                     Placeholders allowed) {
  auto const json = map.find("json");
  if (json) {
    if (login.method == Method::get) json->fail("a GET has no body", "Use `method: POST`.");
    auto const is_scalar = [](auto const& entry) { return entry.second.is_scalar(); };
    if (std::ranges::all_of(json->entries(), is_scalar)) {
      login.json = read_named_texts(*json, declared, allowed, "a member");
    } else {
      login.body.emplace().json = read_json_template(*json, declared, allowed);
    }
  }
  if (auto const form = map.find("form")) {
    if (login.method == Method::get) form->fail("a GET has no body", "Use `method: POST`.");
    if (json) form->fail("a body is either `json` or `form`");
    login.form = read_named_texts(*form, declared, allowed, "a field");
  }
}

// Logins have a way of their own to say who asks, which for some brokers is the header
// Authorization.
NamedTexts read_login_headers(yaml::Node const& node, Declared const& declared,
                              Placeholders allowed) {
  check_header_names(node, true);
  for (auto const& [key, value] : node.entries()) {
    auto const text = value.text();
    bool const is_secret = text.find("${credentials.") != std::string::npos ||
                           text.find("${refresh_token}") != std::string::npos;
    if (to_lower(key.text()) == "authorization" && !is_secret) {
      value.fail("this text has no credential in it",
                 "For instance \"Basic ${credentials.encoded}\"; or give `basic` of the login a "
                 "user and a password.");
    }
  }
  return read_named_texts(node, declared, allowed, "a header");
}

RateLimit read_login_rate(yaml::Node const& node) {
  ObjectMap map(node, login_rate_keys);
  RateLimit limit;
  limit.requests = read_integer(map.require("requests"), logins);
  limit.per =
      read_duration(map.require("per"), std::chrono::seconds(1), std::chrono::hours(24 * 31));
  limit.of = {std::string(login_requests)};
  map.finish();
  return limit;
}

}  // namespace

Object const login_keys{"a login", "login", login_table};
Object const login_rate_keys{"the rate of the login", "login_rate", login_rate_table};
Object const login_basic_keys{"the user of a login", "login_basic", login_basic_table};
Object const refresh_keys{"the renewal of a token", "refresh", refresh_table};

std::string read_login_url(yaml::Node const& node) {
  auto url = node.text();
  auto const scheme = url.starts_with("https://") ? 8U : url.starts_with("http://") ? 7U : 0U;
  if (scheme == 0) {
    node.fail(yaml::quoted(url) + " is not the address of a login",
              "Start it with https:// and the host; the rest is its `path`.");
  }
  auto const host = std::string_view(url).substr(scheme, url.find('/', scheme) - scheme);
  bool const strange =
      std::ranges::any_of(url, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; });
  // Who may name the host that gets the credentials is this file, and the source's `login`.
  if (host.empty() || strange || url.find_first_of("?#@\\${}") != std::string::npos) {
    node.fail(yaml::quoted(url) + " is more than scheme, host, port and path of a login",
              "Credentials and parameters have places of their own, and a setting cannot name the "
              "host that they are sent to: a source can, with `login: {url: ...}`.");
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string read_credential_text(yaml::Node const& node, Declared const& declared) {
  auto text = read_template(node, declared, secret_placeholders);
  if (text.find("${credentials.") == std::string::npos) {
    node.fail("this text has no credential in it", "For instance \"${credentials.secret}\".");
  }
  return text;
}

BasicAuth read_user_and_password(ObjectMap& map, Declared const& declared) {
  BasicAuth auth;
  auth.user = read_template(map.require("user"), declared, secret_placeholders);
  // Some brokers take the key as the user, and leave the password empty or ignore it.
  auto const password = map.require("password");
  bool const is_user_secret = auth.user.find("${credentials.") != std::string::npos;
  auth.password = is_user_secret ? read_template(password, declared, secret_placeholders)
                                 : read_credential_text(password, declared);
  return auth;
}

RefreshSpec read_refresh(yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, refresh_keys);
  auto allowed = secret_placeholders;
  allowed.refresh_token = true;
  RefreshSpec refresh;
  refresh.request.method = Method::post;
  refresh.request.path = read_request_path(map.require("path"), declared);
  if (auto const headers = map.find("headers")) {
    refresh.request.headers = read_login_headers(*headers, declared, allowed);
  }
  read_login_body(map, refresh.request, declared, allowed);
  refresh.token = read_path(map.require("token"));
  map.finish();
  return refresh;
}

RequestSpec read_login(yaml::Node const& node, Declared const& declared, LoginTokenAuth& auth) {
  ObjectMap map(node, login_keys);
  RequestSpec login;
  login.method = Method::post;
  if (auto const method = map.find("method")) {
    login.method = read_word<Method>(*method, login_methods, "a method of a login");
  }
  if (auto const url = map.find("url")) auth.url = read_login_url(*url);
  login.path = read_request_path(map.require("path"), declared);
  if (auto const query = map.find("query")) {
    login.query = read_named_texts(*query, declared, {.settings = true}, "a query parameter");
  }
  if (auto const headers = map.find("headers")) {
    login.headers = read_login_headers(*headers, declared, secret_placeholders);
  }
  if (auto const basic = map.find("basic")) {
    auto const sets_it = [](auto const& field) { return to_lower(field.first) == "authorization"; };
    if (std::ranges::any_of(login.headers, sets_it)) {
      basic->fail("`basic` is the header Authorization, which `headers` sets");
    }
    ObjectMap pair(*basic, login_basic_keys);
    auth.login_basic = read_user_and_password(pair, declared);
    pair.finish();
  }
  read_login_body(map, login, declared, secret_placeholders);
  if (auto const limit = map.find("rate")) auth.rate = read_login_rate(*limit);
  map.finish();
  return login;
}

}  // namespace affsync::engine::grammar
