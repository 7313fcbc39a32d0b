// Two public services of exchange rates in one: the reference rates of the European Central Bank as
// Frankfurter's API v1 gives them, and the daily files of @fawazahmed0/currency-api as jsDelivr
// serves them.
//
// Known from Frankfurter's documentation and source: /v1/latest, /v1/DAY and /v1/DAY..[DAY]; `base`
// (or `from`, EUR otherwise) and `symbols` (or `to`); a day without rates gives the last one
// before, and a period begins with the last day that is not after its first; start_date and
// end_date are those of the rates given; the number of places by size; 404 {"message":"not found"}
// for nothing, 422 for what makes no sense; rates only for business days, since 1999-01-04. Known
// of the other: the paths, with `latest`, YYYY-MM-DD or YYYY.M.D; one file a currency, small
// letters, .json or .min.json; every day of the week; 404 with a text for other days.
// Assumed here: rates of a day appear at 15:00 UTC in the first, at midnight in the second; the
// second begins on 2024-03-02; a few more currencies than the ECB's in the second, RUB, USDT and
// BTC among them. The rates themselves are made up.
#pragma once

#include <memory>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/partner_options.hpp"
#include "tests/sandbox/request_log.hpp"

namespace affsync::sandbox::rates {

struct RatesOptions {
  std::uint64_t seed = 1;
  EndpointOptions endpoints;
};

// Endpoints (their paths are what all others begin with): frankfurter currency_api. No feeds, no
// log in. `log` and `clock` must outlive it.
std::unique_ptr<Broker> make_rates(RatesOptions options, RequestLog& log, SandboxClock& clock);

}  // namespace affsync::sandbox::rates
