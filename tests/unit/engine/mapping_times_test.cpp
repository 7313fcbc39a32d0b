// Columns whose value depends on more than one text: intervals, values that another text confirms,
// currencies, and the presence of fields.
#include <gtest/gtest.h>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine::mapping_times_test {
namespace {

TimePoint instant(std::string_view text) {
  return TimeReader().read_instant(text).value();
}

TimePoint const noon = instant("2024-05-11T09:42:00Z");

// A connector file with one stream, and one row mapped by it.
struct Broker {
  StreamPlan plan;
  Row row;
  std::optional<std::string> reason;

  Broker(std::string const& table, std::string const& map) {
    auto const manifest = parse_manifest(
        "name: demo\nsettings:\n  zone: {default: Europe/Moscow}\n"
        "auth: {type: none}\nbase_url: https://a.example\n"
        "streams:\n  rows:\n    path: /rows\n    table: " +
            table + "\n    records: $\n    key: id\n    map:\n" + map,
        "demo.yaml");
    if (!manifest) throw Failure(manifest.error());
    SourceSettings settings;
    settings.name = "main";
    plan = *make_source_plan(*manifest, settings).value().streams.at(0);
  }
  // The column's text, "null", or "! reason".
  std::string value(std::string const& members, std::string_view name, TimePoint now = noon) {
    auto const json =
        parse_json("{\"id\":1" + (members.empty() ? "" : "," + members) + "}").value();
    reason = RowMapper(plan, plan.spec->map).map(json, now, row);
    if (reason) return "! " + *reason;
    return row.values.at(*plan.spec->map.table->index_of(name)).value_or("null");
  }
};

Broker exchanges() {
  return Broker("commission", R"(
      occurred_from: {from: created_at, as: earliest, locale: ru, zone: "${settings.zone}"}
      occurred_to: {from: created_at, as: latest, locale: ru, zone: "${settings.zone}"}
      paid_at: {from: created_at, locale: ru, zone: "${settings.zone}"}
      occurred_on: {from: created_at, as: datetime, locale: ru, zone: "${settings.zone}"}
      occurred_at:
        from: order_id
        as: epoch
        unit: milliseconds
        within: {from: created_at, locale: ru, zone: "${settings.zone}", slack: 2h}
)");
}

TEST(MappingTimes, ARelativeTextIsAnIntervalAndNoInstant) {
  auto broker = exchanges();
  auto const* row = R"("created_at":"3 недели назад")";
  // A second wider on both sides, because the Date header has whole seconds only.
  EXPECT_EQ(broker.value(row, "occurred_from"), "2024-04-13T09:41:59Z");
  EXPECT_EQ(broker.value(row, "occurred_to"), "2024-04-20T09:42:01Z");
  EXPECT_EQ(broker.value(row, "paid_at"), "null");
  EXPECT_EQ(broker.value(row, "occurred_on"), "null");
}

// 1694275200000 ms is 2023-09-09 16:00 in UTC, the midnight with which 10 September begins in
// China.
TEST(MappingTimes, AnEpochIsADayOfTheBrokersZone) {
  std::string const in_china = "{from: at, as: epoch, unit: milliseconds, zone: Asia/Shanghai}";
  Broker broker("commission",
                "      occurred_on: " + in_china +
                    "\n      occurred_at: {from: at, as: epoch, unit: milliseconds}\n");
  EXPECT_EQ(broker.value(R"("at":"1694275200000")", "occurred_on"), "2023-09-10");
  EXPECT_EQ(broker.value(R"("at":1694275199999)", "occurred_on"), "2023-09-09");
  EXPECT_EQ(broker.value(R"("at":"1694275200000")", "occurred_at"), "2023-09-09T16:00:00Z");
  Broker world("commission", "      occurred_on: {from: at, as: epoch, unit: milliseconds}\n");
  EXPECT_EQ(world.value(R"("at":"1694275200000")", "occurred_on"), "2023-09-09");
  try {
    Broker("commission", "      occurred_at: " + in_china + "\n");
    ADD_FAILURE();
  } catch (Failure const& failure) {
    EXPECT_NE(failure.error().message.find("same instant in every zone"), std::string::npos);
  }
}

TEST(MappingTimes, AnAbsoluteTextIsTheSameInstantAtBothEnds) {
  auto broker = exchanges();
  for (auto const* text : {"12 апреля 2024 00:30", "12.04.2024 00:30", "2024-04-12T00:30:00"}) {
    auto const row = "\"created_at\":\"" + std::string(text) + "\"";
    EXPECT_EQ(broker.value(row, "occurred_from"), "2024-04-11T21:30:00Z") << text;
    EXPECT_EQ(broker.value(row, "occurred_to"), "2024-04-11T21:30:00Z") << text;
    EXPECT_EQ(broker.value(row, "paid_at"), "2024-04-11T21:30:00Z") << text;
  }
  EXPECT_EQ(broker.value(R"("created_at":"12 апреля 2024 00:30")", "occurred_on"), "2024-04-12");
}

TEST(MappingTimes, ATextThatIsNoTimeIsAReason) {
  auto broker = exchanges();
  EXPECT_EQ(broker.value(R"("created_at":"давно")", "occurred_from"),
            "! occurred_from: \"давно\" in the field \"created_at\" is not a time in a format that "
            "the connector knows");
  EXPECT_EQ(broker.value(R"("created_at":"  ")", "occurred_from"), "null");
}

TEST(MappingTimes, ANumberThatTheTextConfirmsIsAnInstant) {
  auto broker = exchanges();
  // The vendor's sample: 17 April, read at the time of the other date in the sample.
  EXPECT_EQ(
      broker.value(R"("order_id":1713350854300,"created_at":"3 недели назад")", "occurred_at"),
      "2024-04-17T10:47:34.300000Z");
}

TEST(MappingTimes, ANumberThatTheTextDeniesIsNull) {
  auto broker = exchanges();
  auto const value = [&](std::string const& number, std::string const& text) {
    return broker.value("\"order_id\":" + number + ",\"created_at\":" + text, "occurred_at");
  };
  EXPECT_EQ(value("1713350854300", "\"2 недели назад\""), "null");
  EXPECT_EQ(value("1713350854300", "\"17 апреля 2024 13:47\""), "2024-04-17T10:47:34.300000Z");
  EXPECT_EQ(value("1713350854300", "\"17 апреля 2024 15:46\""), "2024-04-17T10:47:34.300000Z");
  EXPECT_EQ(value("1713350854300", "\"17 апреля 2024 15:48\""), "null");
  EXPECT_EQ(value("1713350854300", "\"17 апреля 2024\""), "2024-04-17T10:47:34.300000Z");
  EXPECT_EQ(value("1713350854300", "\"18 апреля 2024\""), "null");
  EXPECT_EQ(value("1713350854300", "null"), "null");
  for (auto const* number :
       {"7", "-1", "99999999999999999999", "\"A-17\"", "1e400", "\"\"", "true"}) {
    EXPECT_EQ(value(number, "\"3 недели назад\""), "null") << number;
  }
}

// Each reading sees only its own text. A number that the narrow interval of a fresh row confirms
// must be confirmed by the wider intervals of later readings too.
TEST(MappingTimes, WhatIsConfirmedOnceStaysSo) {
  auto broker = exchanges();
  TimePoint const created = instant("2024-01-31T10:47:34Z");
  std::string const order =
      "\"order_id\":" + std::to_string(created.time_since_epoch().count() / 1000) + ",";
  auto const at = [&](std::chrono::seconds later, std::string const& text) {
    return broker.value(order + "\"created_at\":\"" + text + "\"", "occurred_at", created + later);
  };
  using namespace std::chrono;
  EXPECT_EQ(at(seconds(7), "7 секунд назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(minutes(59) + seconds(59), "59 минут назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(hours(1), "1 час назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(days(1), "1 день назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(days(29), "4 недели назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(days(30), "1 месяц назад"), "2024-01-31T10:47:34Z");
  EXPECT_EQ(at(days(366), "1 год назад"), "2024-01-31T10:47:34Z");
}

Broker balances() {
  return Broker("balance", R"(
      amount: {from: sum, scale: currency}
      reserved: {from: held, shift: 3, scale: currency}
      currency: cur
)");
}

TEST(MappingCurrency, NoiseOfBinaryNumbersIsRoundedAway) {
  auto broker = balances();
  EXPECT_EQ(broker.value(R"("sum":190.36000061035,"cur":"rub")", "amount"), "190.36");
  EXPECT_EQ(broker.row.raw, R"({"id":1,"sum":190.36000061035,"cur":"rub"})");
  EXPECT_EQ(broker.value(R"("sum":-190.36000061035156,"cur":"RUB")", "amount"), "-190.36");
  // 1234567.89 as a 32-bit float.
  EXPECT_EQ(broker.value(R"("sum":1234567.875,"cur":"RUB")", "amount"), "1234567.88");
}

TEST(MappingCurrency, ATextIsNeverNoise) {
  auto broker = balances();
  for (auto const* sum : {"190.36000061035", "13.89999940", "150000.0042", "13.8999996"}) {
    EXPECT_EQ(broker.value("\"cur\":\"RUB\",\"sum\":\"" + std::string(sum) + "\"", "amount"), sum);
  }
}

TEST(MappingCurrency, WhatNoFloatPrintsIsNoNoise) {
  auto broker = balances();
  for (auto const* sum : {"13.89999940", "150000.0042", "190.36000061036"}) {
    EXPECT_EQ(broker.value("\"cur\":\"RUB\",\"sum\":" + std::string(sum), "amount"), sum);
  }
  EXPECT_EQ(broker.value(R"("cur":"RUB","sum":13.89999962)", "amount"), "13.90");
}

TEST(MappingCurrency, WhatIsFinerThanACoinIsNoNoise) {
  auto broker = balances();
  // The last two are what floats of 10.123457 and 12345.67 print. Exact amounts with that many
  // decimals have such digits by accident, one in a hundred of them.
  for (auto const* sum :
       {"1.005", "-1.0049", "171.13637749", "0.001", "12.5", "10.12345695", "12345.6699"}) {
    EXPECT_EQ(broker.value("\"cur\":\"USD\",\"sum\":" + std::string(sum), "amount"), sum);
  }
  EXPECT_EQ(broker.value(R"("cur":"BTC","sum":0.123456791)", "amount"), "0.123456791");
}

TEST(MappingCurrency, DigitsFollowTheRowsCurrency) {
  auto broker = balances();
  auto const amount = [&](std::string const& currency, std::string const& sum) {
    return broker.value("\"sum\":" + sum + ",\"cur\":" + currency, "amount");
  };
  // Computed by hand: 1.01 as a float is 1.00999999046…, 16777217 is 16777216, 1.235 is
  // 1.235000014305….
  EXPECT_EQ(amount("\"USD\"", "1.00999999"), "1.01");
  EXPECT_EQ(amount("\"USD\"", "7"), "7");
  EXPECT_EQ(amount("\"JPY\"", "13.0000001"), "13.0000001");  // a float represents whole yen exactly
  EXPECT_EQ(amount("\"KWD\"", "1.23500001"), "1.235");
  EXPECT_EQ(amount("\"BHD\"", "1.23500001431"), "1.235");
  EXPECT_EQ(amount("\"USD\"", "1.23500001431"), "1.235");
  for (auto const* currency : {"\"BTC\"", "\"ETH\"", "\"USDT\"", "\"XAU\"", "\"points\"", "\"US\"",
                               "\"USDUSD \"", "null", "\"\""}) {
    // 0.12345679 as a float is 0.123456791043…
    EXPECT_EQ(amount(currency, "0.123456791043"), "0.12345679") << currency;
  }
  EXPECT_EQ(amount("\"EUR\"", "\"1e-3\""), "0.001");
  EXPECT_EQ(amount("\"EUR\"", "\"x\""), "! amount: \"x\" in the field \"sum\" is not a number");
  // 0.00123 as a float is 0.00123000005260…; the shift is applied afterwards.
  EXPECT_EQ(broker.value(R"("held":0.0012300000526,"cur":"USD")", "reserved"), "1.23");
}

TEST(MappingCurrency, AConstantCurrencyCountsToo) {
  Broker broker("balance",
                "      currency: {const: KWD}\n      amount: {from: sum, scale: currency}\n");
  EXPECT_EQ(broker.value(R"("sum":1.23500001)", "amount"), "1.235");
}

Broker payouts() {
  return Broker("payout", R"(
      status:
        present: [{rejectedAt: rejected}, {paidAt: paid}, {approved.at: approved}]
        null_if: ["0000-00-00"]
        default: requested
)");
}

TEST(MappingPresent, TheFirstFieldThatIsThereDecides) {
  auto broker = payouts();
  EXPECT_EQ(broker.value("", "status"), "requested");
  EXPECT_EQ(broker.value(R"("approved":{"at":"2026-01-01"})", "status"), "approved");
  EXPECT_EQ(broker.value(R"("paidAt":1,"approved":{"at":"2026-01-01"})", "status"), "paid");
  EXPECT_EQ(broker.value(R"("paidAt":"x","rejectedAt":"y")", "status"), "rejected");
  EXPECT_EQ(broker.value(R"("paidAt":"x","rejectedAt":null)", "status"), "paid");
  EXPECT_EQ(broker.value(R"("paidAt":" ","rejectedAt":"","approved":null)", "status"), "requested");
  EXPECT_EQ(broker.value(R"("rejectedAt":"0000-00-00")", "status"), "requested");
  EXPECT_EQ(broker.value(R"("paidAt":{},"rejectedAt":[])", "status"), "requested");
  EXPECT_EQ(broker.value(R"("paidAt":{"time":1})", "status"), "paid");
}

TEST(MappingPresent, WithoutADefaultThereIsNone) {
  Broker broker("client", "      has_deposit: {present: [{ftdAt: true}]}\n");
  EXPECT_EQ(broker.value("", "has_deposit"), "null");
  EXPECT_EQ(broker.value(R"("ftdAt":"2026-01-01")", "has_deposit"), "true");
  Broker strict("client",
                "      has_deposit: {present: [{ftdAt: true}, {x: true}], required: true}\n");
  EXPECT_EQ(strict.value("", "has_deposit"),
            "! has_deposit: there is no value in the field \"ftdAt\", \"x\"");
}

TEST(MappingPresent, AValueMayBeTakenOnlyBesideCertainWords) {
  Broker broker("payout", R"(
      paid_at: {from: decided, only_if: {state: [paid, done]}}
      rejected_at: {from: decided, only_if: {state: rejected}}
)");
  auto const both = [&](std::string const& state) {
    auto const row = "\"decided\":\"2024-01-01T00:00:00Z\"" + state;
    return broker.value(row, "paid_at") + " " + broker.value(row, "rejected_at");
  };
  EXPECT_EQ(both(R"(,"state":"paid")"), "2024-01-01T00:00:00Z null");
  EXPECT_EQ(both(R"(,"state":" done ")"), "2024-01-01T00:00:00Z null");
  EXPECT_EQ(both(R"(,"state":"rejected")"), "null 2024-01-01T00:00:00Z");
  EXPECT_EQ(both(R"(,"state":"PAID")"), "2024-01-01T00:00:00Z null");
  EXPECT_EQ(both(R"(,"state":"new")"), "null null");
  EXPECT_EQ(both(R"(,"state":null)"), "null null");
  EXPECT_EQ(both(R"(,"state":{"paid":1})"), "null null");
  EXPECT_EQ(both(""), "null null");
}

TEST(MappingPresent, AValueMayBeTakenOnlyBesideAnother) {
  Broker broker("commission", R"(
      amount: {from: [corrected, first], null_if: "-"}
      original_amount: {from: first, only_if: corrected, null_if: "-"}
      event: {const: corrected, only_if: corrected}
)");
  auto const both = [&](std::string const& row) {
    return broker.value(row, "amount") + " " + broker.value(row, "original_amount");
  };
  EXPECT_EQ(both(R"("first":"5.00")"), "5.00 null");
  EXPECT_EQ(both(R"("first":"5.00","corrected":null)"), "5.00 null");
  EXPECT_EQ(both(R"("first":"5.00","corrected":"-")"), "5.00 null");
  EXPECT_EQ(both(R"("first":"5.00","corrected":4)"), "4 5.00");
  EXPECT_EQ(both(R"("first":"5.00","corrected":0)"), "0 5.00");
  EXPECT_EQ(broker.value(R"("first":1)", "event"), "null");
  EXPECT_EQ(broker.value(R"("corrected":1)", "event"), "corrected");
}

TEST(MappingPresent, FieldsThatAreOnlyLookedAtAreNoUnmappedOnes) {
  auto const& plan = payouts().plan;
  RowMapper const mapper(plan, plan.spec->map);
  auto const row = parse_json(R"({"id":1,"paidAt":"x","approved":{},"other":1})").value();
  EXPECT_EQ(mapper.unmapped_fields(row), std::vector<std::string>{"other"});
  auto const traces = mapper.trace(row, noon);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].from, "paidAt");
  EXPECT_EQ(traces[0].value, "paid");
  auto const exchange = exchanges();
  auto const fields = parse_json(R"({"id":1,"created_at":"x","order_id":1})").value();
  EXPECT_TRUE(RowMapper(exchange.plan, exchange.plan.spec->map).unmapped_fields(fields).empty());
}

}  // namespace
}  // namespace affsync::engine::mapping_times_test
