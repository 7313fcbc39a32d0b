// Encodes messages. A header's value must not contain a line break, which would end the header;
// most often it comes from a secret that was read from a file.
#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "daemon/net/http_codec.hpp"

namespace affsync::net {
namespace {

bool is_token(std::string_view text) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

bool is_target(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<void> add_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) {
    return Error(ErrorCode::bad_request,
                 "the header " + (is_token(name) ? std::string(name) : "with an invalid name") +
                     " cannot be sent: it holds a line break or another control character",
                 "Check the end of the secret or setting that it is made from.");
  }
  out.append(name).append(": ").append(value).append("\r\n");
  return {};
}

}  // namespace

Result<Secret> encode_connect(Origin const& origin, std::string_view user_agent,
                              Proxy const& proxy) {
  bool const bracketed = origin.host.find(':') != std::string::npos;
  auto const place = (bracketed ? "[" + origin.host + "]" : origin.host) + ":" + origin.port;
  std::string out;
  out.reserve(512 + 2 * place.size() + proxy.authorization.reveal().size());
  out.append("CONNECT ").append(place).append(" HTTP/1.1\r\nHost: ").append(place).append("\r\n");
  Result<void> added;
  if (!user_agent.empty()) added = add_field(out, "User-Agent", user_agent);
  if (added && !proxy.authorization.empty()) {
    added = add_field(out, "Proxy-Authorization", proxy.authorization.reveal());
  }
  out.append("\r\n");
  Secret bytes(std::move(out));
  if (!added) return added.error();
  return bytes;
}

Result<Secret> encode_request(HttpRequest const& request, Origin const& origin,
                              std::string_view user_agent, Proxy const* proxy) {
  Secret const path(origin.base_path + request.sent_target());
  std::string const before =
      proxy == nullptr ? "" : (origin.tls ? "https://" : "http://") + origin.host_header();
  if (!is_target(request.sent_target()) || !is_target(path.reveal())) {
    return Error(ErrorCode::bad_request,
                 "the path of the request does not begin with / or holds a space or a character "
                 "that must be percent-encoded");
  }
  std::size_t size = 512 + before.size() + path.reveal().size() + request.body.size();
  for (auto const& [name, value] : request.headers.fields()) size += name.size() + value.size() + 4;
  for (auto const& [name, value] : request.secret_headers) {
    size += name.size() + value.reveal().size() + 4;
  }
  if (proxy != nullptr) size += proxy->authorization.reveal().size() + 32;
  // Reserve everything at once: growing would leave copies of secrets in freed memory. The Secret
  // made from it wipes its memory.
  std::string out;
  out.reserve(size);
  out.append(to_string(request.method)).append(" ").append(before).append(path.reveal());
  out.append(" HTTP/1.1\r\nHost: ").append(origin.host_header()).append("\r\n");
  out.append("Connection: keep-alive\r\nAccept-Encoding: gzip\r\n");
  // Without Accept, some servers answer a refusal with a redirect to an HTML page.
  if (!request.headers.find("Accept")) out.append("Accept: application/json\r\n");
  Result<void> added;
  if (!user_agent.empty()) added = add_field(out, "User-Agent", user_agent);
  for (auto const& [name, value] : request.headers.fields()) {
    if (added) added = add_field(out, name, value);
  }
  for (auto const& [name, value] : request.secret_headers) {
    if (added) added = add_field(out, name, value.reveal());
  }
  if (added && proxy != nullptr && !proxy->authorization.empty()) {
    added = add_field(out, "Proxy-Authorization", proxy->authorization.reveal());
  }
  if (request.method == Method::post || !request.body.empty()) {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  out.append("\r\n").append(request.body);
  Secret bytes(std::move(out));
  if (!added) return added.error();
  return bytes;
}

std::string encode_response(HttpResponse const& response, bool head, bool keep_alive) {
  auto const reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason.data(), reason.size()).append("\r\n");
  for (auto const& [name, value] : response.headers.fields()) {
    if (is_token(name) && is_field_value(value)) out += name + ": " + value + "\r\n";
  }
  // "Not modified" has no body whose length could be told.
  if (response.status != 304) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!head) out += response.body;
  return out;
}

}  // namespace affsync::net
