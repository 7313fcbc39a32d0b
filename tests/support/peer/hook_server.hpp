// A receiver of alerts over a real socket: keeps what arrives, and answers as a test says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::test {

class HookServer {
 public:
  // One request.
  struct Received {
    std::string target;
    std::string key;  // of the header Idempotency-Key
    std::string body;
    std::string whole;  // with its headers
  };

  explicit HookServer(std::optional<Identity> identity = std::nullopt);

  std::string url(std::string const& host = "127.0.0.1") const { return peer_.url(host); }
  unsigned short port() const { return peer_.port(); }

  // The bytes of each answer from now on, a 204 at first. Empty: no answer, until the client
  // closes.
  void answer_with(std::string bytes);
  static std::string answer(std::string const& status, std::string const& body = "",
                            std::string const& headers = "");

  std::vector<Received> received() const;
  std::vector<std::string> keys() const;
  // Waits until so many requests have arrived; throws if the limit passes first.
  void wait_for(std::size_t count, std::chrono::seconds limit = std::chrono::seconds(40)) const;

 private:
  void serve(PeerConnection& connection);

  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::string answer_;
  std::vector<Received> received_;
  ScriptedPeer peer_;  // last member: it ends before the data that its threads use
};

}  // namespace affsync::test
