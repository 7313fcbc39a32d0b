// The Wintrado CRM API 0.1.0 as an affiliate sees it.
//
// Documented by the vendor: the read endpoints and their parameters; GET /affiliates/customers;
// `limit`, `offset` and `orderBy` (column|ASC) required there, as texts; `pages`; the ledger's
// states PENDING and PAIDOUT, its fields, and that it has no count; the fields of a payout request
// without amount and state, and its count; the fields of a customer, without updatedAt; the words
// of transaction types; balances are texts and ledger amounts are numbers; which reads an API key
// alone may make.
//
// Assumed here: every path except the one above (each can be set); the header x-api-key; status
// codes and error bodies; a limit above the maximum is reduced silently; DESC and 50 rows if the
// optional parameters are missing; the ledger is ordered by id; payoutAt marks paid rows; the
// amount of a payout is in its `transaction`; withdrawals are positive amounts identified by their
// type; commission types other than CPA and action types other than FTD; the states of
// transactions; days of updatedSince and updatedTo are UTC.
#pragma once

#include <memory>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/partner_options.hpp"
#include "tests/sandbox/request_log.hpp"
#include "tests/sandbox/tokens.hpp"

namespace affsync::sandbox::wintrado {

struct WintradoOptions {
  PartnerOptions partner;
  LoginOptions login;
  std::string api_key = "sandbox-key";
  std::string api_key_header = "x-api-key";  // in lower case
  std::size_t default_limit = 50;
  std::size_t max_limit = 100;
};

// Endpoints: sessions customers ledger payouts wallet balance dashboard. Feeds: customers, ledger
// (pay, correct), payouts (approve, reject), transactions, wallet. `log` and `clock` must outlive
// the broker.
std::unique_ptr<Broker> make_wintrado(WintradoOptions options, RequestLog& log,
                                      SandboxClock& clock);

}  // namespace affsync::sandbox::wintrado
