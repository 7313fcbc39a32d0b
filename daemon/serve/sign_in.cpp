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
HttpResponse form(int status, std::string const& to, bool refused, TimePoint now) {
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

HttpResponse sign_in(Access const& access, std::string const& body, TimePoint now) {
  std::string token, to;
  auto const fields = parse_target("/?" + body);
  for (auto const& [name, value] : fields ? fields->parameters : decltype(fields->parameters)()) {
    if (name == "token") token = value;
    if (name == "to") to = value;
  }
  to = safe_path(to);
  return access.is_token(token) ? to_path(to, access.cookie_of(now)) : form(401, to, true, now);
}

}  // namespace

std::optional<HttpResponse> admit(Access const& access, HttpRequest const& request,
                                  Target const& target, TimePoint now,
                                  std::vector<std::string> const& hosts) {
  auto const& path = target.path;
  if (request.method == Method::post) {
    if (!access.is_guarded() || (path != "/login" && path != "/logout")) {
      auto response = answer_of(405, text_type, "Only GET and HEAD are answered here.\n");
      response.headers.add("Allow", "GET, HEAD");
      return response;
    }
    if (!comes_from_own_page(request, hosts)) {
      return answer_of(403, text_type, "This form was sent from a page of another server.\n");
    }
    if (path == "/logout") return to_path("/", access.no_cookie());
    return sign_in(access, request.body, now);
  }
  if (access.is_guarded() && path == "/login") return form(200, "/", false, now);
  if (access.is_open(path) || access.who(request, now) != Access::Who::stranger) {
    return std::nullopt;
  }
  if (asks_for_html(request)) return form(401, safe_path(request.target), false, now);
  return refuse_program();
}

}  // namespace affsync::serve
