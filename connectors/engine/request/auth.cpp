#include "connectors/engine/request/auth.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/manifest/words.hpp"
#include "connectors/engine/plan/credentials.hpp"
#include "connectors/engine/request/cookies.hpp"
#include "connectors/engine/values/base64.hpp"
#include "connectors/engine/values/json_texts.hpp"
#include "connectors/engine/values/query.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

constexpr std::size_t longest_token = 16 * 1024;

std::string target_of(RequestSpec const& request) {
  auto target = request.path;
  for (auto const& [name, value] : request.query) set_parameter(target, name, value);
  return target;
}

// Decodes base64url text without padding; nullopt if it is not base64url.
std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return decode_base64(standard);
}

// Encodes `application/x-www-form-urlencoded`, with a blank as %20, which every parser accepts.
std::string form_body(NamedTexts const& fields, Credentials const& credentials,
                      Token const* token) {
  std::string body;
  for (auto const& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += encode_query(name) + '=' + encode_query(with_credentials(value, credentials, token));
  }
  return body;
}

// Returns the lifetime in seconds that an answer gives its token; nullopt if it is missing or
// implausible.
std::optional<std::chrono::seconds> lifetime_in(JsonPath const& path, Json const& body) {
  auto const* value = path.in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text) return std::nullopt;
  std::int64_t count = 0;
  auto const [stop, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  constexpr std::int64_t ten_years = 10 * 366 * 86'400;
  if (error != std::errc{} || stop == text->data() || count < 1) return std::nullopt;
  return std::chrono::seconds(std::min(count, ten_years));
}

// Returns true if the token has only characters that are allowed in a header.
bool can_be_sent(std::string_view token) {
  for (unsigned char c : token) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return !token.empty();
}

TokenPlace place_of(LoginTokenAuth const& auth) {
  return TokenPlace{auth.token, auth.token_header, auth.token_cookie};
}

// Returns where the connector expects the token, for messages.
std::string described(TokenPlace const& place) {
  if (!place.header.empty()) return "in the header " + place.header;
  if (!place.cookie.empty()) return "in the cookie " + place.cookie;
  return "at `" + place.path.text() + "`";
}

// What else a cookie is judged by.
struct Received {
  Headers const& headers;
  std::string host;
  TimePoint at;
};

// Returns the token's text; empty if it is missing.
std::string_view token_text(TokenPlace const& place, Json const& body, Received const& from) {
  if (!place.header.empty()) return trim_blanks(from.headers.find(place.header).value_or(""));
  if (!place.cookie.empty()) {
    auto const cookie = find_cookie(from.headers, place.cookie, from.host, from.at);
    return cookie ? cookie->value : std::string_view();
  }
  auto const* found = place.path.in(body);
  return found != nullptr && found->is_string() ? trim_blanks(found->as_string())
                                                : std::string_view();
}

// Reports what the broker said instead of a token. Members of the answer are named but not quoted,
// because one of them may be a token.
Error no_token(TokenPlace const& place, Json const& body) {
  std::string text = "the login was answered without a token " + described(place);
  if (auto const said = error_text_by_name(body); !said.empty()) {
    text += ": " + said;
  } else if (body.is_object() && !body.members().empty()) {
    std::string names;
    for (auto const& [name, value] : body.members()) {
      // Some brokers list sessions by their ids.
      auto const shown = may_be_token(name) ? "one whose name is not shown" : name;
      names += (names.empty() ? "" : ", ") + shown;
    }
    text += "; it has the members: " + one_line(names, 200);
  }
  return Error(ErrorCode::login_refused, std::move(text),
               "Log in by hand once: the broker may have refused us, require a second step, or "
               "have changed its login.");
}

}  // namespace

