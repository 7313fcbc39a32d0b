// An HTTP proxy over real sockets: CONNECT opens a way to one port of this machine, whatever host
// was asked for, so that names need not resolve; a request with a whole address is passed on there.
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
  // `wanted`: the value of Proxy-Authorization without which it answers 407; empty: any.
  explicit TunnelProxy(unsigned short target_port, std::string wanted = "");
  TunnelProxy(TunnelProxy const&) = delete;
  TunnelProxy& operator=(TunnelProxy const&) = delete;
  ~TunnelProxy();

  unsigned short port() const { return port_; }
  // What came up to the empty line, in order: each CONNECT, and the first request of each
  // connection.
  std::vector<std::string> heads() const;

 private:
  void accept_all();
  void serve(int client);

  unsigned short target_port_;
  std::string wanted_;
  unsigned short port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace affsync::test
