// What brokers send besides what they document: invalid bytes, dates of zeros, times in another
// unit, empty lists for nothing, many spellings of yes, other formats of the same number.
#include <gtest/gtest.h>

#include "base/batch.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/values/no_dates.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine::stray_values_test {
namespace {

TimePoint instant(std::string_view text) {
  return TimeReader().read_instant(text).value();
}

TimePoint const noon = instant("2026-06-15T12:00:00Z");

// A stream with one table, and one row mapped by it.
struct Broker {
  StreamPlan plan;
  Row row;
  std::optional<std::string> reason;

  Broker(std::string const& table, std::string const& map, std::string const& key = "id",
         std::string const& more = "") {
    auto const manifest = parse_manifest(
        "name: demo\nauth: {type: none}\nbase_url: https://a.example\n"
        "streams:\n  rows:\n    path: /rows\n    table: " +
            table + "\n    records: $\n    key: " + key + "\n    map: {" + map + "}\n" + more,
        "demo.yaml");
    if (!manifest) throw Failure(manifest.error());
    SourceSettings settings;
    settings.name = "main";
    plan = *make_source_plan(*manifest, settings).value().streams.at(0);
  }
  void map(std::string_view json) {
    reason = RowMapper(plan, plan.spec->map).map(parse_json(json).value(), noon, row);
  }
  // The column's text, "null", or "! reason".
  std::string value(std::string_view json, std::string_view name) {
    map(json);
    if (reason) return "! " + *reason;
    return row.values.at(*plan.spec->map.table->index_of(name)).value_or("null");
  }
};

std::string const mark = "\xEF\xBF\xBD";

TEST(StrayBytes, InATextTheyAreReplacedAndTheRowIsStored) {
  Broker broker("client", "country: country, campaign: deep.tag");
  std::string const bad = std::string("{\"id\":1,\"country\":\"D\xFF\x45\",") +
                          R"("deep":{"tag":"a\u0000b"},"note":["x\ud800y"],"n\u0000":"z"})";
  EXPECT_EQ(broker.value(bad, "country"), "D" + mark + "E");
  EXPECT_EQ(broker.value(bad, "campaign"), "a" + mark + "b");
  EXPECT_EQ(broker.row.external_id, "1");
  EXPECT_EQ(broker.row.raw, "{\"id\":1,\"country\":\"D" + mark + "E\",\"deep\":{\"tag\":\"a" +
                                mark + "b\"},\"note\":[\"x" + mark + "y\"],\"n" + mark +
                                "\":\"z\"}");
}

TEST(StrayBytes, InAKeyTheyPutTheRowAsideAndTheReasonIsTrue) {
  Broker broker("client", "country: country", "[id, part.x]");
  for (std::string const& row : {std::string(R"({"id":"a\u0000b","part":{"x":1}})"),
                                 std::string("{\"id\":\"a\xC3\",\"part\":{\"x\":1}}"),
                                 std::string(R"({"id":"\udc00","part":{"x":1}})")}) {
    broker.map(row);
    EXPECT_EQ(broker.reason,
              "the field \"id\", which belongs to the row's key, contains a NUL or invalid UTF-8");
  }
  broker.map(R"({"id":1,"part":{"x":"\u0000"}})");
  EXPECT_EQ(broker.reason.value_or("").substr(0, 28), "the field \"part.x\", which be");
}

TEST(StrayBytes, ANumberIsNotGuessed) {
  Broker broker("commission", "amount: sum");
  EXPECT_EQ(broker.value(R"({"id":1,"sum":"12\u0000.5"})", "amount"),
            "! amount: \"12" + mark + ".5\" in the field \"sum\" is not a number");
}

TEST(ZeroDates, MeanThatThereIsNone) {
  Broker broker("commission",
                "occurred_on: day, occurred_at: at, paid_at: {from: ms, as: epoch, unit: "
                "milliseconds}, amount: sum");
  for (auto const* zero :
       {"\"0000-00-00\"", "\"0000-00-00 00:00:00\"", "\"0001-01-01T00:00:00\"",
        "\"0001-01-01T00:00:00Z\"", "\"0001-01-01\"", "\"0\"", "0", "\"00.00.0000\"",
        "\"-0001-11-30T00:00:00.000000Z\"", "\"0000-00-00T00:00:00.000+00:00\"",
        "\"1/1/0001 12:00:00 AM\"", "\"00/00/0000 00:00\""}) {
    auto const row = R"({"id":1,"sum":"5","day":)" + std::string(zero) + ",\"at\":" + zero + "}";
    EXPECT_EQ(broker.value(row, "occurred_on"), "null") << zero;
    EXPECT_EQ(broker.value(row, "occurred_at"), "null") << zero;
    EXPECT_EQ(broker.value(row, "amount"), "5") << zero;
  }
  for (auto const* zero : {"0", "\"0\"", "0.0", "-62135596800000"}) {
    EXPECT_EQ(broker.value(R"({"id":1,"ms":)" + std::string(zero) + "}", "paid_at"), "null")
        << zero;
  }
  EXPECT_EQ(broker.value(R"({"id":1,"day":"0000-13-00"})", "occurred_on"),
            "! occurred_on: \"0000-13-00\" in the field \"day\" is not a day in a format that the "
            "connector knows");
}

TEST(ZeroDates, OneThatIsRequiredPutsTheRowAside) {
  Broker broker("commission", "occurred_on: {from: [day, other], required: true}");
  EXPECT_EQ(broker.value(R"({"id":1,"day":"0000-00-00"})", "occurred_on"),
            "! occurred_on: \"0000-00-00\" in the field \"day\" means that there is no date");
  EXPECT_EQ(broker.value(R"({"id":1,"day":"0000-00-00","other":"2026-01-02"})", "occurred_on"),
            "2026-01-02");
}

TEST(ZeroDates, AreNotThereForWhatOnlyLooks) {
  Broker broker("payout",
                "status: {present: [{paidAt: paid}], default: requested},"
                " amount: {from: sum, only_if: paidAt}");
  auto const* zero = R"({"id":1,"paidAt":"0000-00-00 00:00:00","sum":5})";
  EXPECT_EQ(broker.value(zero, "status"), "requested");
  EXPECT_EQ(broker.value(zero, "amount"), "null");
  EXPECT_FALSE(is_zero_date("0.00000000"));
  EXPECT_FALSE(is_zero_date("0001-01-012"));
}

TEST(TimesInRange, AnotherUnitIsPutAsideWithBothNumbers) {
  Broker ms("commission", "occurred_at: {from: t, as: epoch, unit: milliseconds}");
  EXPECT_EQ(
      ms.value(R"({"id":1,"t":1767225600})", "occurred_at"),
      "! occurred_at: \"1767225600\" in the field \"t\" is 1970-01-21T10:53:45.600000Z, before "
      "2000-01-01T00:00:00Z, which is not plausible (in seconds it is 2026-01-01T00:00:00Z)");
  EXPECT_EQ(ms.value(R"({"id":1,"t":1767225600000})", "occurred_at"), "2026-01-01T00:00:00Z");
  Broker s("commission", "occurred_at: {from: t, as: epoch}, occurred_on: {from: t, as: epoch}");
  EXPECT_EQ(
      s.value(R"({"id":1,"t":1767225600000})", "occurred_at"),
      "! occurred_at: \"1767225600000\" in the field \"t\" is not a time that can be stored (in "
      "milliseconds it is 2026-01-01T00:00:00Z)");
  EXPECT_TRUE(s.value(R"({"id":1,"t":1767225600000000})", "occurred_at")
                  .ends_with("(in microseconds it is 2026-01-01T00:00:00Z)"));
  EXPECT_TRUE(s.value(R"({"id":1,"t":17672256})", "occurred_at").starts_with("! "));
}

TEST(TimesInRange, TextsOfAnyForm) {
  Broker broker("commission", "occurred_at: at, occurred_on: {from: day, formats: \"%d.%m.%Y\"}");
  for (auto const* row :
       {R"({"id":1,"at":"1970-01-01T00:00:00Z"})", R"({"id":1,"at":"1999-12-31T23:59:59Z"})",
        R"({"id":1,"at":"2026-06-17T12:00:01Z"})", R"({"id":1,"at":"2062-06-15T00:00:00Z"})",
        R"({"id":1,"day":"31.12.1999"})", R"({"id":1,"day":"18.06.2026"})",
        R"({"id":1,"day":"15.06.0026"})"}) {
    EXPECT_TRUE(broker.value(row, "occurred_at").starts_with("! occurred_")) << row;
  }
  EXPECT_EQ(
      broker.value(R"({"id":1,"at":"2062-06-15"})", "occurred_at"),
      "! occurred_at: \"2062-06-15\" in the field \"at\" is 2062-06-15T00:00:00Z, more than 2 "
      "days after it was received, which is not plausible");
  EXPECT_EQ(broker.value(R"({"id":1,"at":"2026-06-17T12:00:00Z"})", "occurred_at"),
            "2026-06-17T12:00:00Z");
  EXPECT_EQ(broker.value(R"({"id":1,"at":"2000-01-01"})", "occurred_at"), "2000-01-01T00:00:00Z");
  EXPECT_EQ(broker.value(R"({"id":1,"day":"17.06.2026"})", "occurred_on"), "2026-06-17");
}

TEST(TimesInRange, WhatIsPlannedOrOldByNatureIsNotHit) {
  Broker payout("payout", "paid_at: due");
  EXPECT_EQ(payout.value(R"({"id":1,"due":"2026-12-31T00:00:00Z"})", "paid_at"),
            "2026-12-31T00:00:00Z");
  EXPECT_TRUE(
      payout.value(R"({"id":1,"due":"2036-12-31T00:00:00Z"})", "paid_at").starts_with("! "));
  Broker group("rebate_group", "period_start: from, period_end: until");
  EXPECT_EQ(group.value(R"({"id":1,"from":"1990-01-01","until":"2099-12-31"})", "period_end"),
            "2099-12-31");
  Broker rate("fx_rate", "currency: c, on_date: d, usd_rate: r", "[c, d]");
  EXPECT_EQ(rate.value(R"({"c":"EUR","d":"1999-01-04","r":1.18})", "on_date"), "1999-01-04");
  EXPECT_TRUE(rate.value(R"({"c":"EUR","d":"1970-01-04","r":1.18})", "on_date").starts_with("! "));
  Broker declared("commission", "occurred_at: {from: at, ahead: 90d}");
  EXPECT_EQ(declared.value(R"({"id":1,"at":"2026-09-01"})", "occurred_at"), "2026-09-01T00:00:00Z");
  EXPECT_TRUE(declared.value(R"({"id":1,"at":"2026-10-01"})", "occurred_at").starts_with("! "));
}

// One of the two clocks may be wrong; that must not quarantine every row.
TEST(TimesInRange, AreJudgedByTheLaterOfTwoClocks) {
  Broker broker("commission", "occurred_at: at");
  auto const row = parse_json(R"({"id":1,"at":"2026-06-15T08:00:00Z"})").value();
  RowMapper const mapper(broker.plan, broker.plan.spec->map);
  auto const years_ago = instant("2019-01-01T00:00:00Z");
  EXPECT_EQ(mapper.map(row, years_ago, broker.row, noon), std::nullopt);
  EXPECT_EQ(mapper.map(row, noon, broker.row, years_ago), std::nullopt);
  EXPECT_NE(mapper.map(row, years_ago, broker.row, years_ago), std::nullopt);
  // A clock that was never set does not count.
  EXPECT_EQ(mapper.map(row, TimePoint(), broker.row), std::nullopt);
}

TEST(Alternatives, AnEmptyListOrObjectIsNothing) {
  Broker broker("commission", "amount: {from: [fixed, sum], required: true}, symbol: [a, b]");
  EXPECT_EQ(broker.value(R"({"id":1,"fixed":[],"sum":"5"})", "amount"), "5");
  EXPECT_EQ(broker.value(R"({"id":1,"fixed":{},"sum":"5"})", "amount"), "5");
  EXPECT_EQ(broker.value(R"({"id":1,"sum":5,"a":[],"b":{}})", "symbol"), "null");
  EXPECT_EQ(broker.value(R"({"id":1,"fixed":[1],"sum":"5"})", "amount"),
            "! amount: the field \"fixed\" is a list, not a single value");
}

TEST(Booleans, WhatPeopleSend) {
  Broker broker("client", "has_deposit: d");
  for (auto const* yes : {"true", "1", "\"yes\"", "\"Y\"", "\"on\"", "\"T\"", "\"True\"", "1.0",
                          "\"1\"", "\" YES \""}) {
    EXPECT_EQ(broker.value(R"({"id":1,"d":)" + std::string(yes) + "}", "has_deposit"), "true")
        << yes;
  }
  for (auto const* no :
       {"false", "0", "\"no\"", "\"N\"", "\"off\"", "\"f\"", "\"FALSE\"", "0.0", "\"0\""}) {
    EXPECT_EQ(broker.value(R"({"id":1,"d":)" + std::string(no) + "}", "has_deposit"), "false")
        << no;
  }
  for (auto const* neither : {"2", "\"maybe\"", "\"-1\"", "\"yess\""}) {
    EXPECT_TRUE(broker.value(R"({"id":1,"d":)" + std::string(neither) + "}", "has_deposit")
                    .starts_with("! "))
        << neither;
  }
}

TEST(Currencies, AreInCapitalsWhereverTheyComeFrom) {
  auto const* row = R"({"id":1,"c":"dollar","t":" eur "})";
  EXPECT_EQ(Broker("commission", "currency: {const: usd}").value(row, "currency"), "USD");
  EXPECT_EQ(
      Broker("commission", "currency: {from: c, table: {dollar: usd}}").value(row, "currency"),
      "USD");
  EXPECT_EQ(Broker("commission", "currency: {from: c, table: {x: y}, default: usdt}")
                .value(row, "currency"),
            "USDT");
  EXPECT_EQ(Broker("commission", "currency: {present: [{t: eur}]}").value(row, "currency"), "EUR");
  EXPECT_EQ(Broker("commission", "currency: {from: t, as: text}").value(row, "currency"), "EUR");
}

TEST(Days, AsDateIsADayAloneWhateverTheColumn) {
  Broker broker("commission",
                "occurred_at: {from: d, as: date, zone: Europe/Berlin},"
                " occurred_on: {from: e, as: date}");
  EXPECT_EQ(broker.value(R"({"id":1,"d":"2026-01-02"})", "occurred_at"), "2026-01-01T23:00:00Z");
  for (auto const* row :
       {R"({"id":1,"d":"2026-01-02T22:04:05Z"})", R"({"id":1,"e":"2026-01-02T22:04:05Z"})"}) {
    EXPECT_TRUE(broker.value(row, "occurred_at")
                    .ends_with("is not a day in a format that the connector knows"))
        << row;
  }
}

ContentHash hash_of(Broker& broker, std::string_view json) {
  broker.map(json);
  if (broker.reason) throw std::runtime_error(*broker.reason);
  Batch batch(*broker.plan.spec->map.table);
  batch.append(broker.row);
  return batch.hash(0);
}

TEST(Spelling, TheSameNumberSpeltOtherwiseIsNoChange) {
  Broker broker("commission", "amount: [fixed, sum.paid], orders_count: n");
  auto const first = hash_of(broker, R"({"id":1,"fixed":null,"sum":{"paid":"5.0","x":1},"n":"3"})");
  for (auto const* same : {R"({"id":1,"fixed":null,"sum":{"paid":"5.00","x":1},"n":"3"})",
                           R"({"id":1,"fixed":null,"sum":{"paid":"5","x":1},"n":"3.0"})",
                           R"({"id":1,"fixed":null,"sum":{"paid":"5e0","x":1},"n":"03"})"}) {
    EXPECT_EQ(hash_of(broker, same), first) << same;
  }
  EXPECT_EQ(broker.row.values.at(*broker.plan.spec->map.table->index_of("amount")), "5");
  for (auto const* other : {R"({"id":1,"fixed":null,"sum":{"paid":"5.01","x":1},"n":"3"})",
                            R"({"id":1,"fixed":null,"sum":{"paid":"5.0","x":"1.0"},"n":"3"})",
                            R"({"id":1,"fixed":"5.0","sum":{"paid":"5.0","x":1},"n":"3"})"}) {
    EXPECT_NE(hash_of(broker, other), first) << other;
  }
  // The first spelling counts; the stored digits are the broker's.
  EXPECT_EQ(broker.value(R"({"id":1,"fixed":"5.00"})", "amount"), "5.00");
  EXPECT_EQ(broker.row.raw, R"({"id":1,"fixed":"5.00"})");
}

TEST(Spelling, RowsWithoutSuchNumbersKeepTheHashThatTheyHad) {
  Broker broker("commission", "amount: sum");
  broker.map(R"({"id":1,"sum":"5.25"})");
  EXPECT_EQ(broker.row.volatile_free_raw, "");
  broker.map(R"({"id":1,"sum":"5.20"})");
  EXPECT_EQ(broker.row.volatile_free_raw, R"({"id":1,"sum":"5.2"})");
}

std::string error_of(std::string const& stream) {
  auto const manifest = parse_manifest(
      "name: e\nauth: {type: none}\nstreams: {s: {path: /s, records: d, key: id, " + stream + "}}",
      "e.yaml");
  return manifest ? "no error" : manifest.error().to_line();
}

TEST(Columns, WhatIsAlwaysThereCannotBeThereAtTimes) {
  EXPECT_EQ(error_of("table: payout, map: {amount: {from: a, only_if: b, required: true}}"),
            "e.yaml:3:107: `required` and `only_if` cannot be combined. `required` means that "
            "there is always a value, `only_if` that there may be none.");
  EXPECT_TRUE(
      error_of("table: fx_rate, map: {currency: c, on_date: d, usd_rate: {from: r, only_if: x}}")
          .ends_with("needs the column \"usd_rate\" always, so `only_if` cannot be used"));
  EXPECT_TRUE(
      error_of(
          "table: fx_rate, map: {currency: {from: c, personal: true}, on_date: d, usd_rate: r}")
          .ends_with("needs the column \"currency\" always, so `personal` cannot be used"));
}

TEST(Schedules, AreReadAsInTheConfiguration) {
  auto const every = [](std::string const& text) {
    return error_of("table: payout, map: {amount: a}, every: \"" + text + "\"");
  };
  EXPECT_EQ(every("0 9 * * mon-fri"), "no error");
  EXPECT_EQ(every("*/5 0-6,22 * jan,jul 7"), "no error");
  EXPECT_EQ(every("90m"), "no error");
  for (auto const* wrong : {"99 99 * * *", "0 0 30 2 *", "0 9 * * noday", "* * * *", "15", "0s"}) {
    EXPECT_TRUE(every(wrong).starts_with("e.yaml:3:")) << wrong << ": " << every(wrong);
  }
}

}  // namespace
}  // namespace affsync::engine::stray_values_test
