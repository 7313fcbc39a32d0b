// Which login method the credentials of a source select, and the messages for a wrong set.
#include "connectors/engine/plan/auth_choice.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"

namespace affsync::engine::auth_choice_test {
namespace {

constexpr std::string_view two_ways = R"(name: crm
base_url: https://crm.example
credentials:
  username: {description: the e-mail, secret: false}
  password:
  api_key: {description: of the affiliate page}
  hmac_secret: {optional: true}
settings:
  api_key_header: {default: x-api-key}
auth:
  - type: login_token
    login: {path: /sessions, json: {username: "${credentials.username}", password: "${credentials.password}"}}
    token: token
    value: Bearer ${token}
  - type: static_token
    header: ${settings.api_key_header}
    value: ${credentials.api_key}
    signature:
      secret: ${credentials.hmac_secret}
      parts: [method, path, {const: "${credentials.api_key}"}, nonce]
      join: "\n"
      header: X-Signature
      prefix: ${settings.api_key_header}=
      nonce_header: X-Nonce
streams:
  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}
)";

Manifest manifest(std::string_view yaml = two_ways) {
  return parse_manifest(yaml, "crm.yaml").value();
}

using Given = std::map<std::string, std::string>;

Result<SourcePlan> plan(Given const& given, std::string_view yaml = two_ways,
                        std::map<std::string, std::string> const& settings = {}) {
  SourceSettings source;
  source.name = "main";
  source.settings = settings;
  for (auto const& [name, value] : given) source.credentials.emplace(name, Secret(value));
  return make_source_plan(manifest(yaml), source);
}

std::string line_of(Given const& given, std::string_view yaml = two_ways,
                    std::map<std::string, std::string> const& settings = {}) {
  auto const made = plan(given, yaml, settings);
  return made ? "no error" : made.error().to_line();
}

TEST(AuthChoice, TheFirstWayWhoseCredentialsAreGivenIsTaken) {
  auto const login = plan({{"username", "me"}, {"password", "p"}});
  ASSERT_TRUE(login) << login.error().to_line();
  EXPECT_TRUE(std::holds_alternative<LoginTokenAuth>(login->auth));
  EXPECT_FALSE(login->signature);

  auto const key = plan({{"api_key", "k"}});
  ASSERT_TRUE(key) << key.error().to_line();
  ASSERT_TRUE(std::holds_alternative<StaticTokenAuth>(key->auth));
  EXPECT_FALSE(key->signature);
}

TEST(AuthChoice, AKeyThatHasToBeBase64IsRefusedIfItIsNot) {
  constexpr std::string_view signs = R"(name: x
base_url: https://x.example
credentials: {key: , secret: }
auth:
  type: hmac
  headers: {K: "${credentials.key}"}
  signature: {secret: "${credentials.secret}", secret_form: base64, parts: path, header: S}
streams:
  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}
)";
  for (std::string const secret : {"c2VjcmV0", "c2VjcmU=", "c2VjcmU", "+/+/"}) {
    EXPECT_EQ(line_of({{"key", "k"}, {"secret", secret}}, signs), "no error") << secret;
  }
  for (std::string const secret : {"planted-secret", "c2Vjc", "c2Vj cmV0", "====", "c2V=cmV0"}) {
    EXPECT_EQ(
        line_of({{"key", "k"}, {"secret", secret}}, signs),
        "main: the credential \"secret\" is not Base64, as the broker's secrets are. Copy it as "
        "a whole, with the = at its end.")
        << secret;
  }
}

TEST(AuthChoice, AnOptionalSignatureIsMadeOnlyWithItsKey) {
  auto const made = plan({{"api_key", "k"}, {"hmac_secret", "h"}});
  ASSERT_TRUE(made) << made.error().to_line();
  ASSERT_TRUE(made->signature);
  EXPECT_EQ(made->signature->prefix, "x-api-key=");
  // It may be given together with a login that does not use it.
  auto const login = plan({{"username", "me"}, {"password", "p"}, {"hmac_secret", "h"}});
  ASSERT_TRUE(login) << login.error().to_line();
  EXPECT_FALSE(login->signature);
}

TEST(AuthChoice, AHeadersNameMayBeASetting) {
  auto const made = plan({{"api_key", "k"}}, two_ways, {{"api_key_header", "X-Token"}});
  ASSERT_TRUE(made) << made.error().to_line();
  HttpRequest request(Method::get, "/p");
  authorize(request, made->auth, made->credentials, nullptr);
  ASSERT_EQ(request.secret_headers.size(), 1u);
  EXPECT_EQ(request.secret_headers[0].first, "X-Token");
  EXPECT_EQ(request.secret_headers[0].second.reveal(), "k");
  EXPECT_EQ(line_of({{"api_key", "k"}}, two_ways, {{"api_key_header", "X Token: a"}}),
            "main: \"X Token: a\", the value of a setting, is not the name of an HTTP header. "
            "Use letters, digits and hyphens, such as X-Api-Key.");
}

