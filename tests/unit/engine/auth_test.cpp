// What a login sends, how its answer is read, and what is added to every request.
#include "connectors/engine/request/auth.hpp"

#include <gtest/gtest.h>

namespace affsync::engine::auth_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using namespace std::chrono;

TimePoint const now = sys_days(2026y / November / 1) + 3h;

LoginTokenAuth login_auth() {
  LoginTokenAuth auth;
  auth.login.method = Method::post;
  auth.login.path = "/api/v2/auth/";
  auth.login.json = {{"login", "${credentials.login}"}, {"password", "${credentials.password}"}};
  auth.token = JsonPath("token");
  auth.strip_prefix = "JWT ";
  auth.value = "JWT ${token}";
  auth.lifetime_from_jwt = true;
  auth.assumed_lifetime = 6h;
  auth.renew_before = 5min;
  return auth;
}

Credentials credentials(std::string password = "p") {
  return {{"login", Secret("me@example.com")}, {"password", Secret(std::move(password))}};
}

Json body(std::string_view text) {
  return parse_json(text).value();
}

// {"alg":"none"} . {"exp":1795000000} . a signature; encoded with another program.
constexpr std::string_view jwt = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDAwMDB9.c2ln";
TimePoint const jwt_exp{seconds(1795000000)};

TEST(LoginRequest, PostsCredentialsAsJson) {
  auto const request = make_login_request(login_auth(), credentials("secret"));
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.target, "/api/v2/auth/");
  EXPECT_EQ(request.headers.find("content-type"), "application/json");
  EXPECT_EQ(request.headers.find("accept"), "application/json");
  EXPECT_EQ(request.body, R"({"login":"me@example.com","password":"secret"})");
}

TEST(LoginRequest, EscapesWhatJsonNeedsEscaped) {
  std::string const password = "a\"b\\c\u00fc${credentials.login}";
  auto const sent = body(make_login_request(login_auth(), credentials(password)).body);
  EXPECT_EQ(sent.find("password")->as_string(), password);
}

TEST(LoginRequest, KeepsCredentialsOfHeadersOutOfPlainHeaders) {
  auto auth = login_auth();
  auth.login.headers = {{"X-Client", "affsync"}, {"X-Key", "k-${credentials.password}"}};
  auto const request = make_login_request(auth, credentials("secret"));
  EXPECT_EQ(request.headers.find("X-Client"), "affsync");
  EXPECT_FALSE(request.headers.find("X-Key"));
  ASSERT_EQ(request.secret_headers.size(), 1u);
  EXPECT_EQ(request.secret_headers[0].first, "X-Key");
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "k-secret");
}

TEST(LoginRequest, EncodesItsQuery) {
  auto auth = login_auth();
  auth.login.query = {{"next", "a b&c"}, {"v", "1"}};
  EXPECT_EQ(make_login_request(auth, credentials()).target, "/api/v2/auth/?next=a%20b%26c&v=1");
}

TEST(LoginRequest, HasNoBodyWithGet) {
  auto auth = login_auth();
  auth.login.method = Method::get;
  auth.login.json.clear();
  auto const request = make_login_request(auth, credentials());
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.body, "");
}

TEST(ReadToken, FindsTheTokenAndItsExpiry) {
  auto const token =
      read_token(login_auth(), body(R"({"token":")" + std::string(jwt) + "\"}"), now);
  ASSERT_TRUE(token) << token.error().to_line();
  EXPECT_EQ(token->text.reveal(), jwt);
  EXPECT_EQ(token->expires_at, jwt_exp);
}

TEST(ReadToken, StripsThePrefixInAnyCase) {
  for (std::string const prefix : {"JWT ", "jwt ", "Jwt   "}) {
    auto const token = read_token(login_auth(), body(R"({"token":")" + prefix + "abc\"}"), now);
    ASSERT_TRUE(token) << prefix;
    EXPECT_EQ(token->text.reveal(), "abc") << prefix;
  }
}

TEST(ReadToken, KeepsATokenThatOnlyBeginsLikeThePrefix) {
  auto const token = read_token(login_auth(), body(R"({"token":"JWTabc"})"), now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text.reveal(), "JWTabc");
}

