#include "daemon/net/request_rules.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace affsync::net {
namespace {

// Whether the request names the host that it is for as HTTP asks: once, and HTTP/1.1 always does.
bool names_one_host(IncomingRequest const& request) {
  std::size_t hosts = 0;
  for (auto const& [name, value] : request.headers.fields()) hosts += to_lower(name) == "host";
  bool const named = !request.headers.find("host").value_or("").empty();
  return hosts == 1 ? named || request.is_old : hosts == 0 && request.is_old;
}

}  // namespace

HttpResponse plain_answer(int status, std::string const& text) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = text + "\n";
  return response;
}

std::size_t length_of(IncomingRequest const& request) {
  auto const text = request.headers.find("Content-Length").value_or("");
  std::size_t length = 0;
  auto const [end, flaw] = std::from_chars(text.data(), text.data() + text.size(), length);
  bool const whole = flaw == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? length : static_cast<std::size_t>(-1);
}

std::optional<std::string> path_of(IncomingRequest const& request) {
  auto const& target = request.target;
  if (target.starts_with('/')) return target;
  auto const scheme_end = target.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  auto const scheme = to_lower(target.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  auto const begin = scheme_end + 3;
  auto const end = std::min(target.find_first_of("/?", begin), target.size());
  auto const authority = target.substr(begin, end - begin);
  auto const host = request.headers.find("host").value_or("");
  if (authority.empty() || !equal_without_case(authority, host)) return std::nullopt;
  auto const rest = target.substr(end);
  return rest.starts_with('/') ? rest : "/" + rest;
}

std::optional<HttpResponse> refuse(IncomingRequest const& request, ServerLimits const& limits) {
  if (!names_one_host(request)) {
    return plain_answer(400, "a request must have one Host header, which names the server");
  }
  bool const posts = request.method == "POST" && limits.body_bytes > 0;
  if (request.method != "GET" && request.method != "HEAD" && !posts) {
    bool const takes_bodies = limits.body_bytes > 0;
    auto response = plain_answer(405, takes_bodies ? "only GET, HEAD and POST are answered here"
                                                   : "only GET and HEAD are answered here");
    response.headers.add("Allow", takes_bodies ? "GET, HEAD, POST" : "GET, HEAD");
    return response;
  }
  if (request.has_body && !posts) return plain_answer(413, "a request must not have a body");
  if (request.has_body && length_of(request) > limits.body_bytes) {
    return plain_answer(413, "the body is too large, or its length is not given");
  }
  if (!path_of(request)) {
    return plain_answer(400, "the target must be a path, or an address with the name in Host");
  }
  return std::nullopt;
}

}  // namespace affsync::net