std::string const both_sets =
    "Connector \"crm\" needs under `credentials` either username (the e-mail), password; or "
    "api_key (of the affiliate page); optional: hmac_secret.";

TEST(AuthChoice, WithoutACompleteSetAllSetsAreNamed) {
  EXPECT_EQ(line_of({}), "main: there are no credentials. " + both_sets);
  for (Given const& given : {Given{{"username", "me"}}, Given{{"password", "planted"}},
                             Given{{"hmac_secret", "planted"}}}) {
    EXPECT_EQ(line_of(given), "main: none of the sets of credentials is complete. " + both_sets);
  }
}

TEST(AuthChoice, ACredentialThatWouldNotBeUsedIsRefused) {
  EXPECT_EQ(line_of({{"username", "me"}, {"password", "p"}, {"api_key", "planted"}}),
            "main: the credential \"api_key\" would not be used beside `username` and `password`. "
            "Remove it, or give only its own set. " +
                both_sets);
  EXPECT_EQ(line_of({{"username", "me"}, {"api_key", "planted"}}),
            "main: the credential \"username\" would not be used beside `api_key`. Remove it, or "
            "give only its own set. " +
                both_sets);
}

TEST(AuthChoice, AnEmptyOrBrokenCredentialIsRefusedEvenIfOptional) {
  EXPECT_EQ(line_of({{"api_key", "k"}, {"hmac_secret", ""}}),
            "main: the credential \"hmac_secret\" is empty. " + both_sets);
  EXPECT_EQ(
      line_of({{"api_key", "k"}, {"hmac_secret", "planted\n"}}),
      "main: the credential \"hmac_secret\" holds a line break. Check the file or variable that "
      "it is read from.");
  EXPECT_EQ(
      line_of({{"apikey", "planted"}}),
      "main: connector \"crm\" has no credential \"apikey\". Did you mean `api_key`? It takes: "
      "username (the e-mail), password, api_key (of the affiliate page), hmac_secret.");
}

TEST(AuthChoice, TheSetsAreTold) {
  using Sets = std::vector<std::vector<std::string>>;
  EXPECT_EQ(credential_sets(manifest()), (Sets{{"username", "password"}, {"api_key"}}));
  EXPECT_EQ(credential_sets(Manifest()), Sets{{}});
}

TEST(AuthChoice, ALoginPathNeedsTheWayThatLogsIn) {
  SourceSettings source;
  source.name = "main";
  source.login_path = "/v2/sessions";
  source.credentials = {{"api_key", Secret("k")}};
  EXPECT_EQ(make_source_plan(manifest(), source).error().to_line(),
            "main: connector \"crm\" has no login whose path could be set with these credentials. "
            "Remove `login`.");
  source.credentials = {{"username", Secret("me")}, {"password", Secret("p")}};
  auto const made = make_source_plan(manifest(), source);
  EXPECT_EQ(std::get<LoginTokenAuth>(made->auth).login.path, "/v2/sessions");
}

std::string one_way(std::string const& credentials, std::string const& auth) {
  return "name: one\nbase_url: https://one.example\ncredentials: {" + credentials + "}\nauth:\n" +
         auth +
         "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n";
}

TEST(AuthChoice, BasicSendsNameAndPassword) {
  auto const made =
      plan({{"user", "user"}, {"pw", "pä:ss"}},
           one_way("user: , pw: ",
                   "  type: basic\n  user: ${credentials.user}\n  password: ${credentials.pw}\n"));
  ASSERT_TRUE(made) << made.error().to_line();
  HttpRequest request(Method::get, "/p");
  authorize(request, made->auth, made->credentials, nullptr);
  EXPECT_EQ(request.secret_headers.at(0).first, "Authorization");
  EXPECT_EQ(request.secret_headers.at(0).second.reveal(), "Basic dXNlcjpww6Q6c3M=");
}

