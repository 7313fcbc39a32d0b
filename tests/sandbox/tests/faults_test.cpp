// Faults apply to the requests they are meant for, and do what their kind says.
#include <gtest/gtest.h>

#include "tests/sandbox/fixed.hpp"
#include "tests/sandbox/list_page.hpp"
#include "tests/sandbox/tests/broker_under_test.hpp"

namespace affsync::sandbox::faults_test {
namespace {

std::vector<int> statuses(BrokerUnderTest& broker, int requests) {
  std::vector<int> out;
  for (int i = 0; i < requests; ++i) out.push_back(broker.get(rewards_path).status);
  return out;
}

TEST(Faults, next_strikes_only_the_next_ones) {
  BrokerUnderTest broker;
  broker.fault("status:code=502,next=2");
  EXPECT_EQ(statuses(broker, 4), (std::vector{502, 502, 200, 200}));
}

TEST(Faults, every_and_skip_count_requests_in_scope) {
  BrokerUnderTest broker;
  broker.fault("status:code=500,every=3,path=rewards");
  EXPECT_EQ(broker.get("/api/wallet/accounts/").status, 200);
  EXPECT_EQ(statuses(broker, 6), (std::vector{200, 200, 500, 200, 200, 500}));
  BrokerUnderTest other;
  other.fault("status:code=500,skip=2,next=1");
  EXPECT_EQ(statuses(other, 4), (std::vector{200, 200, 500, 200}));
}

TEST(Faults, probability_repeats_with_the_seed) {
  BrokerUnderTest one, other;
  one.fault("status:probability=0.5");
  other.fault("status:probability=0.5");
  auto const first = statuses(one, 100);
  EXPECT_EQ(first, statuses(other, 100));
  auto const struck = std::count(first.begin(), first.end(), 500);
  EXPECT_GT(struck, 25);
  EXPECT_LT(struck, 75);
}

TEST(Faults, can_be_cleared) {
  BrokerUnderTest broker;
  broker.fault("status");
  broker.fault("html");
  broker.control("do=clear_faults&kind=status");
  EXPECT_NE(broker.get(rewards_path).content_type.find("text/html"), std::string::npos);
  broker.control("do=clear_faults");
  EXPECT_EQ(broker.get(rewards_path).content_type, "application/json");
}

TEST(Faults, mistakes_in_their_text_are_named) {
  EXPECT_NE(Fault::parse("sttaus").error().message.find("sttaus"), std::string::npos);
  EXPECT_NE(Fault::parse("status:cod=1").error().message.find("cod"), std::string::npos);
  EXPECT_TRUE(Fault::parse("delay:ms=soon").has_error());
}

TEST(Faults, rows_are_bent_one_at_a_time) {
  BrokerUnderTest broker;
  auto const good = broker.get_json(rewards_path).find("data")->items();
  auto const bent = [&](std::string const& spec) {
    broker.control("do=clear_faults");
    broker.fault(spec);
    auto const rows = broker.get_json(rewards_path).find("data")->items();
    EXPECT_EQ(rows.size(), good.size()) << spec;
    std::vector<std::size_t> different;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].dump() != good[i].dump()) different.push_back(i);
    EXPECT_EQ(different, (std::vector<std::size_t>{3})) << spec;
    return rows[3];
  };
  EXPECT_EQ(text_of(bent("drop_field:row=3"), "id"), "absent");
  EXPECT_EQ(text_of(bent("bad_number:row=3"), "reward_usd"), "n/a");
  EXPECT_EQ(text_of(bent("huge_number:row=3"), "reward_usd"), "1e999999");
  EXPECT_EQ(text_of(bent("set_field:row=3,field=country,value=%2212%2C3%22"), "country"), "12,3");
  EXPECT_TRUE(bent("nul:row=3").has_nul());
  EXPECT_TRUE(bent("repeat_field:row=3").has_duplicate());
}

TEST(Faults, invalid_bytes_are_really_invalid) {
  BrokerUnderTest broker;
  broker.fault("invalid_utf8");
  // A lead byte of a two-byte sequence without its continuation, and a byte that never occurs in
  // UTF-8.
  EXPECT_NE(broker.get(rewards_path).body.find("\xc3\x28 \xff"), std::string::npos);
}

