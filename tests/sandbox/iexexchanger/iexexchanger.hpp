// The partner programme of iEXExchanger, API v2.
//
// Documented by the vendor, or seen in its samples: the three paths, all GET; the Bearer key; the
// body of /account/partner without a wrapper, with its float noise; data, links and meta of the two
// lists (a simple paginator: 20 rows, no total, links.last null); the members of their rows; the
// absolute and the relative form of created_at; upper and lower case of the currencies; amounts as
// text in withdrawals and as numbers in exchanges; the 403 body with missing_ability.
//
// Assumed from the framework: the bodies of 401, 404, 405 and 429; Retry-After and
// X-RateLimit-Reset on 429; escaped letters and slashes; a request without Accept: application/json
// is redirected to a login page (a real server does so only if it refuses the key); a page that is
// not a number is the first page.
//
// Other assumptions: newest first; payout_status `paid` and `rejected`; `status` is always
// `referral`; order_id is the creation time in milliseconds in most rows; a reversed bonus
// vanishes; balance = bonuses minus paid withdrawals, totals.balance = that minus unpaid
// withdrawals, both from rouble rows only.
#pragma once

#include <memory>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/partner_options.hpp"
#include "tests/sandbox/request_log.hpp"

namespace affsync::sandbox::iexexchanger {

struct IexOptions {
  PartnerOptions partner;
  std::string api_key = "sandbox-key";
  std::string zone = "Europe/Moscow";  // time zone of created_at
  int carbon = 2;                      // major version of the date library: 2 or 3
  std::size_t page_size = 20;
};

// Endpoints and feeds: partner, exchanges (reverse: the row vanishes), withdrawals (pay, reject).
// `log` and `clock` must outlive the broker. Throws std::runtime_error for an unknown zone.
std::unique_ptr<Broker> make_iexexchanger(IexOptions options, RequestLog& log, SandboxClock& clock);

}  // namespace affsync::sandbox::iexexchanger
