// A broker of which a test writes every row: one list of commissions over HTTP, and the connector
// that reads it.
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
  // The list from now on; each row is a JSON object. `sum`: what the broker says that all amounts
  // add up to, a JSON number; empty: it says nothing.
  void set_rows(std::vector<std::string> rows, std::string sum = "");

  // The connector `own` with the stream `earnings` of the table `commission`: the fields id,
  // client, state, amount, currency, amount_usd and at, a time without a zone being of the setting
  // `timezone`.
  static std::string connector(std::string const& stream = "earnings");

 private:
  std::string answer() const;

  mutable std::mutex mutex_;
  std::vector<std::string> rows_;
  std::string sum_;
  PlainBroker broker_;  // ends before what its threads look at
};

}  // namespace affsync::test
