// The partner programme of iEXExchanger, API v3 (3.0.0).
//
// Documented by the vendor: the paths below /api/v3 and their scopes; the envelope of success and
// of errors, with pagination in meta; page with per_page 1..100 (25), and pagination=cursor; the
// names of the filters; money as text; the codes of errors; the HMAC signature over seven lines and
// its headers; the headers of limits and quotas and their examples; /ping without a key.
//
// Assumed here: the members of all rows and of the summaries, which are in no schema; lists under
// result.referrals, .exchanges and .payouts; newest first; `sort` by id and created_at only; an
// unknown filter is refused; a date without a time in created_from and created_to means its
// midnight in UTC, so created_to=2026-03-31 leaves that day out; both ends are inclusive; cursors
// go by id and have no total; statuses hold and reversed of exchanges; 429 for quota_exceeded with
// Retry-After until the quota is renewed; 401 for signature_replay; periods of statistics end now;
// balances as in v2.
#pragma once

#include <memory>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/partner_options.hpp"
#include "tests/sandbox/request_log.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

struct IexV3Options {
  PartnerOptions partner;
  std::string api_key = "sandbox-key";
  std::string hmac_secret;  // empty: no signature is required
  std::chrono::seconds allowed_skew{300};
  std::uint64_t per_minute = 60'000;
  std::uint64_t daily_quota = 10'000'000;
  std::uint64_t monthly_quota = 300'000'000;
};

// Endpoints: ping private_ping partner statistics referrals exchanges payouts usage scopes. A
// denied endpoint lacks its scope. Feeds: referrals, exchanges (reverse, settle), payouts (pay,
// reject), partner. `log` and `clock` must outlive the broker.
std::unique_ptr<Broker> make_iexexchanger_v3(IexV3Options options, RequestLog& log,
                                             SandboxClock& clock);

}  // namespace affsync::sandbox::iexexchanger_v3