TEST(Faults, a_duplicate_row_is_one_more) {
  BrokerUnderTest broker;
  broker.fault("duplicate_row:row=2");
  auto const rows = broker.get_json(rewards_path + "?limit=10").find("data")->items();
  ASSERT_EQ(rows.size(), 11u);
  EXPECT_EQ(rows[2].dump(), rows[3].dump());
}

TEST(Faults, members_are_found_at_the_top_level_only) {
  std::string row = R"({"a":{"id":1,"b":[1,2]},"t":"x,\"id\":9","id":7})";
  EXPECT_TRUE(set_member(row, "id", "8"));
  EXPECT_EQ(row, R"({"a":{"id":1,"b":[1,2]},"t":"x,\"id\":9","id":8})");
  EXPECT_TRUE(drop_member(row, "id"));
  EXPECT_EQ(row, R"({"a":{"id":1,"b":[1,2]},"t":"x,\"id\":9"})");
  EXPECT_TRUE(drop_member(row, "a"));
  EXPECT_EQ(row, R"({"t":"x,\"id\":9"})");
  EXPECT_FALSE(set_member(row, "id", "1"));
  EXPECT_TRUE(drop_member(row, "t"));
  EXPECT_EQ(row, "{}");
}

TEST(Faults, totals_can_lie) {
  BrokerUnderTest broker;
  auto const count = [&](std::string const& spec) {
    broker.control("do=clear_faults");
    broker.fault(spec);
    return text_of(*broker.get_json(rewards_path).find("totals"), "count");
  };
  EXPECT_EQ(count("total:delta=5"), "1239");
  EXPECT_EQ(count("total:delta=-5"), "1229");
  EXPECT_EQ(count("total:value=null"), "null");
  EXPECT_EQ(count("total:value=absent"), "absent");
}

TEST(Faults, paging_can_be_broken) {
  BrokerUnderTest broker;
  auto const first = broker.get_json(rewards_path + "?limit=10").find("data")->items()[0].dump();
  broker.fault("ignore_offset");
  EXPECT_EQ(broker.get_json(rewards_path + "?limit=10&offset=50").find("data")->items()[0].dump(),
            first);
  broker.fault("cap:limit=4");
  EXPECT_EQ(broker.get_json(rewards_path + "?limit=10").find("data")->items().size(), 4u);
  broker.fault("empty_page");
  EXPECT_TRUE(broker.get_json(rewards_path).find("data")->items().empty());
}

TEST(Faults, shifting_lists_lose_and_win_rows_between_pages) {
  BrokerUnderTest broker;
  auto const rows = [&] { return text_of(*broker.get_json(rewards_path).find("totals"), "count"); };
  broker.fault("shift:mode=delete,next=3,path=limit=20");
  for (int i = 0; i < 5; ++i) broker.get(rewards_path + "?limit=20");
  EXPECT_EQ(rows(), "1231");
  broker.fault("shift:mode=insert,next=2,path=limit=30");
  for (int i = 0; i < 5; ++i) broker.get(rewards_path + "?limit=30");
  EXPECT_EQ(rows(), "1233");
  broker.fault("shift:mode=insert,rows=4,next=1,path=limit=40");
  for (int i = 0; i < 2; ++i) broker.get(rewards_path + "?limit=40");
  EXPECT_EQ(rows(), "1237");
}

TEST(Faults, a_stale_answer_is_the_one_before_of_its_path) {
  BrokerUnderTest broker;
  broker.fault("stale:skip=2,next=1,path=offset");
  std::string const page = std::string(rewards_path) + "?limit=5&offset=";
  auto const first = broker.get(page + "0").body;
  auto const second = broker.get(page + "5").body;
  EXPECT_NE(first, second);
  EXPECT_EQ(broker.get(page + "10").body, second);
  EXPECT_NE(broker.get(page + "10").body, second);
}

TEST(Faults, rows_can_come_the_other_way_round) {
  BrokerUnderTest broker;
  auto const ids = [&] {
    std::vector<std::string> out;
    auto const page = broker.get_json(rewards_path + "?limit=5");
    for (auto const& row : page.find("data")->items()) {
      out.push_back(text_of(row, "id"));
    }
    return out;
  };
  auto forward = ids();
  broker.fault("reverse");
  std::reverse(forward.begin(), forward.end());
  EXPECT_EQ(ids(), forward);
}

