// The Wintrado sandbox: login and API key, lists with and without counts, and changes of rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sandbox/tests/sandbox_under_test.hpp"
#include "tests/sandbox/wintrado/wintrado.hpp"

namespace affsync::sandbox::wintrado_test {
namespace {

std::string const customers_path = "/affiliates/customers";
std::string const ledger_path = "/commissions/ledger";
std::string const payouts_path = "/commissions/payout-requests";
std::string const wallet_path = "/affiliates/wallet";

// 40 customers, 333 ledger rows and 20 payouts before 2026-03-31; it is noon of that day.
wintrado::WintradoOptions small_wintrado() {
  wintrado::WintradoOptions options;
  options.partner.seed = 7;
  options.partner.clients = 40;
  options.partner.rows = 333;
  options.partner.payouts = 20;
  options.partner.days = 100;
  options.partner.today = *parse_day("2026-03-31");
  return options;
}

class WintradoUnderTest : public SandboxUnderTest {
 public:
  explicit WintradoUnderTest(wintrado::WintradoOptions options = small_wintrado())
      : SandboxUnderTest([&](RequestLog& log, SandboxClock& sandbox_clock) {
          return wintrado::make_wintrado(options, log, sandbox_clock);
        }) {
    clock().set(*parse_instant("2026-03-31T12:00:00Z"), true);
    headers = {{"Authorization", "Bearer " + log_in("sandbox-password")}};
  }

  std::string log_in(std::string const& password) {
    auto const reply = send("POST", "/sessions",
                            R"({"username":"partner@example.com","password":")" + password + "\"}");
    return reply.status == 200 ? text_of(parse_json(reply.body).value(), "token") : "";
  }
  // Reads every row of a list, until a page is empty.
  std::vector<Json> all(std::string const& path, std::string const& list,
                        std::string const& filters = {}, int limit = 60) {
    std::vector<Json> rows;
    for (;;) {
      auto const page = get_json(path + "?limit=" + std::to_string(limit) +
                                 "&offset=" + std::to_string(rows.size()) + filters);
      auto const& items = page.find(list)->items();
      if (items.empty()) return rows;
      rows.insert(rows.end(), items.begin(), items.end());
    }
  }
  std::vector<Json> ledger(std::string const& filters = {}) {
    return all(ledger_path, "commissionLedger", filters);
  }
  std::vector<Json> payouts(std::string const& filters = {}) {
    return all(payouts_path, "payoutRequests", filters);
  }
  std::vector<Json> customers(std::string const& filters = {}) {
    return all(customers_path, "customers", "&orderBy=id%7CASC" + filters);
  }
};

// The rows whose member `field` equals `value`.
std::vector<Json> with(std::vector<Json> const& rows, std::string const& field,
                       std::string const& value) {
  std::vector<Json> out;
  for (auto const& row : rows)
    if (text_of(row, field) == value) out.push_back(row);
  return out;
}

TEST(Wintrado, the_same_seed_gives_the_same_bytes_and_another_other_ones) {
  WintradoUnderTest one, same;
  auto options = small_wintrado();
  options.partner.seed = 8;
  WintradoUnderTest other(options);
  for (auto const& path : {ledger_path, payouts_path, wallet_path,
                           customers_path + "?limit=9&offset=3&orderBy=name%7CDESC"}) {
    EXPECT_EQ(one.get(path).body, same.get(path).body) << path;
    EXPECT_NE(one.get(path).body, other.get(path).body) << path;
  }
}

TEST(Wintrado, lists_hold_the_rows_asked_for_with_keys_of_their_own) {
  WintradoUnderTest broker;
  for (auto const& rows : {broker.ledger(), broker.customers(), broker.payouts()}) {
    auto const keys = column(rows, "id");
    EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), rows.size());
  }
  EXPECT_EQ(broker.ledger().size(), 333u);
  EXPECT_EQ(broker.customers().size(), 40u);
  EXPECT_EQ(broker.payouts().size(), 20u);
}

