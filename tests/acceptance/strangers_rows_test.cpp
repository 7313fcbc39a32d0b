// Rows: nested and named members, lists written by PHP, amounts and currencies in many formats, one
// row for two tables, keys that are not unique, bytes that are not text.
#include <atomic>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_rows_test {
namespace {

class StrangersRows : public Strangers {
 protected:
  void list(std::string const& stream, Answer answer) {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    path: /list
)" + stream,
                     "{key: kk-planted-row}", std::move(answer));
  }
  void serve(std::string const& stream, std::string const& body) {
    list(stream, [this](Asked const&) { return reply(body_); });
    body_ = body;
  }
  std::string body_;
};

std::string const plain_map = R"(    table: commission
    records: data
    key: id
    map: {amount: {from: amount, required: true}, currency: cur, occurred_on: day, symbol: note}
)";

// Whatever the alphabet: a sum is no row, a refund is negative, a rejected row does not count.
TEST_F(StrangersRows, words_in_capitals_of_any_alphabet) {
  serve(
      R"(    table: commission
    records: data
    key: id
    map:
      amount: {from: sum, negative_if: {k: [возврат, rückzahlung, iade]}, required: true}
      currency: {const: EUR}
      status: {from: k, table: {отменено: rejected, Storné: reversed}, default: approved}
      order_ref: {from: order, only_if: {k: [ВОЗВРАТ, σύνολο]}}
)",
      R"({"data":[{"id":1,"sum":"10","k":"Возврат","order":"o1"},{"id":2,"sum":"10","k":"ВОЗВРАТ "},
{"id":3,"sum":"10","k":"RÜCKZAHLUNG"},{"id":4,"sum":"10","k":"İADE"},{"id":5,"sum":"10","k":"ОТМЕНЕНО"},
{"id":6,"sum":"10","k":"STORNÉ"},{"id":7,"sum":"10","k":"ΣΎΝΟΛΟ","order":"o7"}]})");
  expect_green(pass(), 7);
  EXPECT_EQ(live("external_id || '=' || amount || status || coalesce(order_ref, '')"),
            "1=-10approvedo1 2=-10approved 3=-10approved 4=-10approved 5=10rejected 6=10reversed"
            " 7=10approvedo7");
}

TEST_F(StrangersRows, sums_of_a_table_in_capitals_of_any_alphabet) {
  list(R"(    table: commission
    format: csv
    csv: {totals: {words: итого}}
    key: Id
    map: {amount: {from: Amount, required: true}, currency: {const: EUR}, occurred_on: Day}
)",
       [this](Asked const&) { return reply(body_, "200 OK", "", "text/csv"); });
  for (std::string const word : {"итого", "Итого", "ИТОГО"}) {
    body_ = "Id;Day;Amount\n1;2026-01-02;10\n2;2026-01-03;20\n" + word + ";;30\n";
    pass();
    EXPECT_EQ(live(), "1=10 2=20") << word;
  }
}

TEST_F(StrangersRows, amounts_and_currencies_in_every_spelling) {
  serve(plain_map, R"({"data":[
    {"id":"a","amount":1.5e-7,"cur":"usd"},
    {"id":"b","amount":"0.000000000000000000123456789","cur":"btc"},
    {"id":"c","amount":123456789012345678901234567890.123456789,"cur":"Eur"},
    {"id":"d","amount":"-0.10","cur":"jpy"},
    {"id":"e","amount":1E3,"cur":"usdt"},
    {"id":"f","amount":"2.50E+2","cur":"KWD"},
    {"id":"g","amount":0.1,"cur":"usd"},{"id":"h","amount":0.2,"cur":"usd"}]})");
  expect_green(pass(), 8);
  EXPECT_EQ(query("select count(*) from affsync.commission where (external_id, amount, currency) in"
                  " (('a', 0.00000015, 'USD'), ('b', 0.000000000000000000123456789, 'BTC'),"
                  "  ('c', 123456789012345678901234567890.123456789, 'EUR'), ('d', -0.1, 'JPY'),"
                  "  ('e', 1000, 'USDT'), ('f', 250, 'KWD'))"),
            "6")
      << live();
  EXPECT_EQ(query("select sum(amount) from affsync.commission where external_id in ('g', 'h')"),
            "0.3");
  expect_no_change();
  // The same numbers in another format are not a change.
  body_ = R"({"data":[
    {"id":"a","amount":0.00000015,"cur":"usd"},
    {"id":"b","amount":"123456789e-27","cur":"btc"},
    {"id":"c","amount":123456789012345678901234567890.1234567890,"cur":"Eur"},
    {"id":"d","amount":"-1e-1","cur":"jpy"},{"id":"e","amount":1000.00,"cur":"usdt"},
    {"id":"f","amount":"250","cur":"KWD"},
    {"id":"g","amount":0.10,"cur":"usd"},{"id":"h","amount":2E-1,"cur":"usd"}]})";
  expect_no_change();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_EQ(query("select amount from affsync.commission where external_id = 'd'"), "-0.10");
}