TEST(Faults, the_date_can_be_off) {
  BrokerUnderTest broker;
  auto const honest = broker.get(rewards_path).date;
  broker.fault("skew:seconds=-7200");
  auto const bent = broker.get(rewards_path).date;
  ASSERT_TRUE(honest && bent);
  EXPECT_LT(*bent, *honest - std::chrono::hours(1));
}

TEST(Faults, a_dying_token_stays_dead) {
  BrokerUnderTest broker;
  broker.fault("expire_token:skip=1,next=1");
  EXPECT_EQ(statuses(broker, 3), (std::vector{200, 401, 401}));
}

TEST(Throttle, refuses_beyond_the_burst_and_says_when) {
  RateOptions rate;
  rate.rate = 0.001;
  rate.burst = 3;  // the fixture's login takes one
  BrokerUnderTest broker(BrokerUnderTest::small(), rate);
  EXPECT_EQ(statuses(broker, 4), (std::vector{200, 200, 429, 429}));
  EXPECT_EQ(text_of(broker.get_json("/sandbox/log"), "throttled"), "2");
}

TEST(Throttle, fills_again_with_time) {
  RateOptions rate;
  rate.rate = 2;
  rate.burst = 1;
  TokenBucket::Instant const start{};
  TokenBucket bucket(rate, start);
  EXPECT_EQ(bucket.take(start).count(), 0);
  EXPECT_DOUBLE_EQ(bucket.take(start).count(), 0.5);
  EXPECT_EQ(bucket.take(start + std::chrono::milliseconds(500)).count(), 0);
  EXPECT_GT(bucket.take(start + std::chrono::milliseconds(600)).count(), 0);
}

TEST(Throttle, every_form_looks_as_named) {
  auto const reply = [](std::string const& form) {
    return throttled_reply(form, std::chrono::seconds(7));
  };
  auto const retry_after = [&](std::string const& form) {
    for (auto const& [name, value] : reply(form).headers)
      if (name == "Retry-After") return value;
    return std::string("absent");
  };
  EXPECT_EQ(retry_after("drf"), "7");
  EXPECT_NE(reply("drf").body.find("Expected available in 7 seconds."), std::string::npos);
  EXPECT_EQ(retry_after("seconds"), "7");
  EXPECT_EQ(reply("seconds").body.find("available in"), std::string::npos);
  EXPECT_EQ(retry_after("none"), "absent");
  EXPECT_EQ(retry_after("zero"), "0");
  EXPECT_EQ(retry_after("huge"), "1000000");
  EXPECT_EQ(retry_after("text"), "absent");
  EXPECT_NE(reply("text").body.find("available in 7 seconds."), std::string::npos);
  EXPECT_EQ(retry_after("date").substr(retry_after("date").size() - 4), " GMT");
  EXPECT_EQ(reply("503").status, 503);
  EXPECT_EQ(reply("body200").status, 200);
}

TEST(Fixed, prints_every_digit_and_no_more) {
  auto const shortest = [](WideSum value) {
    std::string out;
    append_shortest(out, value);
    return out;
  };
  auto const python = [](Fixed value) {
    std::string out;
    append_python_number(out, value);
    return out;
  };
  EXPECT_EQ(shortest(0), "0");
  EXPECT_EQ(shortest(1'250'000'000), "12.5");
  EXPECT_EQ(shortest(-1), "-0.00000001");
  EXPECT_EQ(shortest(static_cast<WideSum>(9'000'000'000'000'000'000) * 1'000), "90000000000000");
  EXPECT_EQ(python(1'000), "1e-05");
  EXPECT_EQ(python(-1'500), "-1.5e-05");
  EXPECT_EQ(python(10'000), "0.0001");
  EXPECT_EQ(round_fixed(-150, 7), -150 / 10 * 10);
  EXPECT_EQ(round_fixed(155, 7), 160);
  EXPECT_EQ(round_fixed(-155, 7), -160);
}

}  // namespace
}  // namespace affsync::sandbox::faults_test
