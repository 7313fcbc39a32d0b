#include "tests/acceptance/own_broker.hpp"

namespace affsync::test {

OwnBroker::OwnBroker() : broker_([this](std::string const&) { return answer(); }) {}

void OwnBroker::set_rows(std::vector<std::string> rows, std::string sum) {
  std::lock_guard const lock(mutex_);
  rows_ = std::move(rows);
  sum_ = std::move(sum);
}

std::string OwnBroker::answer() const {
  std::lock_guard const lock(mutex_);
  std::string body = R"({"total":)" + std::to_string(rows_.size()) + R"(,"rows":[)";
  for (auto const& row : rows_) body += row + (&row == &rows_.back() ? "" : ",");
  body += "]" + (sum_.empty() ? "" : R"(,"sum":)" + sum_) + "}";
  return answer_of(body);
}

std::string OwnBroker::connector(std::string const& stream) {
  return R"(
name: own
title: A broker of the tests
auth: {type: none}
settings:
  timezone: {description: the zone of its times, default: UTC}
streams:
  )" + stream +
         R"(:
    title: Earnings
    table: commission
    path: /earnings
    page: {type: offset, size: 100, total: total}
    records: rows
    key: id
    map:
      client_ref: client
      kind: {const: cpa}
      status:
        from: state
        table: {pending: pending, approved: approved, paid: paid, reversed: reversed}
        default: unknown
      broker_status: state
      amount: {from: amount, required: true}
      currency: currency
      amount_usd: amount_usd
      grain: {const: event}
      occurred_on: {from: at, as: datetime, zone: "${settings.timezone}"}
      occurred_at: {from: at, zone: "${settings.timezone}"}
    reconcile:
      - {column: amount, total: sum}
)";
}

}  // namespace affsync::test
