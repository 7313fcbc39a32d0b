// The sandbox of iEXExchanger's API v3: envelope, pages and cursors, filters, scopes and limits.
#include "tests/sandbox/iexexchanger_v3/iexexchanger_v3.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sandbox/iexexchanger_v3/gate.hpp"
#include "tests/sandbox/tests/sandbox_under_test.hpp"

namespace affsync::sandbox::iexexchanger_v3_test {
namespace {

std::string const partner_path = "/api/v3/private/partner";
std::string const referrals_path = "/api/v3/private/partner/referrals";
std::string const exchanges_path = "/api/v3/private/partner/exchanges";
std::string const payouts_path = "/api/v3/private/partner/payouts";

// 40 clients, 230 exchanges and 30 payouts before 2026-03-31; it is noon of that day.
iexexchanger_v3::IexV3Options small_v3() {
  iexexchanger_v3::IexV3Options options;
  options.partner.seed = 7;
  options.partner.clients = 40;
  options.partner.rows = 230;
  options.partner.payouts = 30;
  options.partner.days = 60;
  options.partner.today = *parse_day("2026-03-31");
  return options;
}

class V3UnderTest : public SandboxUnderTest {
 public:
  explicit V3UnderTest(iexexchanger_v3::IexV3Options options = small_v3())
      : SandboxUnderTest([&](RequestLog& log, SandboxClock& sandbox_clock) {
          return iexexchanger_v3::make_iexexchanger_v3(options, log, sandbox_clock);
        }) {
    clock().set(*parse_instant("2026-03-31T12:00:00Z"), true);
    headers = {{"Authorization", "Bearer sandbox-key"}};
  }