TEST(ReadToken, AssumesALifetimeForATokenThatTellsNone) {
  auto const token = read_token(login_auth(), body(R"({"token":"opaque"})"), now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_at, now + 6h);
  EXPECT_EQ(token->renew_at, now + 6h - 5min);
}

TEST(ReadToken, AssumesALifetimeWhenTheConnectorDoesNotTrustTheJwt) {
  auto auth = login_auth();
  auth.lifetime_from_jwt = false;
  auto const token = read_token(auth, body(R"({"token":")" + std::string(jwt) + "\"}"), now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_at, now + 6h);
}

TEST(ReadToken, AssumesALifetimeWhenTheTokenHasRunOutByOurClock) {
  auto const late = jwt_exp + 1h;
  auto const token =
      read_token(login_auth(), body(R"({"token":")" + std::string(jwt) + "\"}"), late);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_at, late + 6h);
}

TEST(ReadToken, RenewsAShortTokenNotBeforeHalfOfItsLife) {
  auto auth = login_auth();
  auth.assumed_lifetime = 4min;
  auto const token = read_token(auth, body(R"({"token":"opaque"})"), now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->renew_at, now + 2min);
}

TEST(ReadToken, SaysWhereATokenIsMissing) {
  for (auto const* answer :
       {"{}", R"({"token":null})", R"({"token":""})", R"({"token":17})", "[]"}) {
    auto const token = read_token(login_auth(), body(answer), now);
    ASSERT_FALSE(token) << answer;
    EXPECT_EQ(token.error().code, ErrorCode::login_refused) << answer;
    EXPECT_NE(token.error().message.find("`token`"), std::string::npos) << answer;
  }
}

// {"iat":1794978400,"exp":1795000000}: six hours, whatever the local clock shows.
TEST(ReadToken, LifetimeOfAJwtDoesNotDependOnOurClock) {
  constexpr std::string_view six_hours =
      "eyJhbGciOiJub25lIn0.eyJpYXQiOjE3OTQ5Nzg0MDAsImV4cCI6MTc5NTAwMDAwMH0.c2ln";
  for (auto const ours : {jwt_exp - 6h, jwt_exp - 15min, jwt_exp + 400 * 24h, TimePoint()}) {
    auto const token =
        read_token(login_auth(), body(R"({"token":")" + std::string(six_hours) + "\"}"), ours);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->expires_at, ours + 6h);
  }
  // Without `iat` the answer's Date counts.
  auto const late = jwt_exp - 15min;
  auto const token = read_token(login_auth(), body(R"({"token":")" + std::string(jwt) + "\"}"),
                                late, jwt_exp - 6h);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_at, late + 6h);
}

TEST(ReadToken, FindsATokenInAHeaderOrCookie) {
  auto auth = login_auth();
  auth.lifetime_from_jwt = false;
  auth.token = {};
  auth.token_header = "X-Auth-Token";
  HttpResponse response;
  response.status = 200;
  EXPECT_FALSE(holds_token(auth, response));
  response.headers.add("x-auth-token", " JWT abc ");
  EXPECT_TRUE(holds_token(auth, response));
  auto token = read_token(auth, Json(), now, std::nullopt, response.headers);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text.reveal(), "abc");
  response.status = 401;
  EXPECT_FALSE(holds_token(auth, response));

  auth.token_header.clear();
  auth.token_cookie = "SESSION";
  Headers cookies;
  cookies.add("Set-Cookie", "OTHER=x; Path=/");
  cookies.add("set-cookie", "SESSION=first; Path=/");
  cookies.add("Set-Cookie", "SESSION=a.b=c; Path=/; HttpOnly; max-age=1200; SameSite=Lax");
  token = read_token(auth, Json(), now, std::nullopt, cookies);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text.reveal(), "a.b=c");
  EXPECT_EQ(token->expires_at, now + 20min);
  for (auto const* odd : {"SESSION", "SESSION=", "SESSION=;", "session=x", "SESSION=x; Max-Age=0",
                          "=SESSION", ";SESSION=x", ""}) {
    Headers one;
    one.add("Set-Cookie", odd);
    token = read_token(auth, body(R"({"message":"Wrong password"})"), now, std::nullopt, one);
    ASSERT_FALSE(token) << odd;
    EXPECT_EQ(token.error().code, ErrorCode::login_refused);
    EXPECT_NE(token.error().message.find("cookie SESSION: Wrong password"), std::string::npos);
  }
}

