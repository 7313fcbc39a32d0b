// The sandbox of exchange rates: which days exist, how rates are quoted, and that they are
// consistent.
#include "tests/sandbox/rates/rates.hpp"

#include <gtest/gtest.h>

#include "tests/sandbox/rates/table.hpp"
#include "tests/sandbox/tests/sandbox_under_test.hpp"

namespace affsync::sandbox::rates_test {
namespace {

std::string const package = "/npm/@fawazahmed0/currency-api";

class RatesUnderTest : public SandboxUnderTest {
 public:
  explicit RatesUnderTest(rates::RatesOptions options = {})
      : SandboxUnderTest([&](RequestLog& log, SandboxClock& sandbox_clock) {
          return rates::make_rates(options, log, sandbox_clock);
        }) {
    clock().set(*parse_instant("2026-03-31T14:59:00Z"), true);  // a Tuesday
  }
  std::vector<std::string> days(std::string const& target) {
    std::vector<std::string> out;
    auto const answer = get_json(target);
    for (auto const& day : answer.find("rates")->members()) out.push_back(day.name);
    return out;
  }
};

double number(Json const& document, std::string const& path) {
  return std::stod(text_at(document, path));
}

TEST(Rates, the_same_seed_gives_the_same_rates) {
  rates::RatesOptions eight;
  eight.seed = 8;
  RatesUnderTest one, same, other(eight);
  for (auto const& path : {std::string("/v1/2026-01-05..2026-02-01?base=USD"),
                           package + "@2026-01-02/v1/currencies/usd.json"}) {
    EXPECT_EQ(one.get(path).body, same.get(path).body);
    EXPECT_NE(one.get(path).body, other.get(path).body);
  }
}

TEST(Rates, a_period_has_its_business_days_and_begins_with_the_last_one_before) {
  RatesUnderTest broker;
  std::vector<std::string> const new_year{"2025-12-31", "2026-01-02", "2026-01-05", "2026-01-06"};
  EXPECT_EQ(broker.days("/v1/2026-01-01..2026-01-06?base=USD"), new_year);
  EXPECT_EQ(broker.days("/v1/2026-01-02..2026-01-05"),
            (std::vector<std::string>{"2026-01-02", "2026-01-05"}));
  EXPECT_EQ(broker.days("/v1/2026-01-03..2026-01-04"), (std::vector<std::string>{"2026-01-02"}));
  auto const answer = broker.get_json("/v1/2026-01-01..2026-01-04?base=USD&symbols=EUR,GBP");
  EXPECT_EQ(text_of(answer, "amount"), "1.0");
  EXPECT_EQ(text_of(answer, "base"), "USD");
  EXPECT_EQ(text_of(answer, "start_date"), "2025-12-31");
  EXPECT_EQ(text_of(answer, "end_date"), "2026-01-02");
  EXPECT_EQ(JsonPath("rates.2026-01-02").in(answer)->members().size(), 2u);
}

TEST(Rates, rates_of_a_day_come_in_the_afternoon) {
  RatesUnderTest broker;
  EXPECT_EQ(broker.get_text("/v1/latest", "date"), "2026-03-30");
  EXPECT_EQ(broker.days("/v1/2026-03-30..").back(), "2026-03-30");
  broker.control("do=clock&advance=60");
  EXPECT_EQ(broker.get_text("/v1/latest", "date"), "2026-03-31");
  EXPECT_EQ(broker.days("/v1/2026-03-30..2026-12-31").back(), "2026-03-31");
}

TEST(Rates, a_single_day_without_rates_gives_the_one_before) {
  RatesUnderTest broker;
  EXPECT_EQ(broker.get_text("/v1/2026-03-29", "date"), "2026-03-27");
  EXPECT_EQ(broker.get_json("/v1/2026-03-27").find("rates")->dump(),
            broker.get_json("/v1/2026-03-29").find("rates")->dump());
}

TEST(Rates, holidays_are_those_of_the_payment_system) {
  auto const open = [](std::string const& day) { return rates::is_business_day(*parse_day(day)); };
  for (auto const* day : {"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2025-12-25",
                          "2025-12-26", "2024-03-29", "2024-04-01", "2019-04-22", "2026-03-28"})
    EXPECT_FALSE(open(day)) << day;
  for (auto const* day : {"2026-04-02", "2026-04-07", "2026-01-02", "2025-12-24", "2024-05-02"})
    EXPECT_TRUE(open(day)) << day;
}

TEST(Rates, bases_fit_each_other) {
  RatesUnderTest broker;
  auto const by_euro = broker.get_json("/v1/2026-03-02");
  auto const by_dollar = broker.get_json("/v1/2026-03-02?base=usd");
  auto const dollar = number(by_euro, "rates.USD");
  EXPECT_NEAR(number(by_dollar, "rates.EUR"), 1 / dollar, 0.00001);
  EXPECT_NEAR(number(by_dollar, "rates.JPY"), number(by_euro, "rates.JPY") / dollar, 0.01);
  EXPECT_EQ(text_at(by_dollar, "rates.USD"), "absent");
  EXPECT_EQ(text_at(by_dollar, "rates.RUB"), "absent");
  // The other service has the same rates, with all decimals.
  auto const file = broker.get_json(package + "@2026-03-02/v1/currencies/usd.json");
  EXPECT_NEAR(number(file, "usd.eur"), number(by_dollar, "rates.EUR"), 0.0001);
  auto const rouble = broker.get_json(package + "@2026-03-02/v1/currencies/rub.json");
  EXPECT_NEAR(number(rouble, "rub.usd") * number(file, "usd.rub"), 1, 0.00001);
}

TEST(Rates, numbers_have_the_places_of_their_size) {
  auto const text = [](Fixed value) {
    std::string out;
    append_shortest(out, rates::quoted(value));
    return out;
  };
  EXPECT_EQ(text(16'203'163'456'789), "162032");
  EXPECT_EQ(text(16'345'678'912), "163.46");
  EXPECT_EQ(text(2'512'345'678), "25.123");
  EXPECT_EQ(text(108'123'456), "1.0812");
  EXPECT_EQ(text(92'345'678), "0.92346");
  EXPECT_EQ(text(6'149), "0.000061");
}

TEST(Rates, what_makes_no_sense_is_refused) {
  RatesUnderTest broker;
  EXPECT_EQ(broker.get("/v1/2026-02-30").status, 422);
  EXPECT_EQ(broker.get("/v1/2026-01-01..2026-02-30").status, 422);
  EXPECT_EQ(broker.get("/v1/latest?base=RUB").status, 422);
  EXPECT_EQ(broker.get("/v1/latest?base=USD&symbols=USD").status, 422);
  EXPECT_EQ(broker.get("/v1/latest?symbols=RUB").status, 404);
  EXPECT_EQ(broker.get("/v1/latest?symbols=RUB").body, R"({"message":"not found"})");
  EXPECT_EQ(broker.get_json("/v1/latest?symbols=RUB,USD").find("rates")->members().size(), 1u);
  for (auto const* path : {"/v1/1999-01-03", "/v1/2026-04-01", "/v1/2026-04-01..2026-04-03",
                           "/v1/2026-03-10..2026-03-01", "/v1/nothing", "/v1", "/"})
    EXPECT_EQ(broker.get(path).status, 404) << path;
}

TEST(Rates, files_are_there_for_every_day_up_to_today) {
  RatesUnderTest broker;
  auto const file = broker.get_json(package + "@2026-03-28/v1/currencies/usd.json");  // Saturday
  EXPECT_EQ(text_of(file, "date"), "2026-03-28");
  EXPECT_EQ(text_at(file, "usd.usd"), "1");
  for (auto const* code : {"rub", "usdt", "eur", "btc"})
    EXPECT_NE(text_at(file, std::string("usd.") + code), "absent") << code;
  EXPECT_EQ(broker.get_text(package + "@latest/v1/currencies/usd.json", "date"), "2026-03-31");
  EXPECT_EQ(broker.get_json(package + "@2026.3.28/v1/currencies/usd.min.json").dump(), file.dump());
  EXPECT_EQ(broker.get("/npm/%40fawazahmed0/currency-api@2026-03-28/v1/currencies/usd.json").status,
            200);
  for (auto const* path :
       {"@2024-03-01/v1/currencies/usd.json", "@2026-04-01/v1/currencies/usd.json",
        "@2026.03.28/v1/currencies/usd.json", "@latest/v1/currencies/xxx.json",
        "@latest/v1/currencies/USD.json", "@latest/v1/currencies/usd.xml", "@latest/v1/currencies/",
        "@latest"})
    EXPECT_EQ(broker.get(package + path).status, 404) << path;
}

TEST(Rates, services_can_be_moved_hidden_and_broken) {
  rates::RatesOptions options;
  options.endpoints.paths = {{"frankfurter", "/ecb"}};
  options.endpoints.hidden = {"currency_api"};
  RatesUnderTest broker(options);
  EXPECT_EQ(broker.get("/ecb/latest").status, 200);
  EXPECT_EQ(broker.get("/v1/latest").status, 404);
  EXPECT_EQ(broker.get(package + "@latest/v1/currencies/usd.json").status, 404);
  broker.fault("status:code=503,next=1");
  EXPECT_EQ(broker.get("/ecb/latest").status, 503);
  EXPECT_EQ(text_of(broker.get_json("/sandbox/log"), "requests"), "4");
  EXPECT_TRUE(broker.get_json("/sandbox/books").find("feeds")->members().empty());
}

}  // namespace
}  // namespace affsync::sandbox::rates_test
