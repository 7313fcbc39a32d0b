// A broker of the tests' own: one list whose answers a test writes byte by byte, over plain HTTP or
// TLS, and the connector file that reads it. For what the fake brokers cannot say, such as any text
// in any field and every way of paging.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::test {

// A 200 with that JSON.
std::string answer_of(std::string const& body);
// A list of rows, each of them JSON, as the connector below reads it.
std::string list_of(std::vector<std::string> const& rows);
// The value of a query parameter; "" when it is not there.
std::string parameter_of(std::string const& target, std::string const& name);

class PlainBroker {
 public:
  // The bytes of the answer to one request, whose target is path and query.
  using Answer = std::function<std::string(std::string const& target)>;

  explicit PlainBroker(Answer answer, std::optional<Identity> identity = std::nullopt);

  std::string url(std::string const& host = "127.0.0.1") const { return peer_->url(host); }
  unsigned short port() const { return peer_->port(); }
  int connections() const { return peer_->connections(); }
  // Whole requests, and only their targets, in the order they came.
  std::vector<std::string> requests() const;
  std::vector<std::string> targets() const;
  void forget_requests();

 private:
  void serve(PeerConnection& connection);

  Answer answer_;
  mutable std::mutex mutex_;  // connections have threads of their own
  std::vector<std::string> requests_;
  std::unique_ptr<ScriptedPeer> peer_;
};

// Reads a PlainBroker: its list `rows` goes to the table commission.
class PlainAcceptance : public Acceptance {
 protected:
  // Starts it and writes the configuration. `host`: the name that a certificate is for.
  PlainBroker& serve(PlainBroker::Answer answer, std::optional<Identity> identity = std::nullopt,
                     std::string const& host = "127.0.0.1");
  // Each request is answered with these rows.
  PlainBroker& serve_rows(std::vector<std::string> const& rows);
  PlainBroker& plain() { return *plain_; }
  // As if nothing had been read yet.
  void forget_database();

  std::string page_yaml = "{type: none}";  // of the list

 private:
  std::unique_ptr<PlainBroker> plain_;
};

}  // namespace affsync::test