// A file for one day with {client: {currency: sum}} and the day next to it; the word "total" is not
// a client.
TEST_F(StrangersRows, members_as_rows_with_a_field_of_the_answer) {
  serve(
      R"(    table: commission
    records: {from: [res.sums, sums], names: [client, cur], value: sum, keep: {day: res.day}, empty_if_null: true}
    key: [client, cur]
    map: {client_ref: client, amount: sum, currency: cur, occurred_on: day}
)",
      R"({"res":{"day":"2026-04-01","sums":{"7":{"eur":"1.20","usd":0},"a:b":{"usd":3e1},"":{"usd":9}}}})");
  auto const synced = pass();
  EXPECT_EQ(query("select string_agg(external_id || '=' || amount || currency || occurred_on, ' '"
                  " order by external_id) from affsync.commission where client_ref <> ''"),
            R"(7:eur=1.20EUR2026-04-01 7:usd=0USD2026-04-01 a\:b:usd=30USD2026-04-01)")
      << synced.out;
  // A row without a part of its key is not stored under the remaining part.
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
  EXPECT_EQ(synced.status, 1);
}

TEST_F(StrangersRows, members_that_are_chosen_are_balances) {
  serve(
      R"(    table: balance
    records: {from: wallet, names: [what], value: sum, only: [available, on_hold.total], keep: {cur: wallet.currency}}
    key: what
    map: {metric: what, amount: sum, currency: cur}
)",
      R"({"wallet":{"currency":"eur","available":"10.00","on_hold":{"total":2.5,"since":"x"},"rank":3}})");
  expect_green(pass(), 2);
  EXPECT_EQ(live("metric || '=' || amount || currency", "balance"),
            "available=10.00EUR on_hold.total=2.5EUR");
  expect_no_change();
  body_ = R"({"wallet":{"currency":"eur","available":"9.00","on_hold":{"total":2.50},"rank":4}})";
  EXPECT_EQ(pass().count("rows", "updated"), 1);
}

