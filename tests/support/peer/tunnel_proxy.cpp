#include "tests/support/peer/tunnel_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace affsync::test {
namespace {

sockaddr_in loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool send_all(int socket, char const* bytes, std::size_t size) {
  while (size > 0) {
    auto const sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// Forwards one chunk; returns false at the end of the stream.
bool forward(int from, int to) {
  std::array<char, 16 * 1024> buffer{};
  auto const got = ::recv(from, buffer.data(), buffer.size(), 0);
  return got > 0 && send_all(to, buffer.data(), static_cast<std::size_t>(got));
}

}  // namespace

TunnelProxy::TunnelProxy(unsigned short target_port, std::string credentials)
    : target_port_(target_port), credentials_(std::move(credentials)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  bool const listens = ::bind(listener_, plain, size) == 0 && ::listen(listener_, 16) == 0 &&
                       ::getsockname(listener_, plain, &size) == 0;
  if (!listens) throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TunnelProxy::~TunnelProxy() {
  stopping_ = true;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

void TunnelProxy::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 50) <= 0) continue;
    int const client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) threads_.emplace_back([this, client] { serve(client); });
  }
}

void TunnelProxy::serve(int client) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && ::recv(client, &byte, 1, 0) == 1) head += byte;
  {
    std::lock_guard const lock(mutex_);
    heads_.push_back(head);
  }
  bool const allowed = credentials_.empty() || head.find("Proxy-Authorization: " + credentials_ +
                                                         "\r\n") != std::string::npos;
  int const broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(target_port_);
  if (!allowed) {
    std::string const refusal =
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    send_all(client, refusal.data(), refusal.size());
  } else if (::connect(broker, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    std::string const established = "HTTP/1.1 200 Connection established\r\n\r\n";
    bool alive = head.starts_with("CONNECT ")
                     ? send_all(client, established.data(), established.size())
                     : send_all(broker, head.data(), head.size());
    while (alive && !stopping_) {
      std::array<pollfd, 2> ready{pollfd{client, POLLIN, 0}, pollfd{broker, POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), 50) <= 0) continue;
      if (ready[0].revents != 0) alive = forward(client, broker);
      if (alive && ready[1].revents != 0) alive = forward(broker, client);
    }
  }
  ::close(broker);
  ::close(client);
}

std::vector<std::string> TunnelProxy::heads() const {
  std::lock_guard const lock(mutex_);
  return heads_;
}

}  // namespace affsync::test
