#include "tests/support/peer/scripted_peer.hpp"

#include "tests/support/hand_over.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

namespace affsync::test {
namespace {

std::shared_ptr<SSL_CTX> make_context(Identity const& identity) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  auto const memory = [](std::string const& text) {
    return std::shared_ptr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                BIO_free);
  };
  std::shared_ptr<X509> const certificate(
      PEM_read_bio_X509(memory(identity.certificate_pem).get(), nullptr, nullptr, nullptr),
      X509_free);
  std::shared_ptr<EVP_PKEY> const key(
      PEM_read_bio_PrivateKey(memory(identity.key_pem).get(), nullptr, nullptr, nullptr),
      EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    throw std::runtime_error("the peer cannot use its certificate");
  }
  if (!identity.clients_authority_pem.empty()) {
    std::shared_ptr<X509> const authority(
        PEM_read_bio_X509(memory(identity.clients_authority_pem).get(), nullptr, nullptr, nullptr),
        X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

std::size_t body_length(std::string_view header) {
  auto const at = header.find("Content-Length: ");
  return at == std::string_view::npos
             ? 0
             : std::stoul(std::string(header.substr(at + sizeof("Content-Length: ") - 1, 12)));
}

}  // namespace

PeerConnection::~PeerConnection() {
  cut();
  if (tls_ != nullptr) SSL_free(tls_);
}

bool PeerConnection::start_tls(ssl_ctx_st* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, socket_);
  return SSL_accept(tls_) == 1;
}

int PeerConnection::read(char* buffer, int size) {
  if (socket_ < 0) return 0;
  if (tls_ != nullptr) return SSL_read(tls_, buffer, size);
  return static_cast<int>(::recv(socket_, buffer, static_cast<std::size_t>(size), 0));
}

std::string PeerConnection::read_request() {
  std::array<char, 4096> buffer;
  for (;;) {
    auto const end = received_.find("\r\n\r\n");
    if (end != std::string::npos) {
      std::size_t const size = end + 4 + body_length(received_.substr(0, end + 2));
      if (received_.size() >= size) {
        std::string const request = received_.substr(0, size);
        received_.erase(0, size);
        hand_over();
        return request;
      }
    }
    int const got = read(buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) return {};
    received_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string PeerConnection::read_some() {
  std::array<char, 4096> buffer;
  int const got = read(buffer.data(), static_cast<int>(buffer.size()));
  return std::string(buffer.data(), static_cast<std::size_t>(std::max(got, 0)));
}

bool PeerConnection::send(std::string_view bytes) {
  hand_over();
  while (!bytes.empty()) {
    if (socket_ < 0) return false;
    auto const sent =
        tls_ != nullptr
            ? static_cast<ssize_t>(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())))
            : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool PeerConnection::send_together(std::string_view first, std::string_view second) {
  int corked = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &corked, sizeof corked);
  bool const sent = send(first) && send(second);
  corked = 0;
  if (socket_ >= 0) ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &corked, sizeof corked);
  return sent;
}

void PeerConnection::wait_for_end() {
  std::array<char, 4096> buffer;
  while (read(buffer.data(), static_cast<int>(buffer.size())) > 0) {
  }
}

void PeerConnection::close() {
  if (socket_ >= 0 && tls_ != nullptr) SSL_shutdown(tls_);
  cut();
}

void PeerConnection::cut() {
  std::lock_guard const lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void PeerConnection::reset() {
  if (socket_ >= 0) {
    linger const at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  cut();
}

ScriptedPeer::ScriptedPeer(Script script, std::optional<Identity> identity,
                           std::string const& address)
    : script_(std::move(script)) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
  if (identity) tls_ = make_context(*identity);
  listen_at(address);
  acceptor_ = std::thread([this] { accept_all(); });
}

void ScriptedPeer::listen_at(std::string const& address) {
  bool const is_path = address.starts_with('/');
  listener_ = ::socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  address.copy(path.sun_path, sizeof path.sun_path - 1);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  socklen_t size = sizeof at;
  int const bound = is_path ? ::bind(listener_, reinterpret_cast<sockaddr*>(&path), sizeof path)
                            : ::bind(listener_, reinterpret_cast<sockaddr*>(&at), size);
  if (bound != 0 || ::listen(listener_, 64) != 0) {
    throw std::runtime_error("the peer cannot listen on " + address);
  }
  if (is_path) return;
  if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    throw std::runtime_error("the peer has no port");
  }
  port_ = ntohs(at.sin_port);
}

ScriptedPeer::~ScriptedPeer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& session : sessions_) {
    {
      std::lock_guard const lock(session.connection->mutex_);
      if (session.connection->socket_ >= 0) {
        ::shutdown(session.connection->socket_, SHUT_RDWR);
      }
    }
    session.thread.join();
  }
}

std::string ScriptedPeer::url(std::string const& host) const {
  return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_);
}

void ScriptedPeer::accept_all() {
  for (;;) {
    int const socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    if (socket < 0) continue;
    int const number = ++connections_;
    auto& session = sessions_.emplace_back();
    session.connection = std::make_unique<PeerConnection>(socket, number);
    session.thread = std::thread([this, connection = session.connection.get()] {
      if (!tls_ || connection->start_tls(tls_.get())) script_(*connection);
      connection->close();
    });
  }
}

}  // namespace affsync::test
