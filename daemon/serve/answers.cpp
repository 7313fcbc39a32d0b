#include "daemon/serve/answers.hpp"

#include <string_view>

#include "daemon/serve/status_json.hpp"

namespace affsync::serve {

namespace {

constexpr char const* content_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

}  // namespace

HttpResponse answer_of(int status, char const* type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Content-Type-Options", "nosniff");
  bool const is_page = std::string_view(type) == html_type;
  // Without a referrer at all, browsers do not say either that a form comes from here.
  response.headers.add("Referrer-Policy", is_page ? "same-origin" : "no-referrer");
  if (is_page) {
    response.headers.add("Content-Security-Policy", content_policy);
    response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  }
  response.body = std::move(body);
  return response;
}

HttpResponse refusal(Error const& error) {
  bool const callers = error.code == ErrorCode::usage;
  auto response = answer_of(callers ? 400 : 503, json_type, error_json(error) + "\n");
  // As long as a query of a page may take.
  if (error.code == ErrorCode::throttled) response.headers.add("Retry-After", "10");
  return response;
}

bool asks_for_html(HttpRequest const& request) {
  auto const accepted = request.headers.find("accept");
  return accepted && accepted->find("text/html") != std::string_view::npos;
}

}  // namespace affsync::serve
