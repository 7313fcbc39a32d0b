#include "tests/support/peer/hook_server.hpp"

#include <stdexcept>

namespace affsync::test {
namespace {

// The value of a header field whose name is in lower or mixed case.
std::string field_of(std::string const& request, std::string const& name) {
  auto const at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  auto const begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace

HookServer::HookServer(std::optional<Identity> identity)
    : answer_(answer("204 No Content")),
      peer_([this](PeerConnection& connection) { serve(connection); }, std::move(identity)) {}

std::string HookServer::answer(std::string const& status, std::string const& body,
                               std::string const& headers) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void HookServer::answer_with(std::string bytes) {
  std::lock_guard const lock(mutex_);
  answer_ = std::move(bytes);
}

void HookServer::serve(PeerConnection& connection) {
  for (;;) {
    auto const request = connection.read_request();
    if (request.empty()) return;
    Received one;
    auto const begin = request.find(' ') + 1;
    one.target = request.substr(begin, request.find(' ', begin) - begin);
    one.key = field_of(request, "Idempotency-Key");
    one.body = request.substr(request.find("\r\n\r\n") + 4);
    one.whole = request;
    std::string bytes;
    {
      std::lock_guard const lock(mutex_);
      received_.push_back(std::move(one));
      bytes = answer_;
    }
    arrived_.notify_all();
    if (bytes.empty()) {
      connection.wait_for_end();
      return;
    }
    if (!connection.send(bytes)) return;
  }
}

std::vector<HookServer::Received> HookServer::received() const {
  std::lock_guard const lock(mutex_);
  return received_;
}

std::vector<std::string> HookServer::keys() const {
  std::vector<std::string> keys;
  for (auto const& one : received()) keys.push_back(one.key);
  return keys;
}

void HookServer::wait_for(std::size_t count, std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  bool const there = arrived_.wait_for(lock, limit, [&] { return received_.size() >= count; });
  if (!there) {
    throw std::runtime_error("only " + std::to_string(received_.size()) + " of " +
                             std::to_string(count) + " messages arrived");
  }
}

}  // namespace affsync::test