namespace {

// Makes a request of a login, or one that renews its token.
HttpRequest make_token_request(RequestSpec const& spec, Credentials const& credentials,
                               Token const* token) {
  HttpRequest request(spec.method, target_of(spec));
  request.headers.add("Accept", "application/json");
  for (auto const& [name, value] : spec.headers) {
    if (value.find("${") == std::string::npos) {
      request.headers.add(name, value);
    } else {
      request.secret_headers.emplace_back(name,
                                          Secret(with_credentials(value, credentials, token)));
    }
  }
  if (spec.method == Method::get) return request;
  if (!spec.form.empty()) {
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = form_body(spec.form, credentials, token);
    return request;
  }
  request.headers.add("Content-Type", "application/json");
  if (spec.body) {
    auto const fill = [&](std::string const& text) {
      return with_credentials(text, credentials, token);
    };
    request.body = with_texts(spec.body->json, fill).dump();
    return request;
  }
  request.body = "{";
  for (auto const& [name, value] : spec.json) {
    if (request.body.size() > 1) request.body += ',';
    append_json_string(request.body, name);
    request.body += ':';
    append_json_string(request.body, with_credentials(value, credentials, token));
  }
  request.body += '}';
  return request;
}

}  // namespace

std::string const& login_url_of(AuthSpec const& auth) {
  static std::string const none;
  auto const* const login = std::get_if<LoginTokenAuth>(&auth);
  return login == nullptr ? none : login->url;
}

HttpRequest make_login_request(LoginTokenAuth const& auth, Credentials const& credentials) {
  auto request = make_token_request(auth.login, credentials, nullptr);
  if (auth.login_basic) {
    auto user = with_credentials(auth.login_basic->user, credentials);
    auto password = with_credentials(auth.login_basic->password, credentials);
    if (auth.encodes_basic) {  // so that a colon remains part of it
      user = encode_query(user);
      password = encode_query(password);
    }
    request.secret_headers.emplace_back(auth.login_basic->header,
                                        Secret(basic_value(user, password)));
  }
  return request;
}

HttpRequest make_refresh_request(RefreshSpec const& refresh, Credentials const& credentials,
                                 Secret const& refresh_token) {
  Token token;
  token.refresh = refresh_token;
  return make_token_request(refresh.request, credentials, &token);
}

Result<Token> read_token(LoginTokenAuth const& auth, Json const& body, TimePoint now,
                         std::optional<TimePoint> server_now, Headers const& headers,
                         std::string_view base_url) {
  auto const place = place_of(auth);
  Received const from{headers, host_of(base_url), server_now.value_or(now)};
  auto text = token_text(place, body, from);
  if (text.empty()) return no_token(place, body);
  auto const prefix = to_lower(auth.strip_prefix);
  if (!prefix.empty() && to_lower(text.substr(0, prefix.size())) == prefix) {
    text = trim_blanks(text.substr(prefix.size()));
  }
  if (!can_be_sent(text) || text.size() > longest_token) {
    return Error(
        ErrorCode::login_refused,
        "the login's token cannot be sent in a header: " +
            std::string(text.size() > longest_token
                            ? "it is too long"
                            : "it has blanks or other characters that no header may have"));
  }
  Token token;
  token.text = Secret(std::string(text));
  for (auto const& [name, further] : auth.more_tokens) {
    auto const found = token_text(further, body, from);
    if (!can_be_sent(found) || found.size() > longest_token) return no_token(further, body);
    token.more.emplace(name, Secret(std::string(found)));
  }
  if (auth.refresh) {
    TokenPlace const of_refresh{auth.refresh->token, {}, {}};
    token.refresh = Secret(std::string(token_text(of_refresh, body, from)));
  }
  token.expires_at = now + auth.assumed_lifetime;
  if (!auth.token_cookie.empty()) {
    auto const cookie = find_cookie(headers, auth.token_cookie, from.host, from.at);
    if (cookie && cookie->lifetime) token.expires_at = now + *cookie->lifetime;
  }
  if (auth.expires_in) {
    if (auto const lifetime = lifetime_in(*auth.expires_in, body)) {
      token.expires_at = now + *lifetime;
    }
  }
  if (auth.lifetime_from_jwt) {
    auto const expiry = jwt_expiry(text);
    auto const here = server_now.value_or(now);
    if (auto const lifetime = jwt_lifetime(text)) {
      token.expires_at = now + *lifetime;
    } else if (expiry && *expiry > here) {
      // If it has expired already, the clocks differ; the token may still be valid.
      token.expires_at = now + (*expiry - here);
    }
  }
  auto const half = now + (token.expires_at - now) / 2;
  token.renew_at = std::max<TimePoint>(token.expires_at - auth.renew_before, half);
  return token;
}

