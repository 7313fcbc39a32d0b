// Base of the tests of alerts: a broker with rows, receivers of the tests' own, and messages that
// are put into the outbox as the rules write them.
#pragma once

#include <string>
#include <vector>

#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/peer/hook_server.hpp"

namespace affsync::test {

class AlertAcceptance : public PlainAcceptance {
 protected:
  void SetUp() override;

  // Writes the configuration with these receivers (YAML items of `alerts.to`) and further lines of
  // the section.
  void tell(std::vector<std::string> const& receivers, std::string const& more = "");
  static std::string webhook(std::string const& name, HookServer const& hook,
                             std::string const& more = "");

  // Puts a message into the outbox; returns its key.
  std::string put(std::string const& receiver, std::string const& title) const;
  // Time passes: what waits for its next attempt, or is leased to somebody who is gone, is due.
  void let_time_pass() const;
  // Of the messages in their order: "ops: one sent", "ops: two waiting after 1".
  std::vector<std::string> outbox() const;
  // The daemon, which also serves HTTP; and where.
  std::unique_ptr<Process> start_daemon();
  static std::string address_of(Process& daemon);

 private:
  std::string before_alerts_;
};

}  // namespace affsync::test
