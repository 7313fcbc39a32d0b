// The whole sandbox except the sockets. Takes a request and returns an answer with its delivery.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/request_log.hpp"
#include "tests/sandbox/throttle.hpp"

namespace affsync::sandbox {

class Sandbox {
 public:
  // `log` and `clock` must outlive the sandbox and be the same objects that the broker has.
  Sandbox(std::unique_ptr<Broker> broker, RequestLog& log, SandboxClock& clock, RateOptions rate,
          std::uint64_t seed);

  Reply answer(Request const& request);
  RequestLog& log() { return log_; }
  SandboxClock& clock() { return clock_; }
  Broker& broker() { return *broker_; }
  FaultSet& faults() { return faults_; }
  std::uint64_t seed() const { return seed_; }
  void set_rate(RateOptions rate);

 private:
  // The answer that replaces the broker's, if a fault or the rate limit requires one.
  std::optional<Reply> replacement_reply(Request const& request, ActiveFaults const& faults);
  Reply ask_broker(Request const& request, ActiveFaults const& faults);
  Reply status_reply(Fault const& fault) const;
  Reply throttled(std::string const& form, std::chrono::duration<double> wait) const;

  std::unique_ptr<Broker> broker_;
  RequestLog& log_;
  SandboxClock& clock_;
  RateOptions rate_;
  TokenBucket bucket_;
  FaultSet faults_;
  std::map<std::string, Reply> earlier_;  // last answer per path, kept while a `stale` fault is set
  std::uint64_t seed_;
};

// Applies the delivery faults: alters body, headers and delivery of an answer.
void alter_delivery(Reply& reply, Request const& request, ActiveFaults const& faults);

}  // namespace affsync::sandbox