// PHP: a list that lost an index, [] for {}, "" and false for nothing, dates of zeros.
TEST_F(StrangersRows, what_php_writes) {
  serve(R"(    table: payout
    records: data.rows
    page: {type: none, total: data.count}
    key: id
    map:
      amount: [final.sum, sum]
      currency: cur
      requested_at: {from: created, formats: "%Y-%m-%d %H:%M:%S"}
      paid_at: {from: paid, formats: "%Y-%m-%d %H:%M:%S"}
      reject_reason: why
      status: {present: [{refused: rejected}, {paid_flag: paid}], default: requested}
)",
        R"({"data":{"count":"3","rows":{
    "0":{"id":1,"sum":"5.00","final":[],"cur":"rub","created":"2026-01-02 03:04:05","paid":"0000-00-00 00:00:00","why":false,"refused":"","paid_flag":[]},
    "2":{"id":2,"sum":"6.00","final":{"sum":"5.50"},"cur":"rub","created":"2026-01-02 03:04:05","paid":"2026-01-03 00:00:00","why":"","refused":null,"paid_flag":"1"},
    "7":{"id":3,"sum":"7.00","final":"","cur":"rub","created":"","paid":null,"refused":"late"}}}})");
  expect_green(pass(), 3);
  EXPECT_EQ(live("external_id || '=' || amount || ' ' || status || ' ' || "
                 "coalesce(paid_at::date::text, '-') ||"
                 " coalesce(requested_at::date::text, '-')",
                 "payout"),
            "1=5.00 requested -2026-01-02 2=5.50 paid 2026-01-032026-01-02 3=7.00 rejected --");
  expect_no_change();
  // An empty list is written as [] or null. With a count of 0 the rows have vanished, with another
  // count they have not.
  body_ = R"({"data":{"count":"3","rows":null}})";
  EXPECT_EQ(pass().status, 1);
  body_ = R"({"data":{"count":3,"rows":[]}})";
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(live_count("payout"), "3");
}

// One list gives commissions and payouts. States are requested one by one, and a row moves from one
// state to another.
TEST_F(StrangersRows, parts_also_and_where) {
  std::map<std::string, std::string> state;
  for (int i = 0; i < 12; ++i) state["d" + std::to_string(10 + i)] = i % 3 == 0 ? "open" : "paid";
  state["d99"] = "internal";
  std::vector<std::string> odd;
  list(R"(    table: commission
    query: {order: id}
    parts: [{query: {st: open}}, {query: {st: paid}}, {query: {st: internal}}]
    page: {type: offset, size: 3, total: n}
    records: list
    where: {st: [open, paid]}
    key: id
    map:
      client_ref: who.ref
      amount: sum
      currency: {const: usd}
      status: {from: st, table: {OPEN: pending, Paid: paid}}
      occurred_on: {const: 2026-02-03}
    also:
      - {table: payout, where: {st: paid}, key: [id, {const: out}], map: {amount: sum, status: {const: paid}}}
)",
       [&](Asked const& asked) {
         std::vector<std::string> all;
         for (auto const& [id, st] : state) {
           if (st != asked("st")) continue;
           all.push_back(R"({"id":")" + id + R"(","st":")" + st +
                         R"(","sum":"0.50","who":{"ref":"u)" + id.substr(2) +
                         R"(","mail":"planted@mail.example"}})");
         }
         if (asked("order") != "id") odd.push_back(asked.target);
         return reply(R"({"n":)" + std::to_string(all.size()) + R"(,"list":)" +
                      slice(all, asked.number("offset", 0), asked.number("limit", 3)) + "}");
       });
  auto const first = pass();
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_TRUE(odd.empty());
  EXPECT_EQ(live_count(), "12");
  EXPECT_EQ(live_count("payout"), "8");
  expect_no_change();
  state["d10"] = "paid";
  state["d11"] = "internal";
  auto const synced = pass();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(marked(), "d11");
  EXPECT_EQ(marked("payout"), "d11:out");
  EXPECT_EQ(query("select status from affsync.commission where external_id = 'd10'"), "paid");
  EXPECT_EQ(live_count("payout"), "8");
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "5.50");
  expect_not_leaked({"planted@mail.example", "kk-planted-row"});
}

// The rows of a commission list name their client, over several pages: once stored, the client does
// not change.
TEST_F(StrangersRows, client_of_many_commissions_is_quiet) {
  std::vector<std::string> rows;
  for (int i = 0; i < 9; ++i) {
    rows.push_back(R"({"id":"c)" + std::to_string(i) + R"(","sum":"1","who":{"ref":"u)" +
                   std::to_string(i % 2) + R"(","land":"DE"}})");
  }
  list(R"(    table: commission
    records: list
    key: id
    page: {type: page, limit: n, size: 3}
    map: {client_ref: who.ref, amount: sum, currency: {const: usd}}
    also:
      - {table: client, key: who.ref, map: {client_ref: who.ref, country: who.land}}
)",
       [&](Asked const& asked) {
         return reply(R"({"list":)" + slice(rows, (asked.number("page", 1) - 1) * 3, 3) + "}");
       });
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live("external_id || country", "client"), "u0DE u1DE");
  auto const changes = query("select count(*) from affsync.record_change");
  expect_no_change();
  expect_no_change();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), changes);
}