TEST(Wintrado, books_equal_the_sum_over_all_pages) {
  WintradoUnderTest broker;
  broker.control("do=correct&feed=ledger&rows=20");
  broker.control("do=pay&feed=ledger&rows=9");
  auto const rows = broker.ledger();
  EXPECT_EQ(broker.book("ledger", "rows"), "333");
  for (std::string const currency : {"USD", "EUR", "USDT"}) {
    auto const of_currency = with(rows, "currency", currency);
    ASSERT_FALSE(of_currency.empty());
    std::vector<Json> corrected, first, paid;
    for (auto const& row : of_currency)
      (text_of(row, "correctedCommissionAmount") == "null" ? first : corrected).push_back(row);
    EXPECT_EQ(broker.book("ledger", "commissionAmount." + currency),
              sum_of(of_currency, "commissionAmount"));
    EXPECT_EQ(broker.book("ledger", "correctedCommissionAmount." + currency),
              sum_of(corrected, "correctedCommissionAmount"));
    Json::Object parts;
    parts.push_back({"x", Json::string(sum_of(first, "commissionAmount"))});
    Json::Object more;
    more.push_back({"x", Json::string(sum_of(corrected, "correctedCommissionAmount"))});
    EXPECT_EQ(broker.book("ledger", "amount." + currency),
              sum_of({Json::object(std::move(parts)), Json::object(std::move(more))}, "x"));
  }
}

TEST(Wintrado, the_wallet_holds_credits_less_completed_withdrawals) {
  WintradoUnderTest broker;
  auto const wallet = broker.get_json(wallet_path);
  auto const& rows = wallet.find("transactions")->items();
  EXPECT_EQ(rows.size(), 80u);
  std::vector<Json> credits;
  for (auto const& row : rows)
    if (text_of(row, "type") != "WITHDRAWAL") credits.push_back(row);
  auto const withdrawals = with(with(rows, "type", "WITHDRAWAL"), "status", "COMPLETED");
  ASSERT_FALSE(withdrawals.empty());
  Json::Object left;
  left.push_back({"x", Json::string(sum_of(credits, "amount"))});
  Json::Object right;
  right.push_back({"x", Json::string("-" + sum_of(withdrawals, "amount"))});
  auto const balance = sum_of({Json::object(std::move(left)), Json::object(std::move(right))}, "x");
  EXPECT_EQ(sum_of({*wallet.find("wallet")}, "balance"), balance);
  EXPECT_EQ(broker.get_text("/transactions/balance", "balance"), balance);
  EXPECT_EQ(broker.book("wallet", "balance.USD"), balance);
}

TEST(Wintrado, withdrawals_of_the_wallet_are_those_of_the_payout_requests) {
  WintradoUnderTest broker;
  broker.control("do=add&feed=payouts&rows=2");
  auto const wallet = broker.get_json(wallet_path);
  auto const withdrawals = with(wallet.find("transactions")->items(), "type", "WITHDRAWAL");
  std::set<std::string> of_wallet, of_payouts;
  for (auto const& row : withdrawals) of_wallet.insert(row.dump());
  for (auto const& row : broker.payouts()) {
    of_payouts.insert(row.find("transaction")->dump());
    EXPECT_EQ(text_of(row, "transactionId"), text_at(row, "transaction.id"));
  }
  EXPECT_EQ(of_payouts.size(), 22u);
  EXPECT_EQ(of_wallet, of_payouts);
}

TEST(Wintrado, customers_want_all_three_paging_parameters) {
  WintradoUnderTest broker;
  auto const reply = broker.get(customers_path + "?limit=5");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(text_at(parse_json(reply.body).value(), "errors.0"), "offset is required");
  EXPECT_EQ(text_at(parse_json(reply.body).value(), "errors.1"), "orderBy is required");
  for (auto const* order : {"name", "name|", "nome|ASC", "name,ASC"})
    EXPECT_EQ(broker.get(customers_path + "?limit=5&offset=0&orderBy=" + order).status, 400);
  EXPECT_EQ(broker.get(customers_path + "?limit=x&offset=0&orderBy=id|ASC").status, 400);
}

