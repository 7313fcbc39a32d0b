// A server whose bytes a test controls exactly, over a real loopback socket, plain or TLS, or over
// a Unix socket. Each
// connection runs the script on its own thread with blocking calls. The destructor ends all
// connections.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/peer/certificates.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace affsync::test {

class PeerConnection {
 public:
  PeerConnection(int socket, int number) : socket_(socket), number_(number) {}
  PeerConnection(PeerConnection const&) = delete;
  PeerConnection& operator=(PeerConnection const&) = delete;
  ~PeerConnection();

  int number() const { return number_; }  // 1, 2, …

  // Reads one request with its body (by Content-Length); empty if the other side closed.
  std::string read_request();
  // Reads what arrives next, of any protocol; empty if the other side closed.
  std::string read_some();
  // Returns false if the other side has closed.
  bool send(std::string_view bytes);
  // Sends both in one TCP segment; over TLS each is in a record of its own.
  bool send_together(std::string_view first, std::string_view second);
  // Blocks until the other side closes the connection.
  void wait_for_end();

  void close();  // orderly: TLS with close_notify
  void cut();    // TLS without close_notify; plain TCP as close()
  void reset();  // with RST

 private:
  friend class ScriptedPeer;
  bool start_tls(ssl_ctx_st* context);
  int read(char* buffer, int size);

  std::mutex mutex_;  // guards socket_ against ~ScriptedPeer
  int socket_;
  int number_;
  ssl_st* tls_ = nullptr;
  std::string received_;
};

class ScriptedPeer {
 public:
  using Script = std::function<void(PeerConnection&)>;

  // `address`: of IPv4, or the path of a Unix socket.
  explicit ScriptedPeer(Script script, std::optional<Identity> identity = std::nullopt,
                        std::string const& address = "127.0.0.1");
  ScriptedPeer(ScriptedPeer const&) = delete;
  ScriptedPeer& operator=(ScriptedPeer const&) = delete;
  ~ScriptedPeer();

  unsigned short port() const { return port_; }
  // "http://127.0.0.1:1234", "https://localhost:1234"
  std::string url(std::string const& host = "127.0.0.1") const;
  int connections() const { return connections_; }

 private:
  struct Session {
    std::unique_ptr<PeerConnection> connection;
    std::thread thread;
  };
  void listen_at(std::string const& address);
  void accept_all();

  Script script_;
  std::shared_ptr<ssl_ctx_st> tls_;
  int listener_ = -1;
  unsigned short port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::list<Session> sessions_;
  std::thread acceptor_;
};

}  // namespace affsync::test
