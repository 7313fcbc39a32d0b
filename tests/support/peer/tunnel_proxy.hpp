// An HTTP proxy over real sockets. CONNECT opens a tunnel to one local port for any requested host,
// so host names need not resolve. A request with an absolute URL is forwarded to the same port.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace affsync::test {

class TunnelProxy {
 public:
  // `credentials`: the Proxy-Authorization value that is required, otherwise the answer is 407.
  // Empty: none is required.
  explicit TunnelProxy(unsigned short target_port, std::string credentials = "");
  TunnelProxy(TunnelProxy const&) = delete;
  TunnelProxy& operator=(TunnelProxy const&) = delete;
  ~TunnelProxy();

  unsigned short port() const { return port_; }
  // Request headers up to the empty line, in order: each CONNECT, and the first request of each
  // connection.
  std::vector<std::string> heads() const;

 private:
  void accept_all();
  void serve(int client);

  unsigned short target_port_;
  std::string credentials_;
  unsigned short port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace affsync::test
