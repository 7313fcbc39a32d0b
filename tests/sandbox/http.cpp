// Parses requests and renders response heads.
#include "tests/sandbox/http.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace affsync::sandbox {
namespace {

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16).ptr == &text[i + 1] + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    auto const field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.empty()) continue;
    auto const equals = field.find('=');
    auto const value = equals == std::string_view::npos ? "" : field.substr(equals + 1);
    add(percent_decode(field.substr(0, equals)), percent_decode(value));
  }
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  for (auto const& [key, value] : fields_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Query::list(std::string_view name) const {
  std::vector<std::string> out;
  for (auto const& [key, value] : fields_) {
    if (key != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto const item = rest.substr(0, rest.find(','));
      if (!item.empty()) out.emplace_back(item);
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    }
  }
  return out;
}

void Query::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::string_view Request::header(std::string_view lower_case_name) const {
  for (auto const& [key, value] : headers)
    if (key == lower_case_name) return value;
  return {};
}

std::string_view Request::query_text() const {
  auto const question = target.find('?');
  return question == std::string::npos ? std::string_view{}
                                       : std::string_view(target).substr(question + 1);
}

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<Request> parse_request_head(std::string_view head) {
  auto const line = head.substr(0, head.find("\r\n"));
  auto const first = line.find(' ');
  auto const second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  if (line.substr(second + 1).substr(0, 5) != "HTTP/") return std::nullopt;
  Request request;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  auto const question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = Query(request.target.substr(question + 1));
  auto rest = head.substr(std::min(head.size(), line.size() + 2));
  while (!rest.empty()) {
    auto const field = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), field.size() + 2));
    if (field.empty()) break;
    auto const colon = field.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    request.headers.emplace_back(lower_case(field.substr(0, colon)),
                                 std::string(trimmed(field.substr(colon + 1))));
  }
  return request;
}

std::string render_head(Reply const& reply) {
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  out += reason_phrase(reply.status);
  out += "\r\nServer: nginx\r\nDate: " +
         http_date(reply.date.value_or(std::chrono::system_clock::now())) + "\r\n";
  if (!reply.content_type.empty()) out += "Content-Type: " + reply.content_type + "\r\n";
  for (auto const& [name, value] : reply.headers) out += name + ": " + value + "\r\n";
  if (reply.delivery.chunked || reply.delivery.endless) {
    out += "Transfer-Encoding: chunked\r\n";
  } else {
    auto const length = static_cast<long>(reply.body.size()) + reply.delivery.length_delta;
    out += "Content-Length: " + std::to_string(length < 0 ? 0 : length) + "\r\n";
  }
  if (reply.delivery.close) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

std::string http_date(std::chrono::system_clock::time_point time) {
  auto const seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text;
  return {text.data(),
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace affsync::sandbox