TEST(Wintrado, pages_of_customers_count_at_the_limit_that_is_obeyed) {
  WintradoUnderTest broker;
  auto const page = [&](int limit) {
    return broker.get_json(customers_path + "?limit=" + std::to_string(limit) +
                           "&offset=0&orderBy=id%7CASC");
  };
  EXPECT_EQ(text_of(page(7), "pages"), "6");
  EXPECT_EQ(text_of(page(40), "pages"), "1");
  auto options = small_wintrado();
  options.max_limit = 15;
  WintradoUnderTest capped(options);
  auto const cut = capped.get_json(customers_path + "?limit=40&offset=0&orderBy=id%7CASC");
  EXPECT_EQ(cut.find("customers")->items().size(), 15u);
  EXPECT_EQ(text_of(cut, "pages"), "3");
}

TEST(Wintrado, customers_are_ordered_searched_and_filtered) {
  WintradoUnderTest broker;
  auto ids = column(broker.customers(), "id");
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  auto const backward = column(broker.all(customers_path, "customers", "&orderBy=id%7CDESC"), "id");
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(backward, ids);
  auto const account = text_of(broker.customers()[3], "accountId");
  EXPECT_EQ(broker.customers("&search=" + account).size(), 1u);
  EXPECT_EQ(broker.customers("&externalId=ext-5").size(), 1u);
  auto const sources = with(broker.customers(), "source", "telegram").size();
  EXPECT_EQ(broker.customers("&sources=telegram").size(), sources);
}

TEST(Wintrado, customers_alike_can_change_places_between_pages) {
  WintradoUnderTest broker;
  auto const target = customers_path + "?limit=40&offset=0&orderBy=country%7CASC";
  auto const ids = [&] { return column(broker.get_json(target).find("customers")->items(), "id"); };
  auto const before = ids();
  EXPECT_EQ(ids(), before);
  broker.fault("shuffle_ties");
  auto once = ids(), again = ids();
  EXPECT_NE(once, again);
  std::sort(once.begin(), once.end());
  std::sort(again.begin(), again.end());
  EXPECT_EQ(once, again);
  auto const rows = broker.get_json(target).find("customers")->items();
  auto const countries = column(rows, "country");
  EXPECT_TRUE(std::is_sorted(countries.begin(), countries.end()));
}

TEST(Wintrado, an_updated_customer_is_found_by_its_day_only) {
  WintradoUnderTest broker;
  auto const none = broker.customers("&updatedSince=2026-03-31");
  EXPECT_TRUE(none.empty());
  auto const report = broker.control("do=change&feed=customers");
  auto const id = text_at(report, "after.0.id");
  EXPECT_EQ(column(broker.customers("&updatedSince=2026-03-31"), "id"), std::vector{id});
  EXPECT_EQ(broker.customers("&updatedSince=2026-03-31&updatedTo=2026-03-31").size(), 1u);
  EXPECT_EQ(broker.customers("&updatedSince=2026-04-01").size(), 0u);
  EXPECT_EQ(broker.customers("&updatedTo=2026-03-30").size(), 39u);
  EXPECT_EQ(text_at(report, "after.0.updatedAt"), "absent");
  EXPECT_EQ(broker.get(customers_path + "?limit=1&offset=0&orderBy=id|ASC&updatedTo=x").status,
            400);
}

TEST(Wintrado, the_ledger_is_newest_first_and_counts_nothing) {
  WintradoUnderTest broker;
  auto const page = broker.get_json(ledger_path);
  EXPECT_EQ(page.members().size(), 1u);
  EXPECT_EQ(page.find("commissionLedger")->items().size(), 50u);
  auto ids = column(broker.ledger(), "id");
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(column(broker.ledger("&order=ASC"), "id"), ids);
  EXPECT_EQ(broker.get(ledger_path + "?order=asc").status, 400);
  EXPECT_EQ(broker.get(ledger_path + "?statuses=OPEN").status, 400);
}

TEST(Wintrado, states_of_the_ledger_go_by_payoutAt) {
  WintradoUnderTest broker;
  auto const pending = broker.ledger("&statuses=PENDING");
  EXPECT_EQ(pending.size(), with(broker.ledger(), "payoutAt", "null").size());
  EXPECT_EQ(with(pending, "payoutAt", "null").size(), pending.size());
  EXPECT_EQ(broker.ledger("&statuses=PAIDOUT").size(), 333 - pending.size());
  EXPECT_EQ(broker.ledger("&statuses=PENDING,PAIDOUT").size(), 333u);
  EXPECT_EQ(broker.ledger("&statuses=PENDING&statuses=PAIDOUT").size(), 333u);
}