// RFC 6265: a cookie is a name with a domain and a path, and Expires ends it.
TEST(ReadToken, TakesTheCookieThatABrowserWouldSend) {
  auto auth = login_auth();
  auth.lifetime_from_jwt = false;
  auth.token = {};
  auth.token_cookie = "sid";
  auto const read = [&](std::vector<std::string> const& cookies) {
    Headers headers;
    for (auto const& cookie : cookies) headers.add("Set-Cookie", cookie);
    return read_token(auth, Json(), now, std::nullopt, headers, "https://api.b.example:8443/v1");
  };
  auto const text = [&](std::vector<std::string> const& cookies) {
    auto const token = read(cookies);
    return token ? std::string(token->text.reveal()) : std::string(to_string(token.error().code));
  };
  EXPECT_EQ(text({"sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT"}), "login_refused");
  EXPECT_EQ(text({"sid=deleted; Expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/"}), "login_refused");
  EXPECT_EQ(text({"sid=good; path=/", "sid=; Max-Age=0; path=/old"}), "good");
  EXPECT_EQ(text({"sid=good; path=/", "sid=; Max-Age=0"}), "login_refused");
  EXPECT_EQ(text({"sid=good; path=/", "sid=other; domain=evil.example"}), "good");
  EXPECT_EQ(text({"sid=other; domain=xb.example"}), "login_refused");
  EXPECT_EQ(text({"sid=a; domain=api.b.example", "sid=; domain=.B.example; max-age=0"}), "a");
  EXPECT_EQ(text({"sid=a; domain=.b.example"}), "a");
  EXPECT_EQ(text({"sid=good; path=/", "sid=other; path=/other/place"}), "good");
  EXPECT_EQ(text({"sid=other; path=/other/place", "sid=good; path=/"}), "good");
  EXPECT_EQ(text({"sid=old; path=/", "sid=good; path=/"}), "good");
  EXPECT_EQ(text({"sid=good; path=/x"}), "good");
  EXPECT_EQ(text({"sid=good; Max-Age=60; expires=Thu, 01-Jan-1970 00:00:01 GMT"}), "good");
  EXPECT_EQ(read({"sid=good; expires=Sun, 01 Nov 2026 03:10:00 GMT"})->expires_at, now + 10min);
  EXPECT_EQ(read({"sid=good; expires=soon"})->expires_at, now + auth.assumed_lifetime);
}

TEST(ReadToken, GivesTheBrokersWordsInsteadOfAToken) {
  auto const error_of = [](char const* answer) {
    return read_token(login_auth(), body(answer), now).error().message;
  };
  EXPECT_NE(error_of(R"({"success":false,"message":"Wrong password"})").find("Wrong password"),
            std::string::npos);
  // If the connector's path is wrong, the token is in another member: the message names members
  // only.
  auto const elsewhere = error_of(R"({"access":"planted-token","refresh":"planted-too"})");
  EXPECT_NE(elsewhere.find("access, refresh"), std::string::npos) << elsewhere;
  EXPECT_EQ(elsewhere.find("planted"), std::string::npos) << elsewhere;
}

TEST(ReadToken, RefusesATokenThatWouldBreakAHeader) {
  for (auto const* answer :
       {R"({"token":"a\r\nX-Evil: 1"})", R"({"token":"a b"})", R"({"token":"ü"})"}) {
    auto const token = read_token(login_auth(), body(answer), now);
    ASSERT_FALSE(token) << answer;
    EXPECT_EQ(token.error().code, ErrorCode::login_refused) << answer;
    EXPECT_EQ(token.error().to_line().find("Evil"), std::string::npos);
  }
}

TEST(JwtExpiry, ReadsExpOfThePayload) {
  EXPECT_EQ(jwt_expiry(jwt), jwt_exp);
}

