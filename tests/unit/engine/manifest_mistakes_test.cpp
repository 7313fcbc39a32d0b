// The message and position for every kind of mistake in a connector file.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "connectors/engine/manifest/manifest.hpp"
#include "tests/unit/engine/manifest_sample.hpp"

namespace affsync::engine::manifest_mistakes_test {
namespace {

// One mistake: `from` in the valid file is replaced by `to`, in which a ^ marks the position that
// the error must name. Message and hint are promised too, so they are compared.
struct Mistake {
  char const* from;
  char const* to;
  char const* words;
};

// Removes the ^ from the text and returns its position.
std::string take_mark(std::string& text) {
  auto const at = text.find('^');
  if (at == std::string::npos) throw std::runtime_error("no mark");
  text.erase(at, 1);
  auto const before = std::string_view(text).substr(0, at);
  auto const line = std::ranges::count(before, '\n') + 1;
  auto const line_start = before.rfind('\n');
  auto const column = at - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return "demo.yaml:" + std::to_string(line) + ":" + std::to_string(column);
}

class ManifestMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ManifestMistake, IsToldWithItsPlace) {
  auto const& mistake = GetParam();
  std::string text(sample_manifest);
  auto const at = text.find(mistake.from);
  ASSERT_NE(at, std::string::npos) << mistake.from;
  text.replace(at, std::string_view(mistake.from).size(), mistake.to);
  auto const place = take_mark(text);
  auto const manifest = parse_manifest(text, "demo.yaml");
  ASSERT_FALSE(manifest) << "no error";
  EXPECT_EQ(manifest.error().code, ErrorCode::config_invalid);
  EXPECT_EQ(manifest.error().to_line(), place + ": " + mistake.words);
}

INSTANTIATE_TEST_SUITE_P(
    TopLevel, ManifestMistake,
    testing::Values(
        Mistake{"name: demo", "name: ^De-Mo",
                "\"De-Mo\" cannot be the name of a connector. Use lower-case letters, digits and "
                "_, starting with a letter, at most 60."},
        Mistake{"name: demo\ntitle", "\n^title", "a connector file needs the key `name`"},
        Mistake{"title: Demo", "^titel: Demo",
                "unknown key \"titel\" in a connector file. Did you mean `title`?"},
        Mistake{"base_url: https:", "base_url: ^ftp:",
                "\"ftp://api.example.com\" is not the address of an API. Start it with https://."},
        Mistake{"  key: {description", "  ^Key: {description",
                "\"Key\" cannot be the name of a credential. Use lower-case letters, digits and _, "
                "starting with a letter, at most 60."},
        Mistake{"secret: false", "secret: ^maybe", "expected true or false, found \"maybe\""},
        Mistake{"default: UTC", "^defualt: UTC",
                "unknown key \"defualt\" in the setting \"timezone\". Did you mean "
                "`default`?"}));

INSTANTIATE_TEST_SUITE_P(
    Auth, ManifestMistake,
    testing::Values(
        Mistake{"type: login_token", "type: ^login-token",
                "\"login-token\" is not a kind of authentication. Did you mean "
                "`login_token`?"},
        Mistake{"    path: /login/\n    query", "\n    ^query", "a login needs the key `path`"},
        Mistake{"path: /login/", "path: ^login/",
                "\"login/\" is not the path of a request. Start it with a single /; the host "
                "belongs in `base_url`."},
        Mistake{"    path: /login/\n    query",
                "    url: ^login.example\n    path: /login/\n    query",
                "\"login.example\" is not the address of a login. Start it with https:// and the "
                "host; the rest is its `path`."},
        Mistake{
            "    path: /login/\n    query",
            "    url: ^https://${settings.region}.example\n    path: /login/\n    query",
            "\"https://${settings.region}.example\" is more than scheme, host, port and path of "
            "a login. Credentials and parameters have places of their own, and a setting cannot "
            "name the host that they are sent to: a source can, with `login: {url: ...}`."},
        Mistake{
            "    path: /login/\n    query",
            "    url: ^https://me@login.example\n    path: /login/\n    query",
            "\"https://me@login.example\" is more than scheme, host, port and path of a login. "
            "Credentials and parameters have places of their own, and a setting cannot name the "
            "host that they are sent to: a source can, with `login: {url: ...}`."},
        Mistake{"path: /login/", "path: ^/login/${credentials.key}",
                "a credential cannot be used here. Credentials go into `auth` only: its headers "
                "and query, or the body and the headers of the login; into the path of a stream "
                "only with `secret_path: true`."},
        Mistake{"query: {region: \"${settings.region}\"}", "query: {k: ^\"${credentials.key}\"}",
                "a credential cannot be used here. Credentials go into `auth` only: its headers "
                "and query, or the body and the headers of the login; into the path of a stream "
                "only with `secret_path: true`."},
        Mistake{"X-Key: ", "^Content-Length: ",
                "the header \"Content-Length\" cannot be set for a request"},
        Mistake{"\"${credentials.login}", "^\"${credentials.logn}",
                "\"logn\" is not among the credentials that the file declares. "
                "Did you mean `login`?"},
        Mistake{"\"${credentials.login}", "^\"${credentials.login", "a `${` without its `}`"},
        Mistake{"\"${credentials.login}", "^\"${login}",
                "\"${login}\" is unknown. Use ${settings.NAME}, ${credentials.NAME} or ${token}."},
        Mistake{"    json: {login", "    method: GET\n    json: ^{login",
                "a GET has no body. Use `method: POST`."},
        Mistake{"token: data.token", "token: ^data[token]",
                "\"data[token]\" is not a path. Use member names and indexes joined with dots "
                "(totals.count, data.0.id), or $ for the whole. A name with dots, blanks or "
                "brackets is quoted: data.\"Total Amount\"."},
        Mistake{"value: JWT ${token}", "value: ^JWT token",
                "the header's value does not use ${token}. For instance \"Bearer "
                "${token}\"."},
        Mistake{"assumed_lifetime: 6h", "assumed_lifetime: ^6",
                "\"6\" is not a duration. Write a whole number and a unit: 30s, 5m, 6h, 1d."},
        Mistake{"renew_before: 90s", "renew_before: ^25h",
                "\"25h\" is out of range. From 0s to 1d."}));

INSTANTIATE_TEST_SUITE_P(
    Answers, ManifestMistake,
    testing::Values(Mistake{"requests_per_second: 2.5", "requests_per_second: ^0",
                            "expected a number from 0.01 to 1000, found \"0\""},
                    Mistake{"max_requests_per_second: 8", "max_requests_per_second: ^2",
                            "expected a number from 2.5 to 1000, found \"2\""},
                    Mistake{"reset_unit: epoch_seconds", "reset_unit: ^epoch_second",
                            "\"epoch_second\" is not the unit of a reset header. Did you mean "
                            "`epoch_seconds`?"},
                    Mistake{"status: 401", "status: ^40",
                            "expected a whole number from 200 to 599, found \"40\""},
                    Mistake{"class: auth_invalid", "class: ^auth_invald",
                            "\"auth_invald\" is not the class of an answer. Did you mean "
                            "`auth_invalid`?"},
                    Mistake{"class: throttled, wait: ", "class: transient, wait: ^",
                            "`wait` is only allowed with `class: throttled`"},
                    Mistake{"json: error.code, equals: ", "status: 400, equals: ^",
                            "`equals` needs `json`, the path of the value to compare, or `header`"},
                    Mistake{"{contains: too many days, class", "^{class",
                            "this rule would match every answer. Give it `status`, `json`, "
                            "`header`, `content_type` or `contains`."}));

INSTANTIATE_TEST_SUITE_P(
    Stream, ManifestMistake,
    testing::Values(
        Mistake{"  rewards:\n", "  ^my rewards:\n",
                "\"my rewards\" cannot be the name of a stream. Use lower-case letters, digits and "
                "_, starting with a letter, at most 60."},
        Mistake{"  payouts:\n", "  ^rewards:\n",
                "the key \"rewards\" occurs twice. The first one is at demo.yaml:41:3."},
        Mistake{
            "every: 15m", "every: ^often",
            "\"often\" is not a schedule: not a duration. Write a whole number with its unit: 30s, "
            "15m, 6h or 1d. Or a cron line of five fields in UTC, such as \"0 6 * * *\"."},
        Mistake{
            "every: 15m", "every: ^\"99 99 * * *\"",
            "\"99 99 * * *\" is not a schedule: the minute field of the cron line: a number out of "
            "its range. It takes *, 0 to 59, ranges (1-5), steps (*/2) and lists (1,3)."},
        Mistake{
            "\"0 3 * * 0\"", "^\"0 3 * *\"",
            "\"0 3 * *\" is not a schedule: a cron line of 4 fields. Write five: minute, hour, day "
            "of the month, month, weekday; times are UTC."},
        Mistake{"    path: /rewards/\n", "    method: ^POST\n    path: /rewards/\n",
                "a stream is read with GET. A POST could move money. If the broker's documentation "
                "says that this one only reads, add `reads: true`."},
        Mistake{"path: /rewards/", "path: ^/rewards/?a=1",
                "\"/rewards/?a=1\" holds more than a path. Put parameters under `query`."},
        Mistake{"    title: Rewards\n    table: commission\n    enabled: false\n    in_reports: "
                "false\n    "
                "every: 15m\n    full_every: \"0 3 * * 0\"\n    path: /rewards/\n",
                "    ^table: commission\n",
                "the stream has neither `path` nor `path_hint`. If the path is unknown, set "
                "`path_hint` to what the user has to find out."},
        Mistake{"query: {ordering: id,", "query: ^{size: 5,",
                "the query parameter \"size\" is already set by `page`"},
        Mistake{"query: {ordering: id,", "query: ^{since: 5,",
                "the query parameter \"since\" is already set by `window`"},
        Mistake{"Accept-Language: en", "^Authorization: x",
                "the header \"Authorization\" cannot be set for a request. "
                "Describe the login under `auth`."},
        Mistake{"page: {type: offset,", "page: {type: ^pages,",
                "\"pages\" is not a kind of paging. Did you mean `page`?"},
        Mistake{"size: 50,", "size: ^500,", "expected a whole number from 1 to 200, found \"500\""},
        Mistake{"{type: offset, limit: size, offset: from, size: 50, max_size: 200, overlap: 2",
                "^{type: offset, limit: size, offset: from, size: 50, max_size: 200, overlap: 50",
                "pages of 50 rows that share 50 never come to an end. Make "
                "`overlap` smaller than `size`."},
        Mistake{"zone: Europe/Moscow", "zone: ^Europe/Moskow",
                "\"Europe/Moskow\" is not a time zone. Use a name of the tz database, such as UTC "
                "or Europe/Moscow."},
        Mistake{"span: 10d", "span: ^36h",
                "\"36h\" is not a number of whole days. For instance 7d."},
        Mistake{"start: 2020-02-29", "start: ^2021-02-29",
                "\"2021-02-29\" is not a day. Write it as 2025-01-31."},
        Mistake{"column: occurred_on}", "column: ^paid_at}",
                "the column \"paid_at\" is not a date column but timestamptz"},
        Mistake{"column: occurred_on}", "column: ^created}",
                "the column \"created\" is not mapped. Name the mapped column of "
                "days that the parameters filter on, or leave `column` out."},
        Mistake{"key: [account.id, id]", "key: ^[]", "the list is empty"},
        Mistake{"key: [account.id, id]", "key: ^$", "a whole row cannot be its own key"},
        Mistake{"volatile: seen_at", "volatile: ^$", "a whole row cannot be volatile"},
        Mistake{"evidence: {by: third_party", "evidence: {by: ^vendr",
                "\"vendr\" is not a kind of evidence. Did you mean `vendor`?"},
        Mistake{"evidence: {by: third_party, note", "evidence: ^{note",
                "the evidence of a stream needs the key `by`"},
        Mistake{"{column: amount, total", "{column: ^currency, total",
                "the column \"currency\" has no numbers to sum"},
        Mistake{"{column: amount, total", "{column: ^amount_usd, total",
                "the column \"amount_usd\" is not mapped"},
        Mistake{"tolerance: 0.5", "tolerance: ^-0.5",
                "\"-0.5\" is not a tolerance. Use a number that is not negative."},
        Mistake{"    table: payout\n", "    table: ^payot\n",
                "\"payot\" is not a record table. Did you mean `payout`?"},
        Mistake{"    table: payout\n    path_hint: ask the broker\n    records: data\n    key: id\n"
                "    map: {amount: amount}",
                "    table: fx_rate\n    path_hint: x\n    records: data\n    key: id\n"
                "    map: ^{currency: code, usd_rate: rate}",
                "a row of \"fx_rate\" needs the column \"on_date\""},
        Mistake{"    table: payout\n    path_hint: ask the broker\n    records",
                "    ^table: payout\n    path_hint: x\n    rows",
                "the stream \"payouts\" needs the key `records`"}));

INSTANTIATE_TEST_SUITE_P(
    Mapping, ManifestMistake,
    testing::Values(
        Mistake{"      account: account.id", "      ^acount: account.id",
                "\"acount\" is not a column of \"commission\". Did you mean "
                "`account`?"},
        Mistake{"account: account.id", "account: {from: account.id, as: ^decimal}",
                "the column \"account\" holds text and cannot take \"decimal\". "
                "It takes: text, currency, enum."},
        Mistake{"account: account.id", "account: {^form: account.id}",
                "unknown key \"form\" in the mapping of \"account\". Did you mean `from`?"},
        Mistake{"account: account.id", "account: {from: account.id, invert: ^true}",
                "`invert` is only allowed with decimal, but this value is text"},
        Mistake{"account: account.id", "account: {from: account.id, shift: ^2}",
                "`shift` is only allowed with decimal or percent, but this value is text"},
        Mistake{"account: account.id", "account: {from: account.id, as: ^string}",
                "\"string\" is not a type of value. One of: text, int, bool, "
                "decimal, percent, date, datetime, epoch, enum, currency, earliest, latest."},
        Mistake{"account: account.id", "account: ^{from: account.id, as: enum}",
                "an enum needs `table`: the broker's words and ours"},
        Mistake{"kind: {const: revshare}", "kind: {const: ^revshre}",
                "\"revshre\" is not a word of the column \"kind\". Did you mean "
                "`revshare`?"},
        Mistake{"kind: {const: revshare}", "kind: {const: revshare, from: ^kind}",
                "`from` cannot be combined with `const`"},
        Mistake{"kind: {const: revshare}", "^kind: kind",
                "the column \"kind\" takes only fixed words, not the broker's own. Give it a "
                "`table`, or a `const`; one of: cpa, cpl, revshare, spread_share, "
                "lot, fee_share, sub_affiliate, exchange, bonus, adjustment, other."},
        Mistake{"kind: {const: revshare}", "kind: {const: ^\"${settings.region}\"}",
                "the column \"kind\" takes only fixed words"},
        Mistake{"kind: {const: revshare}", "orders_count: {const: ^many}",
                "\"many\" cannot be a constant of the column \"orders_count\", "
                "which holds bigint"},
        Mistake{"kind: {const: revshare}", "amount_usd: {const: ^1e-3x}",
                "\"1e-3x\" cannot be a constant of the column \"amount_usd\", "
                "which holds numeric"},
        Mistake{"NEW: pending", "NEW: ^pendng",
                "\"pendng\" is not a word of the column \"status\". Did you mean "
                "`pending`?"},
        Mistake{"Done: paid", "^new: paid", "\"new\" occurs twice, because case is ignored"},
        Mistake{"default: unknown", "default: ^unknwn",
                "\"unknwn\" is not a word of the column \"status\". Did you mean "
                "`unknown`?"},
        Mistake{"\"%d.%m.%Y\"", "^dd.mm.yyyy",
                "\"dd.mm.yyyy\" is not a date format. Use iso, or strptime directives such as "
                "%d.%m.%Y %H:%M:%S."},
        Mistake{"unit: milliseconds", "unit: ^minutes",
                "\"minutes\" is not a unit of epoch times. One of: seconds, "
                "milliseconds."},
        Mistake{"as: epoch, unit: milliseconds", "unit: ^milliseconds",
                "`unit` is only allowed with epoch, but this value is datetime"},
        Mistake{"zone: \"${settings.timezone}\"", "zone: ^\"${settings.timezon}\"",
                "\"timezon\" is not among the settings that the file declares. "
                "Did you mean `timezone`?"},
        Mistake{"has_deposit: deposited", "has_deposit: {from: d, table: {y: ^ja}}",
                "the column \"has_deposit\" is true or false"},
        Mistake{"as: percent", "as: ^text",
                "the column \"amount\" holds numeric and cannot take \"text\". It "
                "takes: decimal, percent, int."}));

INSTANTIATE_TEST_SUITE_P(
    Values, ManifestMistake,
    testing::Values(
        Mistake{"paid_at: {from: paid, ", "paid_at: {from: paid, locale: ^de, ",
                "\"de\" is not a language for dates. One of: ru."},
        Mistake{"currency: currency", "currency: {from: currency, locale: ^ru}",
                "`locale` is only allowed with date or datetime or earliest or latest, but this "
                "value is "
                "currency"},
        Mistake{"paid_at: {from: paid, ", "paid_at: ^{from: paid, as: latest, ",
                "latest needs `locale`: only times in words can be intervals. For instance "
                "`locale: ru`."},
        Mistake{"occurred_on: {from: day, ", "occurred_on: {from: day, as: ^earliest, ",
                "the column \"occurred_on\" holds date and cannot take \"earliest\". It takes: "
                "date, datetime, epoch."},
        Mistake{"unit: milliseconds}", "within: {^form: at}}",
                "unknown key \"form\" in `within`. Did you mean `from`?"},
        Mistake{"unit: milliseconds}", "within: ^{locale: ru}}", "`within` needs the key `from`"},
        Mistake{"unit: milliseconds}", "within: {from: day, slack: ^1w}}",
                "\"1w\" is not a duration. Write a whole number and a unit: 30s, 5m, 6h, 1d."},
        Mistake{"unit: milliseconds}", "within: {from: day, zone: ^Moscow}}",
                "\"Moscow\" is not a time zone. Use a name of the tz database, such as UTC or "
                "Europe/Moscow."},
        Mistake{"paid_at: {from: paid, ", "paid_at: {from: paid, within: ^{from: at}, ",
                "`within` is only allowed with epoch, but this value is datetime"},
        Mistake{"scale: 4", "scale: ^currencies",
                "expected a whole number from 0 to 50, found \"currencies\""},
        Mistake{"{from: share, as: percent}", "^{from: share, scale: currency}",
                "`scale: currency` needs the row's currency. Map the column `currency` of "
                "\"balance\" as well."},
        Mistake{"{from: state, table: {NEW: pending, Done: paid}, default: unknown}",
                "{present: [{paidAt: ^piad}]}",
                "\"piad\" is not a word of the column \"status\". Did you mean `paid`?"},
        Mistake{"{from: state, table: {NEW: pending, Done: paid}, default: unknown}",
                "{present: [{paidAt: paid}], default: ^none}",
                "\"none\" is not a word of the column \"status\". One of: accrued, pending, "
                "approved, held, paid, rejected, reversed, unknown."},
        Mistake{"{from: state, table: {NEW: pending, Done: paid}, default: unknown}",
                "{present: [^{paidAt: paid, heldAt: held}]}",
                "each item of `present` is one field and its word. For instance `- {paidAt: "
                "paid}`; the first that is present counts."},
        Mistake{"{from: state, table: {NEW: pending, Done: paid}, default: unknown}",
                "{present: [{paidAt: paid}], from: ^state}",
                "`from` cannot be combined with `present`. `present` already says which field "
                "gives which word."},
        Mistake{"amount: {from: amount, shift: -2", "amount: {present: ^[{a: 1}]",
                "`present` gives a word, and the column \"amount\" holds numeric"},
        Mistake{"has_deposit: deposited", "has_deposit: {present: [{d: ^yes please}]}",
                "\"yes please\" cannot be a constant of the column \"has_deposit\", which holds "
                "boolean"},
        Mistake{"has_deposit: deposited", "has_deposit: {present: [{d: true}], default: ^maybe}",
                "\"maybe\" is neither true nor false"},
        Mistake{"kind: {const: revshare}", "kind: {const: revshare, present: ^[{a: cpa}]}",
                "`present` cannot be combined with `const`"},
        Mistake{"kind: {const: revshare}", "kind: {const: revshare, only_if: ^{a: x, b: y}}",
                "`only_if` takes one field. Such as {status: [paid, done]}."},
        Mistake{"kind: {const: revshare}", "kind: {const: revshare, only_if: {a: ^[]}}",
                "the list is empty"},
        Mistake{"kind: {const: revshare}", "kind: {const: revshare, only_if: ^a..b}",
                "\"a..b\" is not a path. Use member names and indexes joined with dots "
                "(totals.count, data.0.id), or $ for the whole."}));

INSTANTIATE_TEST_SUITE_P(
    Rows, ManifestMistake,
    testing::Values(
        Mistake{"      - table: balance\n        map: {amount: {from: share, as: percent}}",
                "      - ^table: commission\n        map: {amount: {from: share, as: percent}}",
                "rows of \"commission\" are already made from the same row with the same key. Give "
                "the entry its own `key`; a part of it may be a constant, such as [id, {const: "
                "equity}]."},
        Mistake{"      - table: balance\n        map: {amount: {from: share, as: percent}}",
                "      - table: payout\n        where: {a: b}\n        map: {amount: share}\n"
                "      - ^table: payout\n        where: {a: [c, b]}\n        map: {amount: share}",
                "rows of \"payout\" are already made from the same row with the same key. Give the "
                "entry its own `key`; a part of it may be a constant, such as [id, {const: "
                "equity}]."},
        Mistake{"    records: [data, $]\n",
                "    records: [data, $]\n    where: {sum: {not_zero: ^false}}\n",
                "`not_zero` can only be true"},
        Mistake{"      - table: balance\n        map: {amount: {from: share, as: percent}}",
                "      - table: payout\n        where: {a: {none_of: b}}\n"
                "        map: {amount: share}\n"
                "      - ^table: payout\n        where: {a: [c, b]}\n        map: {amount: share}",
                "rows of \"payout\" are already made from the same row with the same key. Give the "
                "entry its own `key`; a part of it may be a constant, such as [id, {const: "
                "equity}]."},
        Mistake{"key: [account.id, id]", "key: ^{const: x}",
                "a key of constants alone is the same for every row. Name at least one field of "
                "the row."},
        Mistake{"key: [account.id, id]", "key: [id, {const: ^\"\"}]",
                "an empty text does not distinguish rows"},
        Mistake{"    records: [data, $]\n",
                "    records: [data, $]\n    parts: [^{query: {since: x}}, {query: {a: b}}]\n",
                "the query parameter \"since\" is already set by `window`"},
        Mistake{"      - table: balance\n        map: {amount: {from: share, as: percent}}\n"
                "    reconcile:\n      - {column: amount,",
                "      - table: commission\n        key: [id, {const: y}]\n"
                "        map: {amount: share}\n"
                "    reconcile:\n      - ^{column: amount,",
                "`also` puts other rows into \"commission\", which the broker's total does not "
                "count. Read the list with two streams."}));

// Filters that exclude each other are not a mistake.
TEST(ManifestAlso, FiltersThatExcludeEachOtherMayShareATableAndAKey) {
  std::string text(sample_manifest);
  std::string_view const last =
      "      - table: balance\n        map: {amount: {from: share, as: percent}}";
  text.replace(text.find(last), last.size(),
               "      - table: balance\n        where: {a: b}\n        map: {amount: share}\n"
               "      - table: balance\n        where: {a: [c, d]}\n        map: {amount: share}\n"
               "      - table: payout\n        where: {a: [e]}\n        map: {amount: share}\n"
               "      - table: payout\n        where: {a: {none_of: [e, f]}}\n"
               "        map: {amount: share}\n"
               "      - table: balance\n        key: [id, {const: equity}]\n"
               "        map: {amount: share}");
  auto const manifest = parse_manifest(text, "demo.yaml");
  EXPECT_TRUE(manifest) << manifest.error().to_line();
}

}  // namespace
}  // namespace affsync::engine::manifest_mistakes_test
