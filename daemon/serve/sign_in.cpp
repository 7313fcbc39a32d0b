#include "daemon/serve/sign_in.hpp"

#include "daemon/serve/answers.hpp"
#include "daemon/serve/host_names.hpp"
#include "daemon/serve/page_models.hpp"
#include "daemon/serve/status_json.hpp"

namespace affsync::serve {

namespace {

HttpResponse to_path(std::string const& path, std::string cookie) {
  auto response = answer_of(303, text_type, {});
  response.headers.add("Location", path);
  response.headers.add("Set-Cookie", std::move(cookie));
  return response;
}

// Browsers get the form, with 401 unless they asked for it; programs get an error.
HttpResponse form(int status, std::string const& to, std::string const& refused, TimePoint now) {
  auto response = answer_of(status, html_type, login_page(to, refused, now));
  if (status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"affsync\"");
  return response;
}

HttpResponse refuse_program() {
  Error const error(ErrorCode::permission_denied, "this address needs the token of affsync",
                    "Send http.token of the configuration in the header Authorization: Bearer.");
  auto response = answer_of(401, json_type, error_json(error) + "\n");
  response.headers.add("WWW-Authenticate", "Bearer realm=\"affsync\"");
  return response;
}

HttpResponse hold_off(bool as_page, std::string const& to, std::chrono::seconds wait,
                      TimePoint now) {
  auto const seconds = std::to_string(wait.count());
  Error const error(
      ErrorCode::throttled, "too many wrong tokens came from this address",
      "The next one is looked at in " + seconds + " s. Other addresses need not wait.");
  auto response = as_page ? form(429, to,
                                 "Too many wrong tokens came from your address. Try again in " +
                                     seconds + (wait.count() == 1 ? " second." : " seconds."),
                                 now)
                          : answer_of(429, json_type, error_json(error) + "\n");
  response.headers.add("Retry-After", seconds);
  return response;
}

struct SignInForm {
  std::string token, to;
};

SignInForm read_form(std::string const& body) {
  SignInForm form;
  auto const fields = parse_target("/?" + body);
  for (auto const& [name, value] : fields ? fields->parameters : decltype(fields->parameters)()) {
    if (name == "token") form.token = value;
    if (name == "to") form.to = value;
  }
  form.to = safe_path(form.to);
  return form;
}

}  // namespace

Admission admit(Access const& access, TokenGuard& guard, std::string const& caller,
                HttpRequest const& request, Target const& target, TimePoint now,
                std::vector<std::string> const& hosts) {
  Admission result;
  auto const& path = target.path;
  if (!access.is_guarded()) result.who = Access::Who::anyone;
  bool const posts = request.method == Method::post;
  if (posts) {
    if (!access.is_guarded() || (path != "/login" && path != "/logout")) {
      result.answer = answer_of(405, text_type, "Only GET and HEAD are answered here.\n");
      result.answer->headers.add("Allow", "GET, HEAD");
      return result;
    }
    if (!comes_from_own_page(request, hosts)) {
      result.answer =
          answer_of(403, text_type, "This form was sent from a page of another server.\n");
      return result;
    }
    if (path == "/logout") {
      result.answer = to_path("/", access.no_cookie());
      return result;
    }
  }
  if (!access.is_guarded()) return result;

  // Whatever depends on the token is looked at here alone, and not at all while the caller waits:
  // any other answer would tell it whether it has guessed right.
  auto const asked = posts ? read_form(request.body) : SignInForm{};
  auto const given = posts ? asked.token : access.given(request, now);
  auto const wait = given.empty() ? std::chrono::seconds(0) : guard.wait(caller, now);
  result.held_off = wait.count() > 0;
  bool is_right = false;
  if (!result.held_off && !given.empty()) {
    if (!posts) result.who = access.who(request, now);
    is_right = posts ? access.is_token(given) : result.who != Access::Who::stranger;
    result.wrong = !is_right;
    if (result.wrong) result.waits_now = guard.on_wrong(caller, access.hash_of(given), now);
  }

  auto const to = posts ? asked.to : safe_path(request.target);
  if (posts) {
    result.answer = result.held_off ? hold_off(true, to, wait, now)
                    : is_right      ? to_path(to, access.cookie_of(now))
                                    : form(401, to, "That is not the token of this affsync.", now);
  } else if (path == "/login") {
    result.answer = form(200, "/", {}, now);
  } else if (!access.is_open(path) && result.who == Access::Who::stranger) {
    bool const as_page = asks_for_html(request);
    result.answer = result.held_off ? hold_off(as_page, to, wait, now)
                    : as_page       ? form(401, to, {}, now)
                                    : refuse_program();
  }
  return result;
}

}  // namespace affsync::serve