TEST(AuthChoice, HmacNeedsItsKeyEvenIfItIsCalledOptional) {
  auto const yaml =
      one_way("id: , secret: {optional: true}",
              "  type: hmac\n  headers: {X-Id: \"${credentials.id}\"}\n"
              "  signature: {secret: \"${credentials.secret}\", parts: [path, timestamp], "
              "header: X-Sign, timestamp_header: X-Time, timestamp_form: iso}\n");
  auto const made = plan({{"id", "me"}, {"secret", "s"}}, yaml);
  ASSERT_TRUE(made) << made.error().to_line();
  EXPECT_TRUE(made->signature);
  HttpRequest request(Method::get, "/p");
  authorize(request, made->auth, made->credentials, nullptr);
  add_extras(request, made->extras, made->credentials, nullptr);
  EXPECT_EQ(request.secret_headers.at(0).second.reveal(), "me");
  EXPECT_EQ(line_of({{"id", "planted"}}, yaml),
            "main: the credential \"secret\" is missing. Connector \"one\" needs under "
            "`credentials`: id, secret.");
}

constexpr char const* client_login =
    "  type: oauth2_client_credentials\n  path: /oauth/token\n  client_id: ${credentials.id}\n"
    "  client_secret: ${credentials.secret}\n  scope: partner:read rows\n";

