// Two public exchange rate services in one: the reference rates of the European Central Bank in the
// format of Frankfurter's API v1, and the daily files of @fawazahmed0/currency-api as jsDelivr
// serves them.
//
// From Frankfurter's documentation and source: /v1/latest, /v1/DAY and /v1/DAY..[DAY]; `base` (or
// `from`, default EUR) and `symbols` (or `to`); a day without rates gives the previous rates, and a
// period begins with the last day that is not after its first day; start_date and end_date are the
// days of the rates given; the number of decimals depends on the size; 404 {"message":"not found"}
// if there is nothing, 422 for an invalid request; rates only for business days, since 1999-01-04.
//
// Known about currency-api: the paths, with `latest`, YYYY-MM-DD or YYYY.M.D; one file per
// currency, lower-case codes, .json or .min.json; every day of the week; 404 with a text for other
// days.
//
// Assumed here: the rates of a day appear at 15:00 UTC in Frankfurter, at midnight in currency-api;
// currency-api begins on 2024-03-02 and has a few more currencies than the ECB, among them RUB,
// USDT and BTC. The rates themselves are invented.
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

// Endpoints (their paths are the prefixes of all others): frankfurter currency_api. No feeds, no
// login. `log` and `clock` must outlive the broker.
std::unique_ptr<Broker> make_rates(RatesOptions options, RequestLog& log, SandboxClock& clock);

}  // namespace affsync::sandbox::rates