TEST(JwtExpiry, TakesTheUrlAlphabetWithAndWithoutPadding) {
  // {"n":"~~~???","exp":1795000000}: contains both characters that differ between the alphabets.
  std::string const payload = "eyJuIjoifn5-Pz8_IiwiZXhwIjoxNzk1MDAwMDAwfQ";
  EXPECT_EQ(jwt_expiry("e30." + payload + ".s"), jwt_exp);
  // {"exp":1795000000 } needs padding.
  EXPECT_EQ(jwt_expiry("e30.eyJleHAiOjE3OTUwMDAwMDAgfQ.s"), jwt_exp);
  EXPECT_EQ(jwt_expiry("e30.eyJleHAiOjE3OTUwMDAwMDAgfQ==.s"), jwt_exp);
}

TEST(JwtExpiry, IsNothingForWhatIsNoJwt) {
  for (auto const* text :
       {"", "opaque", "a.b", "..", "e30..s", "e30.!!!!.s", "e30.e30.s", "e30.  .s", "e30.A.s",
        "e30.bm9qc29u.s", "e30.eyJleHAiOiIxNzk1MDAwMDAwIn0.s" /* "exp" as a text */}) {
    EXPECT_FALSE(jwt_expiry(text)) << text;
  }
}

TEST(JwtExpiry, RefusesTimesThatNoTokenHas) {
  // {"exp":9223372036854775807}, {"exp":-1}, {"exp":1e300}
  EXPECT_FALSE(jwt_expiry("e30.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9.s"));
  EXPECT_FALSE(jwt_expiry("e30.eyJleHAiOi0xfQ.s"));
  EXPECT_FALSE(jwt_expiry("e30.eyJleHAiOjFlMzAwfQ.s"));
}

TEST(Authorize, AddsTheTokenAsASecretHeader) {
  Token token;
  token.text = Secret("abc");
  HttpRequest request(Method::get, "/x");
  authorize(request, login_auth(), credentials(), &token);
  ASSERT_EQ(request.secret_headers.size(), 1u);
  EXPECT_EQ(request.secret_headers[0].first, "Authorization");
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "JWT abc");
  EXPECT_TRUE(request.headers.fields().empty());
}

TEST(Authorize, AddsAStaticToken) {
  StaticTokenAuth auth;
  auth.header = "X-Api-Key";
  auth.value = "${credentials.password}";
  HttpRequest request(Method::get, "/x");
  authorize(request, auth, credentials("k"), nullptr);
  ASSERT_EQ(request.secret_headers.size(), 1u);
  EXPECT_EQ(request.secret_headers[0].first, "X-Api-Key");
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "k");
}

TEST(Authorize, AddsNothingWithoutAuthentication) {
  HttpRequest request(Method::get, "/x");
  authorize(request, NoAuth{}, {}, nullptr);
  EXPECT_TRUE(request.secret_headers.empty());
}

TEST(Authorize, NeverSendsARequestThatNeedsALoginWithoutOne) {
  HttpRequest request(Method::get, "/x");
  EXPECT_THROW(authorize(request, login_auth(), credentials(), nullptr), Failure);
}

TEST(Authorize, TakesATokenThatLooksLikeAPlaceAsText) {
  Token token;
  token.text = Secret("${credentials.password}");
  HttpRequest request(Method::get, "/x");
  authorize(request, login_auth(), credentials("secret"), &token);
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "JWT ${credentials.password}");
}

LoginTokenAuth parsed_login(std::string const& words) {
  auto const manifest = parse_manifest(
      "name: one\nbase_url: https://one.example\ncredentials: {login: , password: }\nauth:\n" +
          words +
          "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  return std::get<LoginTokenAuth>(manifest->auth.at(0).auth);
}

TEST(Login, MembersThatAreMappingsKeepTheirKinds) {
  auto const auth = parsed_login(
      "  type: login_token\n  login: {path: /l, json: {user: {name: \"${credentials.login}\", "
      "pin: \"7\"}, keep: true, days: 30, none: null}}\n  token: t\n  value: \"${token}\"\n");
  EXPECT_EQ(make_login_request(auth, credentials("a\"b")).body,
            R"({"user":{"name":"me@example.com","pin":"7"},"keep":true,"days":30,"none":null})");
  // Members that are all scalars stay texts.
  auto const flat = parsed_login(
      "  type: login_token\n  login: {path: /l, json: {keep: true, word: "
      "\"${credentials.password}\"}}\n  token: t\n  value: \"${token}\"\n");
  EXPECT_EQ(make_login_request(flat, credentials("a\"b")).body, R"({"keep":"true","word":"a\"b"})");
}

