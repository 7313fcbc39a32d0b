// Blocking sockets with a receive timeout.
#include "tests/support/http_get.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace affsync::test {
namespace {

struct UrlParts {
  std::string host;
  std::uint16_t port = 80;
  std::string target;
};

UrlParts parse_url(std::string const& url) {
  constexpr std::string_view scheme = "http://";
  if (url.rfind(scheme, 0) != 0) throw std::runtime_error("not an http:// address: " + url);
  auto const slash = url.find('/', scheme.size());
  auto const authority = url.substr(scheme.size(), slash - scheme.size());
  auto const colon = authority.find(':');
  UrlParts parts;
  parts.host = authority.substr(0, colon);
  if (colon != std::string::npos)
    std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), parts.port);
  parts.target = slash == std::string::npos ? "/" : url.substr(slash);
  return parts;
}

class Socket {
 public:
  Socket(UrlParts const& parts, std::chrono::seconds limit)
      : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval const wait{static_cast<time_t>(limit.count()), 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(parts.port);
    inet_pton(AF_INET, parts.host == "localhost" ? "127.0.0.1" : parts.host.c_str(),
              &address.sin_addr);
    if (connect(descriptor_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
      int const reason = errno;
      close(descriptor_);
      throw std::runtime_error("cannot connect to port " + std::to_string(parts.port) + ": " +
                               std::strerror(reason));
    }
  }
  ~Socket() { close(descriptor_); }
  Socket(Socket const&) = delete;
  Socket& operator=(Socket const&) = delete;

  void send_all(std::string_view text) const {
    while (!text.empty()) {
      auto const sent = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Reads until the peer closes or resets the connection, or sends nothing for the time limit.
  std::string receive_all() const {
    std::string out;
    std::array<char, 64 * 1024> buffer;
    for (;;) {
      auto const count = recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (count <= 0) return out;
      out.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  int descriptor_;
};

bool unchunk(std::string_view text, std::string& body) {
  for (;;) {
    auto const line = text.find("\r\n");
    std::size_t size = 0;
    if (line == std::string_view::npos ||
        std::from_chars(text.data(), text.data() + line, size, 16).ptr == text.data())
      return false;
    if (size == 0) return true;
    if (text.size() < line + 2 + size + 2) return false;
    body += text.substr(line + 2, size);
    text.remove_prefix(line + 2 + size + 2);
  }
}

HttpAnswer parse_answer(std::string const& text, std::string const& url) {
  auto const end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.rfind("HTTP/1.", 0) != 0)
    throw std::runtime_error("no HTTP answer from " + url);
  HttpAnswer answer;
  std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  for (auto at = text.find("\r\n") + 2; at < end + 2;) {
    auto const line = text.substr(at, text.find("\r\n", at) - at);
    at += line.size() + 2;
    auto const colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto const value = line.find_first_not_of(' ', colon + 1);
    answer.headers.emplace_back(name, value == std::string::npos ? "" : line.substr(value));
  }
  answer.body = text.substr(end + 4);
  if (answer.header("transfer-encoding") == "chunked") {
    std::string body;
    answer.complete = unchunk(answer.body, body);
    answer.body = std::move(body);
  } else {
    answer.complete = answer.header("content-length") == std::to_string(answer.body.size());
  }
  return answer;
}

}  // namespace

std::string HttpAnswer::header(std::string const& lower_case_name) const {
  for (auto const& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

HttpAnswer http_request(std::string const& method, std::string const& url, std::string const& body,
                        HttpFields const& headers, std::chrono::seconds limit) {
  auto const parts = parse_url(url);
  std::string request = method + " " + parts.target + " HTTP/1.1\r\nHost: " + parts.host + ":" +
                        std::to_string(parts.port) + "\r\nConnection: close\r\n";
  for (auto const& [name, value] : headers) request += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST")
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  Socket const socket(parts, limit);
  socket.send_all(request + "\r\n" + body);
  return parse_answer(socket.receive_all(), url);
}

HttpAnswer http_get(std::string const& url, HttpFields const& headers, std::chrono::seconds limit) {
  return http_request("GET", url, "", headers, limit);
}

HttpAnswer http_post(std::string const& url, std::string const& json, HttpFields const& headers,
                     std::chrono::seconds limit) {
  auto all = headers;
  all.emplace_back("Content-Type", "application/json");
  return http_request("POST", url, json, all, limit);
}

}  // namespace affsync::test