TEST(Wintrado, a_paid_row_leaves_the_pending_ones) {
  WintradoUnderTest broker;
  auto const before = broker.ledger("&statuses=PENDING");
  auto const report = broker.control("do=pay&feed=ledger&rows=4");
  for (auto const& row : report.find("before")->items())
    EXPECT_EQ(text_of(row, "payoutAt"), "null");
  for (auto const& row : report.find("after")->items()) {
    EXPECT_EQ(text_of(row, "payoutAt"), "2026-03-31T12:00:00.000Z");
    EXPECT_EQ(text_of(row, "updatedAt"), "2026-03-31T12:00:00.000Z");
  }
  EXPECT_EQ(broker.ledger("&statuses=PENDING").size(), before.size() - 4);
}

TEST(Wintrado, a_payment_leaves_corrections_alone) {
  WintradoUnderTest broker;
  broker.control("do=correct&feed=ledger&rows=300");
  auto const report = broker.control("do=pay&feed=ledger&rows=333");
  auto const amounts = [&](std::string const& when) {
    return column(report.find(when)->items(), "correctedCommissionAmount");
  };
  ASSERT_FALSE(amounts("before").empty());
  EXPECT_EQ(amounts("before"), amounts("after"));
  // Pays all rows, including those that were corrected from the start.
  WintradoUnderTest untouched;
  auto const paid = untouched.control("do=pay&feed=ledger&rows=333");
  auto const before = column(paid.find("before")->items(), "correctedCommissionAmount");
  EXPECT_EQ(before, column(paid.find("after")->items(), "correctedCommissionAmount"));
  EXPECT_NE(std::count(before.begin(), before.end(), "null"), std::ptrdiff_t(before.size()));
}

TEST(Wintrado, a_correction_keeps_the_first_amount_and_the_payment) {
  WintradoUnderTest broker;
  auto const report = broker.control("do=correct&feed=ledger&rows=30&seed=3");
  auto const& before = report.find("before")->items();
  auto const& after = report.find("after")->items();
  ASSERT_EQ(after.size(), 30u);
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(text_of(before[i], "correctedCommissionAmount"), "null");
    EXPECT_NE(text_of(after[i], "correctedCommissionAmount"), "null");
    for (auto const* kept : {"id", "commissionAmount", "payoutAt", "referralId", "currency"})
      EXPECT_EQ(text_of(before[i], kept), text_of(after[i], kept)) << kept;
  }
}

TEST(Wintrado, a_payout_is_approved_or_rejected_once) {
  WintradoUnderTest broker;
  EXPECT_EQ(text_of(broker.get_json(payouts_path + "?statuses=PENDING"), "count"), "2");
  auto const approved = broker.control("do=approve&feed=payouts");
  EXPECT_EQ(text_at(approved, "after.0.approvedAt"), "2026-03-31T12:00:00.000Z");
  auto const rejected = broker.control("do=reject&feed=payouts");
  EXPECT_EQ(text_at(rejected, "after.0.rejectedAt"), "2026-03-31T12:00:00.000Z");
  EXPECT_NE(text_at(rejected, "after.0.rejectReason"), "null");
  EXPECT_TRUE(broker.control("do=approve&feed=payouts").find("after")->items().empty());
  EXPECT_EQ(text_of(broker.get_json(payouts_path), "count"), "20");
}

TEST(Wintrado, an_added_row_is_the_newest_and_moves_the_others) {
  WintradoUnderTest broker;
  auto const before = column(broker.ledger(), "id");
  auto const report = broker.control("do=add&feed=ledger&rows=1&day=2026-01-05");
  auto const after = column(broker.ledger(), "id");
  ASSERT_EQ(after.size(), before.size() + 1);
  EXPECT_EQ(after[0], text_at(report, "after.0.id"));
  EXPECT_EQ(after[1], before[0]);
  EXPECT_EQ(text_at(report, "after.0.actionTimestamp"), "2026-01-05T12:00:00.000Z");
}