bool holds_token(LoginTokenAuth const& auth, HttpResponse const& response) {
  bool const in_headers = !auth.token_header.empty() || !auth.token_cookie.empty();
  bool const good = response.status >= 200 && response.status < 300;
  Received const from{response.headers, {}, {}};  // read_token() looks closer
  return in_headers && good && !token_text(place_of(auth), Json(), from).empty();
}

namespace {

// Returns the claims of a JWT; null if the text is not a JWT.
Json claims_of(std::string_view token) {
  auto const first = token.find('.');
  if (first == std::string_view::npos || token.size() > longest_token) return {};
  auto const second = token.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  auto const payload = decode_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return {};
  auto claims = parse_json(*payload);
  return claims ? std::move(*claims) : Json();
}

std::optional<std::chrono::seconds> claimed_time(Json const& claims, std::string_view name) {
  auto const* claim = claims.find(name);
  if (claim == nullptr || !claim->is_number()) return std::nullopt;
  std::int64_t seconds = 0;
  auto const& text = claim->number_text();
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, seconds);
  // A fraction of a second may follow. Servers write no exponents here.
  bool const whole = stop == end || *stop == '.';
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (error != std::errc{} || !whole || seconds < 0 || seconds > year_9999) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

std::optional<TimePoint> jwt_expiry(std::string_view token) {
  auto const seconds = claimed_time(claims_of(token), "exp");
  return seconds ? std::optional(TimePoint(*seconds)) : std::nullopt;
}

std::optional<std::chrono::seconds> jwt_lifetime(std::string_view token) {
  auto const claims = claims_of(token);
  auto const end = claimed_time(claims, "exp");
  auto const begin = claimed_time(claims, "iat");
  if (!end || !begin || *end <= *begin) return std::nullopt;
  return *end - *begin;
}

void authorize(HttpRequest& request, AuthSpec const& auth, Credentials const& credentials,
               Token const* token) {
  if (auto const* fixed = std::get_if<StaticTokenAuth>(&auth)) {
    request.secret_headers.emplace_back(fixed->header,
                                        Secret(with_credentials(fixed->value, credentials)));
  } else if (auto const* basic = std::get_if<BasicAuth>(&auth)) {
    request.secret_headers.emplace_back(
        basic->header, Secret(basic_value(with_credentials(basic->user, credentials),
                                          with_credentials(basic->password, credentials))));
  } else if (auto const* login = std::get_if<LoginTokenAuth>(&auth)) {
    if (token == nullptr) {
      throw Failure(ErrorCode::internal, "a request cannot be sent before the login");
    }
    request.secret_headers.emplace_back(login->header,
                                        Secret(with_credentials(login->value, credentials, token)));
  }
}

void add_extras(HttpRequest& request, AuthExtras const& extras, Credentials const& credentials,
                Token const* token) {
  for (auto const& [name, value] : extras.headers) {
    request.secret_headers.emplace_back(name, Secret(with_credentials(value, credentials, token)));
  }
  auto const mark = std::min(request.target.find('?'), request.target.size());
  bool const in_path = request.target.find("${credentials.") < mark;
  if (!in_path && extras.query.empty()) return;
  auto target = request.target;
  if (in_path) {
    target = expand_placeholders(
        request.target.substr(0, mark), [&](std::string_view name) -> std::optional<std::string> {
          if (!name_in_scope(name, "credentials")) return std::nullopt;
          return encode_query(with_credentials("${" + std::string(name) + "}", credentials));
        });
    target += request.target.substr(mark);
  }
  for (auto const& [name, value] : extras.query) {
    set_parameter(target, name, with_credentials(value, credentials, token));
  }
  request.secret_target.emplace(std::move(target));
}

}  // namespace affsync::engine
