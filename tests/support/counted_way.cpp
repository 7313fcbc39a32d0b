#include "tests/support/counted_way.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace affsync::test {
namespace {

constexpr char const* socket_name = "/.s.PGSQL.5432";

sockaddr_un address_of(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path);
  path.copy(address.sun_path, path.size());
  return address;
}

int open_socket() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

// The value of a keyword in a libpq string; `missing` if it is not there.
std::string value_of(std::string const& url, std::string const& keyword, std::string missing) {
  char* problem = nullptr;
  auto* const options = PQconninfoParse(url.c_str(), &problem);
  if (options == nullptr) throw std::runtime_error("not a libpq string: " + url);
  for (auto const* option = options; option->keyword != nullptr; ++option) {
    if (keyword == option->keyword && option->val != nullptr) missing = option->val;
  }
  PQconninfoFree(options);
  return missing;
}

// Forwards what is there; returns false at the end of the stream.
bool forward(int from, int to) {
  std::array<char, 16 * 1024> buffer{};
  auto const got = ::recv(from, buffer.data(), buffer.size(), 0);
  for (ssize_t sent = 0; sent < got;) {
    auto const now =
        ::send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += now;
  }
  return got > 0;
}

}  // namespace

CountedWay::CountedWay(std::string const& url)
    : server_(value_of(url, "host", "") + "/.s.PGSQL." + value_of(url, "port", "5432")),
      url_(url + " host=" + dir_.path().string() + " port=5432") {
  auto const path = dir_.path().string() + socket_name;
  listener_ = open_socket();
  auto const address = address_of(path);
  bool const listens =
      ::bind(listener_, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 &&
      ::listen(listener_, 64) == 0;
  if (!listens) throw std::runtime_error("cannot listen on " + path);
  acceptor_ = std::thread([this] { accept_all(); });
}

CountedWay::~CountedWay() {
  stopping_ = true;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

void CountedWay::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 50) <= 0) continue;
    int const client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) threads_.emplace_back([this, client] { serve(client); });
  }
}

void CountedWay::serve(int client) {
  int const server = open_socket();
  auto const address = address_of(server_);
  bool open = ::connect(server, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
  bool answered = true;
  while (open && !stopping_) {
    std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), 50) <= 0) continue;
    if (ends[1].revents != 0) {
      open = forward(server, client);
      answered = true;
    } else if (ends[0].revents != 0) {
      if (answered) ++round_trips_;
      answered = false;
      open = forward(client, server);
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace affsync::test