  // Reads every row of a list, page by page; `query` ends with &.
  std::vector<Json> all(std::string const& path, std::string const& query = {}) {
    auto const list = path.substr(path.rfind('/') + 1);
    std::vector<Json> rows;
    for (int number = 1;; ++number) {
      auto const page = get_json(path + "?" + query + "page=" + std::to_string(number));
      auto const& items = JsonPath("result." + list).in(page)->items();
      rows.insert(rows.end(), items.begin(), items.end());
      if (text_at(page, "meta.pagination.has_more") == "false") return rows;
    }
  }
  // Returns status and error.code.
  std::string refusal(std::string const& target) {
    auto const reply = get(target);
    auto const body = parse_json(reply.body).value();
    EXPECT_EQ(text_at(body, "code"), std::to_string(reply.status));
    EXPECT_EQ(text_at(body, "state"), "1");
    return std::to_string(reply.status) + " " + text_at(body, "error.code");
  }
};

TEST(IexexchangerV3, the_same_seed_gives_the_same_rows_and_another_other_ones) {
  V3UnderTest one, same;
  auto options = small_v3();
  options.partner.seed = 8;
  V3UnderTest other(options);
  for (auto const& path : {partner_path, exchanges_path + "?page=3", payouts_path}) {
    auto const result = one.get_json(path).find("result")->dump();
    EXPECT_TRUE(result == same.get_json(path).find("result")->dump()) << path;
    EXPECT_TRUE(result != other.get_json(path).find("result")->dump()) << path;
  }
}

TEST(IexexchangerV3, success_has_the_documented_envelope) {
  V3UnderTest broker;
  auto const page = broker.get_json(exchanges_path + "?page=2&per_page=50");
  EXPECT_EQ(text_at(page, "state"), "0");
  EXPECT_EQ(text_at(page, "meta.timestamp"), "2026-03-31T12:00:00+00:00");
  EXPECT_EQ(JsonPath("result.exchanges").in(page)->items().size(), 50u);
  auto const pagination = *JsonPath("meta.pagination").in(page);
  std::vector<std::pair<std::string, std::string>> const expected{
      {"mode", "page"},        {"current_page", "2"}, {"per_page", "50"}, {"total", "230"},
      {"last_page", "5"},      {"from", "51"},        {"to", "100"},      {"cursor", "null"},
      {"next_cursor", "null"}, {"has_more", "true"}};
  for (auto const& [name, value] : expected) EXPECT_EQ(text_of(pagination, name), value) << name;
  EXPECT_EQ(broker.get_text(exchanges_path, "meta.pagination.per_page"), "25");
  auto const beyond = broker.get_json(exchanges_path + "?page=99");
  EXPECT_TRUE(JsonPath("result.exchanges").in(beyond)->items().empty());
  EXPECT_EQ(text_at(beyond, "meta.pagination.has_more"), "false");
}

TEST(IexexchangerV3, books_equal_the_sum_over_all_pages) {
  V3UnderTest broker;
  auto const sums = [&](std::string const& path, std::string const& feed, std::string const& field,
                        std::string const& counted) {
    auto const rows = broker.all(path, "per_page=60&");
    EXPECT_EQ(broker.book(feed, "rows"), std::to_string(rows.size()));
    for (std::string const currency : {"RUB", "USDT"}) {
      std::vector<Json> of_currency, good;
      for (auto const& row : rows) {
        if (text_of(row, "currency") != currency) continue;
        of_currency.push_back(row);
        if (text_of(row, "status") == counted) good.push_back(row);
      }
      ASSERT_FALSE(good.empty());
      EXPECT_EQ(broker.book(feed, field + "." + currency), sum_of(of_currency, field));
      EXPECT_EQ(broker.book(feed, field + "_" + counted + "." + currency), sum_of(good, field));
    }
  };
  sums(exchanges_path, "exchanges", "bonus", "completed");
  sums(payouts_path, "payouts", "amount", "paid");
  auto const partner = broker.get_json(partner_path);
  EXPECT_EQ(sum_of({*partner.find("result")}, "balance"), broker.book("partner", "balance.RUB"));
  EXPECT_EQ(sum_of({*JsonPath("result.totals").in(partner)}, "withdrawal"),
            broker.book("payouts", "amount_paid.RUB"));
}

TEST(IexexchangerV3, every_exchange_belongs_to_a_client_who_came_before) {
  V3UnderTest broker;
  std::map<std::string, std::string> since;
  for (auto const& row : broker.all(referrals_path))
    since[text_of(row, "client_id")] = text_of(row, "created_at");
  EXPECT_EQ(since.size(), 40u);
  std::set<std::string> seen;
  for (auto const& row : broker.all(exchanges_path, "per_page=100&")) {
    auto const client = text_of(row, "client_id");
    seen.insert(client);
    ASSERT_TRUE(since.contains(client)) << client;
    EXPECT_LE(since[client], text_of(row, "created_at"));
  }
  EXPECT_GT(seen.size(), 30u);
}

TEST(IexexchangerV3, cursors_give_the_same_rows_as_pages) {
  V3UnderTest broker;
  std::vector<std::string> ids;
  std::string cursor;
  for (;;) {
    auto const page = broker.get_json(exchanges_path + "?pagination=cursor&per_page=40" +
                                      (cursor.empty() ? "" : "&cursor=" + cursor));
    for (auto const& id : column(JsonPath("result.exchanges").in(page)->items(), "id"))
      ids.push_back(id);
    EXPECT_EQ(text_at(page, "meta.pagination.total"), "null");
    if (text_at(page, "meta.pagination.has_more") == "false") break;
    cursor = text_at(page, "meta.pagination.next_cursor");
  }
  EXPECT_EQ(ids, column(broker.all(exchanges_path), "id"));
}

TEST(IexexchangerV3, cursors_stand_when_rows_come_and_go) {
  V3UnderTest broker;
  auto const ids = column(broker.all(exchanges_path), "id");
  auto const cursor = broker.get_text(exchanges_path + "?pagination=cursor&per_page=10",
                                      "meta.pagination.next_cursor");
  broker.control("do=add&feed=exchanges&rows=3");
  auto const next = exchanges_path + "?pagination=cursor&per_page=10&cursor=" + cursor;
  EXPECT_EQ(broker.get_text(next, "result.exchanges.0.id"), ids[10]);
  EXPECT_EQ(broker.get_text(exchanges_path + "?page=2&per_page=10", "result.exchanges.0.id"),
            ids[7]);
}

TEST(IexexchangerV3, created_from_and_to_count_both_ends_to_the_second) {
  V3UnderTest broker;
  auto const rows = broker.all(exchanges_path, "per_page=100&");
  auto const from = text_of(rows[40], "created_at"), to = text_of(rows[20], "created_at");
  auto const between = [&](std::string const& begin, std::string const& end) {
    auto const encoded = [](std::string text) { return text.replace(text.find('+'), 1, "%2B"); };
    return broker.all(exchanges_path, "filter[created_from]=" + encoded(begin) +
                                          "&filter%5Bcreated_to%5D=" + encoded(end) + "&");
  };
  auto const found = column(between(from, to), "id");
  auto const ids = column(rows, "id");
  EXPECT_EQ(found, std::vector(ids.begin() + 20, ids.begin() + 41));
  // An unencoded plus sign means a space, and the text is then not a time.
  EXPECT_EQ(broker.refusal(exchanges_path + "?filter[created_from]=" + from),
            "422 validation_error");
  // A day without a time means its midnight.
  EXPECT_TRUE(
      broker.all(exchanges_path, "filter[created_from]=2026-03-30&filter[created_to]=2026-03-30&")
          .empty());
}

TEST(IexexchangerV3, other_filters_choose_by_their_member) {
  V3UnderTest broker;
  auto const all = broker.all(payouts_path);
  std::map<std::string, std::size_t> by_status;
  for (auto const& row : all) ++by_status[text_of(row, "status")];
  ASSERT_EQ(by_status.size(), 3u);
  for (auto const& [status, count] : by_status)
    EXPECT_EQ(broker.all(payouts_path, "filter[status]=" + status + "&").size(), count);
  EXPECT_EQ(
      column(broker.all(payouts_path, "filter[public_id]=" + text_of(all[4], "public_id") + "&"),
             "id"),
      std::vector{text_of(all[4], "id")});
  for (auto const& row : broker.all(payouts_path, "filter[amount_min]=500&"))
    EXPECT_GE(std::stod(text_of(row, "amount")), 500);
  auto const client = text_of(broker.all(exchanges_path)[0], "client_id");
  for (auto const& row : broker.all(exchanges_path, "filter[client_id]=" + client + "&"))
    EXPECT_EQ(text_of(row, "client_id"), client);
}

TEST(IexexchangerV3, wrong_queries_name_the_field) {
  V3UnderTest broker;
  for (auto const* query :
       {"per_page=101", "per_page=0", "page=0", "page=x", "pagination=none", "sort=bonus",
        "pagination=cursor&cursor=abc", "filter[client_id]=x", "filter[nothing]=1"})
    EXPECT_EQ(broker.refusal(exchanges_path + "?" + query), "422 validation_error") << query;
  EXPECT_EQ(broker.refusal(payouts_path + "?filter[status]=open"), "422 validation_error");
  auto const body = parse_json(broker.get(exchanges_path + "?per_page=101").body).value();
  EXPECT_NE(text_at(body, "error.details.per_page.0"), "absent");
}

TEST(IexexchangerV3, statuses_change_and_rows_keep_their_time) {
  V3UnderTest broker;
  auto const paid = broker.control("do=pay&feed=payouts");
  EXPECT_EQ(text_at(paid, "before.0.paid_at"), "null");
  EXPECT_EQ(text_at(paid, "after.0.status"), "paid");
  EXPECT_EQ(text_at(paid, "after.0.paid_at"), "2026-03-31T12:00:00+00:00");
  EXPECT_EQ(text_at(paid, "before.0.created_at"), text_at(paid, "after.0.created_at"));
  auto const settled = broker.control("do=settle&feed=exchanges");
  EXPECT_EQ(text_at(settled, "before.0.status"), "hold");
  EXPECT_EQ(text_at(settled, "after.0.status"), "completed");
  auto const reversed = broker.control("do=reverse&feed=exchanges");
  EXPECT_EQ(text_at(reversed, "after.0.status"), "reversed");
  EXPECT_EQ(broker.all(exchanges_path).size(), 230u);
}

TEST(IexexchangerV3, statistics_are_those_of_the_period) {
  V3UnderTest broker;
  std::vector<Json> week;
  for (auto const& row :
       broker.all(exchanges_path, "filter[created_from]=2026-03-24T12:00:00Z&per_page=100&"))
    if (text_of(row, "currency") == "RUB" && text_of(row, "status") == "completed")
      week.push_back(row);
  auto const result = *broker.get_json(partner_path + "/statistics?period=week").find("result");
  EXPECT_EQ(text_of(result, "count"), std::to_string(week.size()));
  EXPECT_EQ(sum_of({result}, "amount"), sum_of(week, "bonus"));
  EXPECT_EQ(broker.refusal(partner_path + "/statistics?period=year"), "422 validation_error");
}

TEST(IexexchangerV3, keys_and_scopes_are_checked) {
  auto options = small_v3();
  options.partner.endpoints.denied = {"payouts"};
  V3UnderTest broker(options);
  EXPECT_EQ(broker.refusal(payouts_path), "403 scope_denied");
  auto const scopes = broker.get("/api/v3/private/scopes").body;
  EXPECT_EQ(scopes.find("payouts"), std::string::npos);
  EXPECT_NE(scopes.find("partner:exchanges:read"), std::string::npos);
  EXPECT_EQ(broker.refusal("/api/v3/private/nothing"), "404 not_found");
  broker.headers.clear();
  EXPECT_EQ(broker.refusal(partner_path), "401 authentication_required");
  EXPECT_EQ(broker.get("/api/v3/ping").status, 200);
  broker.headers = {{"Authorization", "Bearer other"}};
  EXPECT_EQ(broker.refusal(partner_path), "401 invalid_token");
}

TEST(IexexchangerV3, limits_and_quotas_are_told_and_kept) {
  auto options = small_v3();
  options.per_minute = 3;
  options.daily_quota = 5;
  V3UnderTest broker(options);
  broker.clock().set(*parse_instant("2026-03-31T23:58:40Z"), true);
  auto const first = broker.get(partner_path);
  EXPECT_EQ(header_of(first, "X-RateLimit-Limit"), "3");
  EXPECT_EQ(header_of(first, "X-RateLimit-Remaining"), "2");
  EXPECT_EQ(header_of(first, "X-RateLimit-Reset"), "1775001540");  // 23:59:00
  EXPECT_EQ(header_of(first, "X-Api-Quota-Daily-Remaining"), "4");
  broker.get(partner_path);
  broker.get(partner_path);
  EXPECT_EQ(broker.refusal(partner_path), "429 rate_limit_exceeded");
  EXPECT_EQ(header_of(broker.get(partner_path), "Retry-After"), "20");
  broker.control("do=clock&advance=20");
  EXPECT_EQ(broker.get(partner_path).status, 200);
  EXPECT_EQ(broker.get(partner_path).status, 200);
  EXPECT_EQ(broker.refusal(partner_path), "429 quota_exceeded");
  EXPECT_EQ(header_of(broker.get(partner_path), "Retry-After"), "60");
  broker.control("do=clock&advance=60");
  EXPECT_EQ(broker.get(partner_path).status, 200);
}

TEST(IexexchangerV3, the_signed_text_has_seven_lines) {
  // The digest is that of an empty body. The query is encoded and sorted as a whole.
  EXPECT_EQ(iexexchanger_v3::signed_text("GET", "/api/v3/private/partner",
                                         "page=2&filter[status]=a%20b&filter%5Bid%5D=1", "",
                                         "1774958400", "n-1"),
            "v1\nGET\n/api/v3/private/partner\n"
            "filter%5Bid%5D=1&filter%5Bstatus%5D=a%20b&page=2\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n1774958400\nn-1");
  // RFC 4231, test case 2.
  EXPECT_EQ(iexexchanger_v3::hmac_sha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(IexexchangerV3, signatures_are_verified_when_a_secret_is_set) {
  auto options = small_v3();
  options.hmac_secret = "secret";
  V3UnderTest broker(options);
  EXPECT_EQ(broker.refusal(partner_path), "401 signature_required");
  auto const sign = [&](std::string const& timestamp, std::string const& nonce,
                        std::string const& query, std::string const& prefix) {
    auto const text =
        iexexchanger_v3::signed_text("GET", exchanges_path, query, "", timestamp, nonce);
    broker.headers = {{"Authorization", "Bearer sandbox-key"},
                      {"X-Api-Timestamp", timestamp},
                      {"X-Api-Nonce", nonce},
                      {"X-Api-Signature", prefix + iexexchanger_v3::hmac_sha256("secret", text)}};
    return broker.get(exchanges_path + "?" + query);
  };
  auto const now = "1774958400";  // 2026-03-31T12:00:00Z
  EXPECT_EQ(sign(now, "a", "page=2&per_page=5", "").status, 200);
  EXPECT_EQ(broker.refusal(exchanges_path + "?page=2&per_page=5"), "401 signature_replay");
  EXPECT_EQ(sign("2026-03-31T12:04:59Z", "b", "page=1", "sha256=").status, 200);
  EXPECT_EQ(sign("1774958099", "c", "page=1", "").status, 401);  // 301 seconds ago
  EXPECT_EQ(broker.refusal(exchanges_path + "?page=1"), "401 invalid_signature");
  sign(now, "d", "page=1", "");
  broker.headers[2].second = "e";
  EXPECT_EQ(broker.refusal(exchanges_path + "?page=1"), "401 invalid_signature");
}

TEST(IexexchangerV3, refusals_of_the_sandbox_are_in_its_own_form) {
  V3UnderTest broker;
  broker.fault("throttle:next=1,wait=9");
  auto const reply = broker.get(partner_path);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(header_of(reply, "Retry-After"), "9");
  EXPECT_EQ(text_at(parse_json(reply.body).value(), "error.code"), "rate_limit_exceeded");
  broker.fault("total:delta=4");
  EXPECT_EQ(broker.get_text(payouts_path, "meta.pagination.total"), "34");
}

}  // namespace
}  // namespace affsync::sandbox::iexexchanger_v3_test