TEST(AuthChoice, ClientCredentialsArePostedAsAForm) {
  auto const made =
      plan({{"id", "id:1"}, {"secret", "s e/&="}}, one_way("id: , secret: ", client_login));
  ASSERT_TRUE(made) << made.error().to_line();
  auto const& auth = std::get<LoginTokenAuth>(made->auth);
  auto const request = make_login_request(auth, made->credentials);
  EXPECT_EQ(request.place(), "POST /oauth/token");
  EXPECT_EQ(request.headers.find("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&scope=partner%3Aread%20rows&client_id=id%3A1&"
            "client_secret=s%20e%2F%26%3D");
  EXPECT_TRUE(request.secret_headers.empty());
}

// printf 'id%%3A1:s%%20e%%2F' | base64
TEST(AuthChoice, ClientCredentialsMayGoIntoTheHeader) {
  auto const made =
      plan({{"id", "id:1"}, {"secret", "s e/"}},
           one_way("id: , secret: ", std::string(client_login) + "  client: header\n"));
  ASSERT_TRUE(made) << made.error().to_line();
  auto const request = make_login_request(std::get<LoginTokenAuth>(made->auth), made->credentials);
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=partner%3Aread%20rows");
  EXPECT_EQ(request.secret_headers.at(0).second.reveal(), "Basic aWQlM0ExOnMlMjBlJTJG");
}

TEST(AuthChoice, AnAnswerMayTellHowLongItsTokenLives) {
  auto const made = plan({{"id", "i"}, {"secret", "s"}}, one_way("id: , secret: ", client_login));
  auto auth = std::get<LoginTokenAuth>(made->auth);
  auth.assumed_lifetime = std::chrono::seconds(600);
  TimePoint const now{std::chrono::hours(1)};
  auto const lives = [&](std::string const& expires) {
    auto const body = parse_json(R"({"access_token":"abc","token_type":"bearer")" + expires + "}");
    auto const token = read_token(auth, *body, now).value();
    EXPECT_EQ(token.text.reveal(), "abc");
    return (token.expires_at - now) / std::chrono::seconds(1);
  };
  EXPECT_EQ(lives(R"(,"expires_in":7200)"), 7200);
  EXPECT_EQ(lives(R"(,"expires_in":"7200")"), 7200);
  for (auto const* nonsense :
       {"", R"(,"expires_in":null)", R"(,"expires_in":0)", R"(,"expires_in":-5)",
        R"(,"expires_in":"x")", R"(,"expires_in":[1])", R"(,"expires_in":99999999999999999999)"}) {
    EXPECT_EQ(lives(nonsense), 600) << nonsense;
  }
  EXPECT_EQ(lives(R"(,"expires_in":9999999999999)"), 10LL * 366 * 86'400);
}

// ^ marks the position that the error names.
TEST(AuthChoice, MistakesInTheFileAreToldWithTheirPlace) {
  struct Mistake {
    std::string auth;
    std::string words;
  };
  std::string const signature =
      "  type: hmac\n  signature: {secret: \"${credentials.k}\", header: S, ";
  for (auto const& [marked, words] : {
           Mistake{"  ^[]\n", "the list is empty"},
           Mistake{"  type: basic\n  user: u\n  password: ^p\n",
                   "this text has no credential in it. For instance \"${credentials.secret}\"."},
           Mistake{"  type: none\n  signature: ^{}\n", "use `type: hmac` for a signature alone"},
           Mistake{"  ^type: hmac\n", "the authentication needs the key `signature`"},
           Mistake{signature + "parts: ^[timestamp]}\n",
                   "the signed timestamp is not sent to the broker. Add `timestamp_header` or "
                   "`timestamp_parameter`."},
           Mistake{signature + "parts: ^[nonce]}\n",
                   "the signed nonce is not sent to the broker. Add `nonce_header` or "
                   "`nonce_parameter`."},
           Mistake{signature + "parts: [^something]}\n",
                   "\"something\" is not a part that can be signed. One of: method, host, path, "
                   "query, sorted_query, raw_query, sorted_raw_query, sorted_names_and_values, "
                   "path_and_query, path_and_raw_query, path_and_sorted_raw_query, body, "
                   "body_sha256, body_sha512, timestamp, nonce, receive_window."},
           Mistake{signature + "parts: ^[receive_window]}\n",
                   "the signed receive window is not given. Add `receive_window`, such as 5000."},
           Mistake{signature + "parts: path, receive_window: ^5000}\n",
                   "the signed receive_window is not sent to the broker. Add "
                   "`receive_window_header` or `receive_window_parameter`."},
           Mistake{signature + "parts: [^{const: a, credential: k}]}\n",
                   "a part that is signed takes either `const`, `credential` or `sha256`"},
           Mistake{signature + "parts: ^[{sha256: [timestamp, body]}]}\n",
                   "the signed timestamp is not sent to the broker. Add `timestamp_header` or "
                   "`timestamp_parameter`."},
           Mistake{signature + "parts: [path, {sha256: [^{credential: k}]}]}\n",
                   "expected a text, found a mapping"},
           Mistake{"  type: hmac\n  signature: {secret_form: ^base64, header: S, parts: "
                   "{credential: k}, algorithm: sha256}\n",
                   "this hash has no key"},
           Mistake{signature + "parts: [{credential: ^x}]}\n",
                   "\"x\" is not among the credentials that the file declares. Declare it under "
                   "`credentials`, or remove it."},
           Mistake{signature + "parts: path, parameter: ^sign}\n",
                   "`parameter` is only allowed with `in: query`"},
           Mistake{"  type: hmac\n  signature: {secret: \"${credentials.k}\", parts: path, in: "
                   "query, header: ^S}\n",
                   "with `in: query` the signature has a `parameter`, not a header"},
           Mistake{signature + "parts: path, headers: {X: ^{}}}\n",
                   "a signed text needs the key `signed`"},
           Mistake{"  type: hmac\n  signature: {secret: ^\"${credentials.k}\", header: S, parts: "
                   "path, algorithm: sha256}\n",
                   "this hash has no key. Put the credential among the `parts`: {credential: "
                   "NAME}."},
           Mistake{
               "  type: hmac\n  signature: {header: S, parts: ^path, algorithm: md5}\n",
               "without a credential anybody could compute this hash. Add {credential: NAME} to "
               "the `parts`."},
           Mistake{signature + "parts: [{const: ^\"${credentials.x}\"}]}\n",
                   "\"x\" is not among the credentials that the file declares. Declare it under "
                   "`credentials`, or remove it."},
           Mistake{signature + "parts: path, algorithm: ^md4}\n",
                   "\"md4\" is not an algorithm of signatures. Did you mean `md5`?"},
           Mistake{"  type: hmac\n  signature: {secret: ^plain, header: S, parts: path}\n",
                   "a signature needs a credential as its key. For instance "
                   "\"${credentials.secret}\"."},
           Mistake{"  type: static_token\n  header: ^\"${settings.x}\"\n  value: "
                   "\"${credentials.k}\"\n",
                   "\"x\" is not among the settings that the file declares. Declare it under "
                   "`settings`, or remove it."},
           Mistake{"  type: static_token\n  header: ^X Y\n  value: \"${credentials.k}\"\n",
                   "\"X Y\" is not the name of an HTTP header"},
           Mistake{
               "  type: login_token\n  login: {path: /l, json: {a: b}, form: ^{a: b}}\n  token: t\n"
               "  value: \"${token}\"\n",
               "a body is either `json` or `form`"},
       }) {
    auto yaml = one_way("k: ", marked);
    auto const at = yaml.find('^');
    yaml.erase(at, 1);
    auto const line_start = yaml.rfind('\n', at - 1) + 1;
    auto const line = std::count(yaml.begin(), yaml.begin() + static_cast<long>(at), '\n') + 1;
    auto const parsed = parse_manifest(yaml, "one.yaml");
    ASSERT_FALSE(parsed) << marked;
    EXPECT_EQ(parsed.error().to_line(), "one.yaml:" + std::to_string(line) + ":" +
                                            std::to_string(at - line_start + 1) + ": " + words);
  }
}

}  // namespace
}  // namespace affsync::engine::auth_choice_test
