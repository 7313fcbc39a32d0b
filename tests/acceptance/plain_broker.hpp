// A broker with one list whose answers a test writes byte by byte, over plain HTTP or TLS, and the
// connector file that reads it. For what the sandbox cannot send, such as any text in any field and
// every kind of paging.
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

// A 200 answer with that JSON.
std::string answer_of(std::string const& body);
// A list of JSON rows in the format that the connector below reads.
std::string list_of(std::vector<std::string> const& rows);
// The value of a query parameter; "" if it is missing.
std::string parameter_of(std::string const& target, std::string const& name);

class PlainBroker {
 public:
  // Returns the bytes of the answer to one request; `target` is path and query.
  using Answer = std::function<std::string(std::string const& target)>;

  explicit PlainBroker(Answer answer, std::optional<Identity> identity = std::nullopt);

  std::string url(std::string const& host = "127.0.0.1") const { return peer_->url(host); }
  unsigned short port() const { return peer_->port(); }
  int connections() const { return peer_->connections(); }
  // All requests in order: complete, or only their targets.
  std::vector<std::string> requests() const;
  std::vector<std::string> targets() const;
  void forget_requests();
  // Sends these bytes behind each answer, in the same TCP segment.
  void send_behind(std::string bytes);

 private:
  void serve(PeerConnection& connection);

  Answer answer_;
  mutable std::mutex mutex_;  // each connection has its own thread
  std::vector<std::string> requests_;
  std::string behind_;
  std::unique_ptr<ScriptedPeer> peer_;
};

// The connector `own`: a name and a password, and the stream `earnings` of the table commission
// with the fields id, amount, currency and day in `data`.
inline constexpr auto connector_with_login = R"(
name: own
title: A broker of the tests
credentials:
  user: {description: login name, secret: false}
  password: {description: password}
auth: {type: basic, user: "${credentials.user}", password: "${credentials.password}"}
streams:
  earnings:
    title: Earnings
    table: commission
    path: /earnings
    page: {type: none}
    records: data
    key: id
    map:
      amount: {from: amount, required: true}
      currency: currency
      grain: {const: day}
      occurred_on: {from: day, as: date}
)";

// Reads a PlainBroker: its list `rows` goes to the table commission.
class PlainAcceptance : public Acceptance {
 protected:
  // Starts the broker and writes the configuration. `host`: the name in the certificate.
  PlainBroker& serve(PlainBroker::Answer answer, std::optional<Identity> identity = std::nullopt,
                     std::string const& host = "127.0.0.1");
  // Answers each request with these rows.
  PlainBroker& serve_rows(std::vector<std::string> const& rows);
  PlainBroker& plain() { return *plain_; }

  std::string page_yaml = "{type: none}";  // paging of the list
  std::string more_yaml;                   // further lines of its mapping

 private:
  std::unique_ptr<PlainBroker> plain_;
};

}  // namespace affsync::test
