#include "connectors/proof/admission.hpp"

#include <algorithm>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "connectors/proof/fixture_reading.hpp"
#include "connectors/proof/json_edit.hpp"
#include "connectors/proof/query.hpp"
#include "connectors/proof/signature_check.hpp"

namespace affsync::proof {
namespace {

using engine::SourcePlan;

std::string base64url(std::string_view bytes) {
  auto text = base64_of(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (auto& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

std::optional<std::string> header_complaint(HttpRequest const& request, std::string const& name,
                                            std::string const& wanted) {
  auto const found = request.headers.find(name);
  if (!found) return "a request has no header " + name;
  if (*found != wanted) return "the header " + name + " does not have the value that is declared";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> login_complaint(SourcePlan const& plan, HttpRequest const& request) {
  auto const& login = std::get<engine::LoginTokenAuth>(plan.auth);
  if (login.login_basic) {
    auto const authorization = request.headers.find("Authorization");
    if (!authorization || !authorization->starts_with("Basic ")) {
      return "the login has no header Authorization with name and password";
    }
    auto const pair = filled_in(login.login_basic->user, plan, "") + ":" +
                      filled_in(login.login_basic->password, plan, "");
    if (!login.encodes_basic && *authorization != "Basic " + base64_of(pair)) {
      return "the header Authorization of the login does not have the value that is declared";
    }
  }
  for (auto const& [name, text] : login.login.headers) {
    auto const wanted = filled_in(text, plan, "");
    bool const is_there = std::ranges::any_of(request.headers.fields(), [&](auto const& field) {
      return equal_without_case(field.first, name) && field.second == wanted;
    });
    if (!is_there) {
      return "the login lacks the header " + name + ", or it has another value";
    }
  }
  auto const target = read_target(request.target);
  for (auto const& [name, text] : login.login.query) {
    if (target.find(name) != filled_in(text, plan, ""))
      return "the login lacks the parameter " + name;
  }
  if (!login.login.form.empty()) {
    auto const pairs = read_pairs(request.body);
    for (auto const& [name, text] : login.login.form) {
      std::pair<std::string, std::string> const wanted(name, filled_in(text, plan, ""));
      if (std::find(pairs.begin(), pairs.end(), wanted) == pairs.end()) {
        return "the login's form lacks the field " + name;
      }
    }
  }
  if (login.login.body) {
    // Every text of the declared body has to be there, with the credentials filled in.
    HttpRequest declared = request;
    declared.body = login.login.body->json.dump();
    auto const arrived = read_request(request).query;
    auto wanted = login.login.body->as_form ? login.login.body->form : read_request(declared).query;
    for (auto& [name, text] : wanted) {
      std::pair<std::string, std::string> const pair(name, filled_in(text, plan, ""));
      if (std::find(arrived.begin(), arrived.end(), pair) == arrived.end()) {
        return "the login's body lacks the member " + name;
      }
    }
  }
  if (!login.login.json.empty()) {
    auto const body = parse_json(request.body);
    if (!body) return "the login's body is not JSON";
    for (auto const& [name, text] : login.login.json) {
      auto const* value = body->find(name);
      bool const same = value != nullptr && value->scalar_text() == filled_in(text, plan, "");
      if (!same) return "the login's body lacks the member " + name;
    }
  }
  return std::nullopt;
}

std::optional<std::string> admission_complaint(SourcePlan const& plan, HttpRequest const& request,
                                               std::string const& token, TimePoint now) {
  std::vector<std::pair<std::string, std::string>> wanted;
  if (auto const* key = std::get_if<engine::StaticTokenAuth>(&plan.auth)) {
    wanted.emplace_back(key->header, filled_in(key->value, plan, ""));
  } else if (auto const* basic = std::get_if<engine::BasicAuth>(&plan.auth)) {
    auto const pair = filled_in(basic->user, plan, "") + ":" + filled_in(basic->password, plan, "");
    wanted.emplace_back(basic->header, "Basic " + base64_of(pair));
  } else if (auto const* login = std::get_if<engine::LoginTokenAuth>(&plan.auth)) {
    if (token.empty()) return "data was requested before the login";
    wanted.emplace_back(login->header, filled_in(login->value, plan, token));
  }
  for (auto const& [name, text] : plan.extras.headers) {
    wanted.emplace_back(name, filled_in(text, plan, token));
  }
  auto const target = read_target(request.target);
  for (auto const& [name, text] : plan.extras.query) {
    if (target.find(name) != filled_in(text, plan, token)) {
      return "a request lacks the parameter " + name + ", or it has another value";
    }
  }
  for (auto const& [name, value] : wanted) {
    if (auto complaint = header_complaint(request, name, value)) return complaint;
  }
  return signature_complaint(plan, request, now);
}

MadeToken make_token(engine::LoginTokenAuth const& login, Fixture const* sample, TimePoint now,
                     int number) {
  MadeToken made;
  auto const seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  made.token = "proof-token-" + std::to_string(number) + "-" + std::to_string(seconds);
  if (login.lifetime_from_jwt) {
    constexpr int lifetime = 3600;
    made.token = base64url(R"({"alg":"none","typ":"JWT"})") + "." +
                 base64url("{\"exp\":" + std::to_string(seconds + lifetime) +
                           ",\"iat\":" + std::to_string(seconds) + ",\"jti\":\"" +
                           std::to_string(number) + "\"}") +
                 "." + base64url("proof" + std::to_string(number));
  }
  auto const shown = login.strip_prefix + made.token;
  Json body = Json::object({});
  if (sample != nullptr) {
    made.response = response_of(*sample);
    if (auto const parsed = parse_json(sample->body)) body = *parsed;
  } else {
    made.response.status = 200;
    made.response.headers.add("Content-Type", "application/json");
  }
  if (!login.token_header.empty()) {
    made.response.headers = Headers();
    made.response.headers.add("Content-Type", "application/json");
    made.response.headers.add(login.token_header, shown);
  } else if (!login.token_cookie.empty()) {
    made.response.headers = Headers();
    made.response.headers.add("Content-Type", "application/json");
    made.response.headers.add("Set-Cookie",
                              login.token_cookie + "=" + shown + "; Path=/; HttpOnly");
  } else {
    body = with_value(body, login.token, Json::string(shown));
  }
  for (auto const& [name, place] : login.more_tokens) {
    auto const text = more_token(made.token, name);
    if (!place.header.empty()) {
      made.response.headers.add(place.header, text);
    } else if (!place.cookie.empty()) {
      made.response.headers.add("Set-Cookie", place.cookie + "=" + text + "; Path=/; HttpOnly");
    } else {
      body = with_value(body, place.path, Json::string(text));
    }
  }
  if (login.refresh) {
    body = with_value(body, login.refresh->token, Json::string(more_token(made.token, "refresh")));
  }
  made.response.body = body.dump();
  return made;
}

}  // namespace affsync::proof
