// A connector file for the tests of the file format.
#pragma once

#include <string_view>

namespace affsync::engine {

// A file that uses every key. Tests make mistakes by changing one line.
inline constexpr std::string_view sample_manifest = R"(name: demo
title: Demo broker
documentation: https://docs.example.com
base_url: https://api.example.com
credentials:
  key: {description: the API key}
  login: {description: the e-mail, secret: false}
settings:
  timezone: {description: whose days, default: UTC}
  region:
auth:
  type: login_token
  login:
    path: /login/
    query: {region: "${settings.region}"}
    headers: {X-Key: "${credentials.key}"}
    json: {login: "${credentials.login}"}
  token: data.token
  strip_prefix: "JWT "
  header: X-Auth
  value: JWT ${token}
  lifetime_from_jwt: true
  assumed_lifetime: 6h
  renew_before: 90s
rate:
  requests_per_second: 2.5
  max_requests_per_second: 8
  burst: 3
  concurrency: 4
  remaining_header: X-Left
  reset_header: X-Reset
  reset_unit: epoch_seconds
  wait_text: available in
  wait_cap: 10m
errors:
  - {status: 401, login: true, class: auth_invalid}
  - {status: [429, 503], class: throttled, wait: 30s}
  - {json: error.code, equals: [E1, E2], class: empty}
  - {contains: too many days, class: window_too_large}
streams:
  rewards:
    title: Rewards
    table: commission
    enabled: false
    in_reports: false
    every: 15m
    full_every: "0 3 * * 0"
    path: /rewards/
    query: {ordering: id, region: "${settings.region}"}
    headers: {Accept-Language: en}
    page: {type: offset, limit: size, offset: from, size: 50, max_size: 200, overlap: 2, total: meta.count}
    window: {from: since, to: until, zone: Europe/Moscow, span: 10d, start: 2020-02-29, lookback: 3d, column: occurred_on}
    records: [data, $]
    key: [account.id, id]
    personal: [comment, client.name]
    evidence: {by: third_party, note: rows that somebody saved}
    volatile: seen_at
    map:
      account: account.id
      client_ref: {from: [uid, client.uid], take_before: "-", strip_prefix: "#", lower_case: true, required: true}
      amount: {from: amount, shift: -2, scale: 4, null_if: [n/a, "-"]}
      currency: currency
      kind: {const: revshare}
      status: {from: state, table: {NEW: pending, Done: paid}, default: unknown}
      occurred_on: {from: day, formats: ["%d.%m.%Y", iso]}
      occurred_at: {from: at, as: epoch, unit: milliseconds}
      paid_at: {from: paid, zone: "${settings.timezone}"}
      partner_account: {const: "${settings.region}"}
    also:
      - table: client
        key: client.uid
        map: {name: client.name, has_deposit: deposited}
      - table: balance
        map: {amount: {from: share, as: percent}}
    reconcile:
      - {column: amount, total: totals.amount, tolerance: 0.5}
      - {total: totals.count}
  payouts:
    table: payout
    path_hint: ask the broker
    records: data
    key: id
    map: {amount: amount}
)";

}  // namespace affsync::engine