TEST(Login, ClientCredentialsMayBeJson) {
  auto const auth = parsed_login(
      "  type: oauth2_client_credentials\n  path: /t\n  client_id: ${credentials.login}\n"
      "  client_secret: ${credentials.password}\n  body: json\n");
  auto const request = make_login_request(auth, credentials());
  EXPECT_EQ(request.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(request.body, R"({"grant_type":"client_credentials","client_id":"me@example.com",)"
                          R"("client_secret":"p"})");
}

TEST(Login, MaySendBasicBesideItsForm) {
  for (std::string const basic :
       {"basic: {user: \"${credentials.login}\", password: \"${credentials.password}\"}",
        "basic: {user: \"${credentials.login}\", password: \"\"}",
        "headers: {Authorization: \"Basic ${credentials.password}\"}"}) {
    auto const auth = parsed_login("  type: login_token\n  login: {path: /l, " + basic +
                                   ", form: {id: \"${credentials.login}\"}}\n  token: t\n  value: "
                                   "\"${token}\"\n");
    auto const request = make_login_request(auth, credentials("p:w ü"));
    EXPECT_EQ(request.body, "id=me%40example.com");
    EXPECT_FALSE(request.headers.find("Authorization"));
    ASSERT_EQ(request.secret_headers.size(), 1u) << basic;
    EXPECT_EQ(request.secret_headers[0].first, "Authorization");
    // RFC 7617: as they are; encoded with another program.
    EXPECT_EQ(request.secret_headers[0].second.reveal(),
              basic.starts_with("headers")       ? "Basic p:w ü"
              : basic.find("\"\"") != basic.npos ? "Basic bWVAZXhhbXBsZS5jb206"
                                                 : "Basic bWVAZXhhbXBsZS5jb206cDp3IMO8");
  }
}

TEST(Login, RefusesAnAuthorizationThatIsNotItsOwn) {
  auto const refusal = [](std::string const& words) {
    auto const manifest = parse_manifest(
        "name: one\nbase_url: https://one.example\ncredentials: {k: }\nauth:\n" + words +
            "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n",
        "one.yaml");
    return manifest ? "" : manifest.error().to_line();
  };
  std::string const rest = "}\n  token: t\n  value: \"${token}\"\n";
  EXPECT_EQ(refusal("  type: login_token\n  login: {path: /l, headers: {Authorization: Basic abc}" +
                    rest),
            "one.yaml:6:46: this text has no credential in it. For instance \"Basic "
            "${credentials.encoded}\"; or give `basic` of the login a user and a password.");
  EXPECT_EQ(refusal("  type: login_token\n  login: {path: /l, headers: {authorization: "
                    "\"${credentials.k}\"}, basic: {user: u, password: \"${credentials.k}\"}" +
                    rest),
            "one.yaml:6:74: `basic` is the header Authorization, which `headers` sets");
  EXPECT_EQ(refusal("  type: none\n  headers: {Authorization: \"${credentials.k}\"}\n"),
            "one.yaml:6:13: the header \"Authorization\" cannot be set for a request. Describe the "
            "login under `auth`.");
}

TEST(Authorize, BasicMayHaveAKeyForItsUser) {
  for (std::string const password : {"\"\"", "X"}) {
    auto const manifest = parse_manifest(
        "name: one\nbase_url: https://one.example\ncredentials: {login: , password: }\nauth: "
        "{type: basic, user: \"${credentials.password}\", password: " +
            password +
            "}\nstreams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: "
            "a}}\n",
        "one.yaml");
    ASSERT_TRUE(manifest) << manifest.error().to_line();
    HttpRequest request(Method::get, "/x");
    authorize(request, manifest->auth.at(0).auth, credentials("key"), nullptr);
    EXPECT_EQ(request.secret_headers[0].second.reveal(),
              password == "X" ? "Basic a2V5Olg=" : "Basic a2V5Og==");
  }
}

constexpr char const* two_tokens =
    "  type: login_token\n  login: {path: /l, rate: {requests: 2, per: 1m}}\n"
    "  token: {header: CST}\n  tokens: {security: {header: SEC}, of_body: a.b}\n"
    "  header: CST\n  value: ${token}\n"
    "  headers: {SEC: \"${token.security}\", X-Key: \"k ${credentials.login}\"}\n"
    "  query: {b: \"${token.of_body}\"}\n"
    "  refresh: {path: /r, form: {token: \"${refresh_token}\"}, token: again}\n";

TEST(Login, SeveralTokensOfOneAnswerAreSent) {
  auto const auth = parsed_login(two_tokens);
  Headers headers;
  headers.add("CST", "one");
  headers.add("SEC", "two");
  auto const token =
      read_token(auth, body(R"({"a": {"b": "three"}, "again": "r1"})"), now, std::nullopt, headers);
  ASSERT_TRUE(token) << token.error().to_line();
  EXPECT_EQ(token->refresh.reveal(), "r1");
  auto const manifest = parse_manifest(
      std::string("name: one\nbase_url: https://one.example\ncredentials: {login: }\nauth:\n") +
          two_tokens +
          "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n",
      "one.yaml");
  HttpRequest request(Method::get, "/rows?x=1");
  authorize(request, auth, credentials(), &*token);
  add_extras(request, manifest->auth.at(0).extras, credentials(), &*token);
  ASSERT_EQ(request.secret_headers.size(), 3U);
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "one");
  EXPECT_EQ(request.secret_headers[1].second.reveal(), "two");
  EXPECT_EQ(request.secret_headers[2].second.reveal(), "k me@example.com");
  EXPECT_EQ(request.sent_target(), "/rows?x=1&b=three");
  EXPECT_EQ(request.target, "/rows?x=1");

  auto const renewal = make_refresh_request(*auth.refresh, credentials(), token->refresh);
  EXPECT_EQ(renewal.place(), "POST /r");
  EXPECT_EQ(renewal.body, "token=r1");
  ASSERT_TRUE(auth.rate);
  EXPECT_EQ(auth.rate->requests, 2);

  // Each of them must be there.
  EXPECT_EQ(read_token(auth, body("{}"), now, std::nullopt, headers).error().message,
            "the login was answered without a token at `a.b`");
}

