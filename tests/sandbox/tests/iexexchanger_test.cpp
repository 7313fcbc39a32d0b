// The sandbox of iEXExchanger's API v2: the simple paginator, relative times, refusals.
#include "tests/sandbox/iexexchanger/iexexchanger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sandbox/tests/sandbox_under_test.hpp"

namespace affsync::sandbox::iexexchanger_test {
namespace {

std::string const partner_path = "/api/v2/account/partner";
std::string const exchanges_path = "/api/v2/account/partner/exchanges";
std::string const withdrawals_path = "/api/v2/account/partner/withdrawal";

// The member that holds everything of a row except its id and type.
Json const& inner(Json const& row) {
  return *row.find("attributes");
}

std::vector<Json> inner_of(std::vector<Json> const& rows) {
  std::vector<Json> out;
  for (auto const& row : rows) out.push_back(inner(row));
  return out;
}

// 115 exchanges and 25 withdrawals in the 60 days before 2026-03-31; it is noon of that day in
// Moscow.
iexexchanger::IexOptions small_iex() {
  iexexchanger::IexOptions options;
  options.partner.seed = 7;
  options.partner.clients = 30;
  options.partner.rows = 115;
  options.partner.payouts = 25;
  options.partner.days = 60;
  options.partner.today = *parse_day("2026-03-31");
  return options;
}

class IexUnderTest : public SandboxUnderTest {
 public:
  explicit IexUnderTest(iexexchanger::IexOptions options = small_iex(), RateOptions rate = {})
      : SandboxUnderTest(
            [&](RequestLog& log, SandboxClock& sandbox_clock) {
              return iexexchanger::make_iexexchanger(options, log, sandbox_clock);
            },
            std::move(rate)) {
    clock().set(*parse_instant("2026-03-31T09:00:00Z"), true);
    headers = {{"Accept", "application/json"}, {"Authorization", "Bearer sandbox-key"}};
  }