// Two rows with the same key: neither is dropped silently. The same row twice does not matter.
TEST_F(StrangersRows, one_key_with_two_contents) {
  serve(plain_map, R"({"data":[{"id":"x","amount":1,"cur":"EUR"},{"id":"y","amount":2,"cur":"EUR"},
    {"id":"y","amount":2,"cur":"EUR"},{"id":"x","amount":3,"cur":"EUR"}]})");
  for (int i = 0; i < 2; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out;
    EXPECT_EQ(live(), "x=3 y=2");
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
  }
  body_ = R"({"data":[{"id":"x","amount":3,"cur":"EUR"},{"id":"y","amount":2,"cur":"EUR"}]})";
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(open_reasons(), "");
  expect_no_change();
}

TEST_F(StrangersRows, bytes_that_are_no_text) {
  serve(plain_map,
        "{\"data\":[{\"id\":\"a\",\"amount\":1,\"note\":\"x\\u0000y\"},"
        "{\"id\":\"b\",\"amount\":1,\"note\":\"x\xFFy\"},"
        "{\"id\":\"c\",\"amount\":1,\"note\":\"x\\uD83Dy\"},"
        "{\"id\":\"d\\u0000\",\"amount\":1},{\"id\":\"e\\u0000\",\"amount\":1},"
        "{\"id\":\"f\",\"amount\":NaN},{\"id\":\"g\",\"amount\":4,\"amount\":5},"
        "{\"id\":\"h\",\"amount\":\"7\"}]}");
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out << synced.err;
  EXPECT_EQ(live(), "a=1 b=1 c=1 h=7");
  EXPECT_EQ(query("select count(distinct symbol) || min(symbol) from affsync.commission"
                  " where external_id <> 'h'"),
            "1x\xEF\xBF\xBDy");
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "4");
  EXPECT_EQ(pass().count("rows", "updated"), 0);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "4");
  EXPECT_EQ(run_command({"quarantine", "accept", "--source", "main", "--stream", "rows", "--reason",
                         "known"})
                .status,
            0);
  EXPECT_EQ(pass().status, 0);
}

// A lifetime total grows, falls, and continues in another currency: only growth is earned.
TEST_F(StrangersRows, totals_of_a_lifetime_whose_currency_changes) {
  serve(
      R"(    table: commission
    records: data
    key: id
    map: {client_ref: id, amount: total, currency: cur, grain: {const: lifetime}}
)",
      R"({"data":[{"id":"u1","total":"100.00","cur":"eur"},{"id":"u2","total":50,"cur":"eur"}]})");
  expect_green(pass(), 2);
  auto const earned = [this] {
    return query(
        "select coalesce(string_agg(currency || trim_scale(s), ' ' order by currency), '') from"
        " (select currency, sum(amount) s from reporting.earnings_daily group by 1) e"
        " where s <> 0");
  };
  EXPECT_EQ(earned(), "");
  body_ =
      R"({"data":[{"id":"u1","total":"101.25","cur":"EUR"},{"id":"u2","total":49.5,"cur":"eur"}]})";
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned(), "EUR0.75");
  body_ =
      R"({"data":[{"id":"u1","total":"120.00","cur":"usd"},{"id":"u2","total":49.5,"cur":"eur"}]})";
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned(), "EUR0.75");
  body_ =
      R"({"data":[{"id":"u1","total":"120.10","cur":"usd"},{"id":"u2","total":49.5,"cur":"eur"}]})";
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned(), "EUR0.75 USD0.1");
  EXPECT_EQ(query("select count(*) from affsync.commission"), "2");
}

}  // namespace
}  // namespace affsync::test::strangers_rows_test