TEST(Login, ASecretInThePathIsEncodedAndNotShown) {
  HttpRequest request(Method::get, "/v1/${credentials.password}/rows?a=1");
  add_extras(request, AuthExtras{}, credentials("p/ä"), nullptr);
  EXPECT_EQ(request.sent_target(), "/v1/p%2F%C3%A4/rows?a=1");
  EXPECT_EQ(request.place(), "GET /v1/${credentials.password}/rows?a=1");
}

TEST(Login, MistakesInTheNewWordsAreToldWithTheirPlace) {
  auto const told = [](std::string const& words) {
    try {
      parsed_login(words);
      return std::string("no error");
    } catch (Failure const& failure) {
      return failure.error().to_line();
    }
  };
  EXPECT_EQ(
      told("  type: login_token\n  login: {path: /l}\n  token: t\n  value: ${token.x}${token}\n"),
      "one.yaml:8:10: \"x\" is not among the tokens that the file declares. Declare it under "
      "`tokens`, or remove it.");
  EXPECT_EQ(
      told("  type: static_token\n  value: ${credentials.login}\n  headers: {A: \"${token}\"}\n"),
      "one.yaml:7:16: the token cannot be used here. It goes into the `value` of `auth` only.");
  EXPECT_EQ(told("  type: login_token\n  login: {path: /l, json: {a: \"${refresh_token}\"}}\n"
                 "  token: t\n  value: ${token}\n"),
            "one.yaml:6:31: the refresh token can only be used in `refresh`");
  EXPECT_EQ(told("  - {type: none, secret_path: true}\n  - {type: none}\n"),
            "one.yaml:6:5: `secret_path` must be the same for every way to authenticate");
}

}  // namespace
}  // namespace affsync::engine::auth_test