  // Reads every row, following the next links.
  std::vector<Json> all(std::string const& path) {
    std::vector<Json> rows;
    for (int number = 1;; ++number) {
      auto const page = get_json(path + "?page=" + std::to_string(number));
      auto const& data = page.find("data")->items();
      rows.insert(rows.end(), data.begin(), data.end());
      if (text_at(page, "links.next") == "null") return rows;
    }
  }
};

TEST(Iexexchanger, the_same_seed_gives_the_same_bytes_and_another_other_ones) {
  IexUnderTest one, same;
  auto options = small_iex();
  options.partner.seed = 8;
  IexUnderTest other(options);
  for (auto const& path : {partner_path, exchanges_path + "?page=3", withdrawals_path}) {
    EXPECT_EQ(one.get(path).body, same.get(path).body) << path;
    EXPECT_NE(one.get(path).body, other.get(path).body) << path;
  }
}

TEST(Iexexchanger, pages_have_twenty_rows_and_no_total) {
  IexUnderTest broker;
  auto const page = broker.get_json(exchanges_path + "?page=2");
  EXPECT_EQ(page.find("data")->items().size(), 20u);
  EXPECT_EQ(text_at(page, "meta.current_page"), "2");
  EXPECT_EQ(text_at(page, "meta.from"), "21");
  EXPECT_EQ(text_at(page, "meta.to"), "40");
  EXPECT_EQ(text_at(page, "meta.per_page"), "20");
  EXPECT_EQ(text_at(page, "meta.total"), "absent");
  EXPECT_EQ(text_at(page, "meta.last_page"), "absent");
  EXPECT_EQ(text_at(page, "links.last"), "null");
  EXPECT_EQ(text_at(page, "links.next"), "http://broker.example:8080" + exchanges_path + "?page=3");
  EXPECT_EQ(text_at(page, "links.prev"), "http://broker.example:8080" + exchanges_path + "?page=1");
  auto const last = broker.get_json(exchanges_path + "?page=6");
  EXPECT_EQ(last.find("data")->items().size(), 15u);
  EXPECT_EQ(text_at(last, "links.next"), "null");
  auto const beyond = broker.get_json(exchanges_path + "?page=7");
  EXPECT_TRUE(beyond.find("data")->items().empty());
  EXPECT_EQ(text_at(beyond, "meta.from"), "null");
  EXPECT_EQ(text_at(beyond, "meta.to"), "null");
  EXPECT_EQ(broker.get(exchanges_path + "?page=x").body, broker.get(exchanges_path).body);
}

TEST(Iexexchanger, a_full_last_page_has_no_next_one) {
  auto options = small_iex();
  options.partner.rows = 40;
  IexUnderTest broker(options);
  EXPECT_EQ(broker.get_text(exchanges_path + "?page=2", "links.next"), "null");
}

TEST(Iexexchanger, rows_are_newest_first_with_keys_of_their_own) {
  IexUnderTest broker;
  for (auto const& path : {exchanges_path, withdrawals_path}) {
    std::vector<long> ids;
    for (auto const& id : column(broker.all(path), "id")) ids.push_back(std::stol(id));
    EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
  }
}

TEST(Iexexchanger, books_equal_the_sum_over_all_pages) {
  IexUnderTest broker;
  auto const exchanges = inner_of(broker.all(exchanges_path));
  EXPECT_EQ(broker.book("exchanges", "rows"), std::to_string(exchanges.size()));
  for (auto const& [small, large] :
       {std::pair("rub", "RUB"), std::pair("usdt", "USDT"), std::pair("usd", "USD")}) {
    std::vector<Json> of_currency;
    for (auto const& row : exchanges)
      if (text_of(row, "currency") == small) of_currency.push_back(row);
    ASSERT_FALSE(of_currency.empty());
    EXPECT_EQ(broker.book("exchanges", std::string("amount.") + large),
              sum_of(of_currency, "amount"));
  }
  std::vector<Json> all, paid;
  for (auto const& row : inner_of(broker.all(withdrawals_path))) {
    if (text_at(row, "charged_amount.currency") != "RUB") continue;
    all.push_back(*row.find("charged_amount"));
    if (text_of(row, "payout_status") == "paid") paid.push_back(all.back());
  }
  EXPECT_EQ(broker.book("withdrawals", "amount.RUB"), sum_of(all, "amount"));
  EXPECT_EQ(broker.book("withdrawals", "amount_paid.RUB"), sum_of(paid, "amount"));
  EXPECT_EQ(broker.book("partner", "totals.withdrawal.RUB"), sum_of(paid, "amount"));
  EXPECT_EQ(broker.get_text(partner_path, "attributes.balance"),
            broker.book("partner", "balance.RUB"));
}

TEST(Iexexchanger, the_partner_is_not_wrapped_and_follows_the_lists) {
  IexUnderTest broker;
  auto const before = broker.get_json(partner_path);
  EXPECT_EQ(text_of(before, "type"), "referral");
  EXPECT_EQ(text_at(before, "attributes.count_referral"), "30");
  EXPECT_EQ(text_at(before, "attributes.iso_code"), "rub");
  broker.control("do=pay&feed=withdrawals&rows=2");
  auto const after = broker.get_json(partner_path);
  EXPECT_NE(text_at(before, "attributes.totals.withdrawal"),
            text_at(after, "attributes.totals.withdrawal"));
}

TEST(Iexexchanger, most_order_ids_are_the_time_of_the_exchange) {
  IexUnderTest broker;
  auto const order_ids = column(inner_of(broker.all(exchanges_path)), "order_id");
  // In milliseconds: from 2026-01-30 to 2026-03-31.
  auto const in_history =
      std::count_if(order_ids.begin(), order_ids.end(), [](std::string const& text) {
        return std::stoll(text) >= 1'769'731'200'000 && std::stoll(text) < 1'774'915'200'000;
      });
  EXPECT_GT(in_history, 90);
  EXPECT_LT(in_history, 115);
}

TEST(Iexexchanger, relative_times_pass_and_nothing_else_changes) {
  IexUnderTest broker;
  broker.control("do=add&feed=exchanges");
  auto const first = [&] { return broker.get_json(exchanges_path).find("data")->items()[0]; };
  auto const before = first();
  EXPECT_EQ(text_of(inner(before), "created_at"), "1 секунду назад");
  EXPECT_EQ(text_of(inner(before), "order_id"), "1774947600000");
  broker.control("do=clock&advance=125");
  EXPECT_EQ(text_of(inner(first()), "created_at"), "2 минуты назад");
  broker.control("do=clock&advance=604800");
  EXPECT_EQ(text_of(inner(first()), "created_at"), "1 неделю назад");
  EXPECT_EQ(text_of(before, "id"), text_of(first(), "id"));
  for (auto const* field : {"amount", "order_id", "status"})
    EXPECT_EQ(text_of(inner(before), field), text_of(inner(first()), field));
}

TEST(Iexexchanger, the_date_of_answers_is_that_of_its_clock) {
  IexUnderTest broker;
  auto const head = render_head(broker.get(partner_path));
  EXPECT_NE(head.find("\r\nDate: Tue, 31 Mar 2026 09:00:00 GMT\r\n"), std::string::npos) << head;
}

TEST(Iexexchanger, withdrawals_have_local_times) {
  IexUnderTest broker;
  broker.control("do=add&feed=withdrawals&day=2026-03-30T22:15:00Z");
  EXPECT_EQ(broker.get_text(withdrawals_path, "data.0.attributes.created_at"),
            "31 марта 2026 01:15");
  auto options = small_iex();
  options.zone = "Nowhere/City";
  EXPECT_THROW(IexUnderTest{options}, std::runtime_error);
}

TEST(Iexexchanger, withdrawals_are_paid_and_bonuses_reversed) {
  IexUnderTest broker;
  auto const paid = broker.control("do=pay&feed=withdrawals");
  EXPECT_EQ(text_at(paid, "before.0.attributes.payout_status"), "unpaid");
  EXPECT_EQ(text_at(paid, "after.0.attributes.payout_status"), "paid");
  auto const reversed = broker.control("do=reverse&feed=exchanges&rows=3");
  EXPECT_EQ(broker.all(exchanges_path).size(), 112u);
  auto const ids = column(broker.all(exchanges_path), "id");
  for (auto const& row : reversed.find("before")->items())
    EXPECT_EQ(std::count(ids.begin(), ids.end(), text_of(row, "id")), 0);
  auto const changed = broker.control("do=change&feed=exchanges&rows=1");
  EXPECT_NE(text_at(changed, "before.0.attributes.amount"),
            text_at(changed, "after.0.attributes.amount"));
  EXPECT_EQ(text_at(changed, "before.0.attributes.currency"),
            text_at(changed, "after.0.attributes.currency"));
}

TEST(Iexexchanger, refusals_are_those_of_the_framework) {
  IexUnderTest broker;
  auto const good = broker.headers;
  broker.headers = {{"Accept", "application/json"}, {"Authorization", "Bearer other"}};
  EXPECT_EQ(broker.get(partner_path).status, 401);
  EXPECT_EQ(broker.get(partner_path).body, R"({"message":"Unauthenticated."})");
  broker.headers = {good[1]};
  auto const redirect = broker.get(partner_path);
  EXPECT_EQ(redirect.status, 302);
  EXPECT_EQ(header_of(redirect, "Location"), "http://broker.example:8080/login");
  broker.headers = good;
  EXPECT_EQ(broker.get("/api/v2/account").status, 404);
  EXPECT_EQ(broker.send("POST", partner_path).status, 405);
  broker.control("do=deny&name=partner");
  auto const denied = broker.get(partner_path);
  EXPECT_EQ(denied.status, 403);
  EXPECT_EQ(text_of(parse_json(denied.body).value(), "missing_ability"), "partner");
  broker.control("do=expire_tokens");
  EXPECT_EQ(broker.get(exchanges_path).status, 401);
}

TEST(Iexexchanger, too_many_attempts_say_when_to_come_back) {
  RateOptions rate;
  rate.rate = 0.1;
  rate.burst = 1;
  IexUnderTest broker(small_iex(), rate);
  EXPECT_EQ(broker.get(partner_path).status, 200);
  auto const reply = broker.get(partner_path);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body, R"({"message":"Too Many Attempts."})");
  auto const wait = std::stol(header_of(reply, "Retry-After"));
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 10);
  EXPECT_EQ(std::stol(header_of(reply, "X-RateLimit-Reset")), 1'774'947'600 + wait);
}

TEST(Iexexchanger, next_links_can_lead_astray) {
  IexUnderTest broker;
  auto const next = [&](std::string const& spec, int page) {
    broker.control("do=clear_faults");
    broker.fault("next_link:" + spec);
    return broker.get_text(exchanges_path + "?page=" + std::to_string(page), "links.next");
  };
  std::string const host = "http://broker.example:8080";
  EXPECT_EQ(next("to=https%3A//evil.example", 1),
            "https://evil.example" + exchanges_path + "?page=2");
  EXPECT_EQ(next("mode=repeat", 2), host + exchanges_path + "?page=2");
  EXPECT_EQ(next("mode=first", 2), host + exchanges_path + "?page=1");
  EXPECT_EQ(next("mode=endless", 9), host + exchanges_path + "?page=10");
  EXPECT_EQ(next("mode=none", 1), "null");
}

TEST(Iexexchanger, a_row_that_comes_moves_the_pages) {
  IexUnderTest broker;
  auto const second = broker.get_text(exchanges_path + "?page=2", "data.0.id");
  broker.fault("shift:mode=insert,next=1");
  auto const last_of_first = broker.get_text(exchanges_path, "data.19.id");
  EXPECT_EQ(broker.get_text(exchanges_path + "?page=2", "data.0.id"), last_of_first);
  EXPECT_EQ(broker.get_text(exchanges_path + "?page=2", "data.1.id"), second);
}

}  // namespace
}  // namespace affsync::sandbox::iexexchanger_test
