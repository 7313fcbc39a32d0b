// A broker whose rows a test writes: one list of commissions over HTTP, and the connector that
// reads it.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test {

class OwnBroker {
 public:
  OwnBroker();

  std::string url() const { return broker_.url(); }
  // Replaces the list; each row is a JSON object. `sum`: the total of all amounts that the broker
  // reports, a JSON number; empty: none.
  void set_rows(std::vector<std::string> rows, std::string sum = "");

  // The connector `own` with the stream `earnings` of the table `commission` and the fields id,
  // client, state, amount, currency, amount_usd and at. A time without an offset is in the zone of
  // the setting `timezone`.
  static std::string connector(std::string const& stream = "earnings");

 private:
  std::string answer() const;

  mutable std::mutex mutex_;
  std::vector<std::string> rows_;
  std::string sum_;
  PlainBroker broker_;  // last member: it ends before the data that its threads use
};

}  // namespace affsync::test