TEST(Wintrado, days_that_pass_bring_rows) {
  WintradoUnderTest broker;
  EXPECT_EQ(text_of(broker.control("do=advance&days=2&rows=3"), "today"), "2026-04-02");
  broker.headers = {{"Authorization", "Bearer " + broker.log_in("sandbox-password")}};
  auto const rows = broker.ledger();
  EXPECT_EQ(rows.size(), 339u);
  EXPECT_EQ(text_of(rows.front(), "actionTimestamp").substr(0, 10), "2026-04-02");
}

TEST(Wintrado, a_key_opens_customers_and_wallet_only) {
  WintradoUnderTest broker;
  broker.headers = {{"X-Api-Key", "sandbox-key"}};
  EXPECT_EQ(broker.get(customers_path + "?limit=1&offset=0&orderBy=id%7CASC").status, 200);
  EXPECT_EQ(broker.get(wallet_path).status, 200);
  for (auto const& path : {ledger_path, payouts_path, std::string("/transactions/balance")})
    EXPECT_EQ(broker.get(path).status, 401) << path;
  broker.headers = {{"X-Api-Key", "other"}};
  EXPECT_EQ(broker.get(wallet_path).status, 401);
  broker.headers.clear();
  EXPECT_EQ(broker.get(wallet_path).status, 401);
}

TEST(Wintrado, log_in_wants_the_right_password) {
  WintradoUnderTest broker;
  EXPECT_EQ(broker.log_in("wrong"), "");
  EXPECT_EQ(broker.send("POST", "/sessions", "{}").status, 400);
  auto const reply = broker.send(
      "POST", "/sessions", R"({"username":"partner@example.com","password":"sandbox-password"})");
  EXPECT_EQ(text_at(parse_json(reply.body).value(), "user.localCurrency"), "USD");
  EXPECT_EQ(text_of(broker.get_json("/sandbox/log"), "logins_refused"), "1");
}

TEST(Wintrado, a_token_ends_with_its_time) {
  WintradoUnderTest broker;
  EXPECT_EQ(broker.get(ledger_path).status, 200);
  broker.control("do=clock&advance=21601");
  auto const reply = broker.get(ledger_path);
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(text_of(parse_json(reply.body).value(), "error"), "jwt expired");
}

TEST(Wintrado, endpoints_can_be_moved_hidden_and_denied) {
  auto options = small_wintrado();
  options.partner.endpoints.paths = {{"ledger", "/other/ledger"}};
  options.partner.endpoints.hidden = {"payouts"};
  WintradoUnderTest broker(options);
  EXPECT_EQ(broker.get(ledger_path).status, 404);
  EXPECT_EQ(broker.get("/other/ledger").status, 200);
  EXPECT_EQ(broker.get(payouts_path).status, 404);
  broker.control("do=show&name=payouts");
  EXPECT_EQ(broker.get(payouts_path).status, 200);
  broker.control("do=deny&name=payouts");
  EXPECT_EQ(broker.get(payouts_path).status, 403);
  EXPECT_THROW(broker.control("do=hide&name=nothing"), std::runtime_error);
  options.partner.endpoints.hidden = {"nothing"};
  EXPECT_THROW(WintradoUnderTest{options}, std::runtime_error);
}

TEST(Wintrado, refusals_are_in_its_own_form) {
  WintradoUnderTest broker;
  broker.fault("throttle:next=1,wait=7");
  auto const throttled = broker.get(ledger_path);
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(header_of(throttled, "Retry-After"), "7");
  EXPECT_NE(text_of(parse_json(throttled.body).value(), "error"), "absent");
  EXPECT_EQ(broker.send("POST", ledger_path).status, 405);
  EXPECT_EQ(text_of(broker.get_json("/sandbox/log"), "other_methods"), "1");
}

TEST(Wintrado, rows_and_counts_can_be_bent) {
  WintradoUnderTest broker;
  broker.fault("bad_number:path=ledger,row=2");
  broker.fault("total:path=payout,delta=3");
  auto const rows = broker.get_json(ledger_path).find("commissionLedger")->items();
  EXPECT_EQ(text_of(rows[2], "commissionAmount"), "n/a");
  EXPECT_EQ(text_of(broker.get_json(payouts_path), "count"), "23");
}

}  // namespace
}  // namespace affsync::sandbox::wintrado_test
