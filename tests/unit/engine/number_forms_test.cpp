// Numbers as brokers write them: by language, in minor units, in cents, with their sign in a type.
#include <gtest/gtest.h>

#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/values/localized_numbers.hpp"
#include "tests/unit/engine/documented_page.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::number_forms_test {
namespace {

Result<Manifest> parse(std::string const& map) {
  return parse_manifest(
      "name: n\nbase_url: https://n.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /x\n    records: rows\n    key: id\n    map:\n" +
          map,
      "n.yaml");
}

std::shared_ptr<StreamPlan const> plan_of(Result<Manifest> const& manifest) {
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.front();
}

// The column's value of one row, "null", or the reason for quarantine.
std::string value(StreamPlan const& plan, char const* column, std::string const& json) {
  RowMapper const mapper(plan, plan.spec->map);
  Row row;
  auto const body = parse_json(R"({"id":1,)" + json + "}").value();
  if (auto const reason = mapper.map(body, at("2026-11-21"), row)) return *reason;
  return row.values[*plan.table().index_of(column)].value_or("null");
}

std::string amount(std::string const& options, std::string const& json) {
  auto const plan = plan_of(parse("      amount: {from: a, " + options + "}\n      currency: c\n"));
  return value(*plan, "amount", json);
}

std::string localized(std::string_view text, char mark, std::string grouping) {
  std::string out;
  auto const problem = read_localized(text, {mark, std::move(grouping)}, out);
  return problem.empty() ? out : std::string("no");
}

TEST(LocalizedNumbers, AreReadAsTheirFormatSays) {
  EXPECT_EQ(localized("1.234.567,50", ',', "."), "1234567.50");
  EXPECT_EQ(localized("1234,5", ',', "."), "1234.5");
  EXPECT_EQ(localized("-1 234,50", ',', " "), "-1234.50");
  EXPECT_EQ(localized("12\xC2\xA0"
                      "345\xE2\x80\xAF"
                      "678",
                      ',', " "),
            "12345678");
  EXPECT_EQ(localized("\xE2\x88\x92"
                      "5",
                      ',', " "),
            "-5");
  EXPECT_EQ(localized("+7,0", ',', ""), "7.0");
  EXPECT_EQ(localized("1,234.50", '.', ","), "1234.50");
  EXPECT_EQ(localized("1'234.5", '.', "'"), "1234.5");
}

TEST(LocalizedNumbers, AMarkAtAnotherPlaceIsNoNumber) {
  for (auto const* text : {"1.23,5", "12345.678,0", "1.2345", "1234.5", "1,5,0", ",5", "5,", "",
                           "-", "1..234", ".123", "1.234.", "12a", "1 234"}) {
    EXPECT_EQ(localized(text, ',', "."), "no") << text;
  }
  EXPECT_EQ(localized("1,234", ',', ""), "1.234");
  EXPECT_EQ(localized("1 234", ',', ""), "no");
}

TEST(LocalizedNumbers, NobodyGroupsBehindALeadingZero) {
  for (auto const* text : {"0.123", "-0.500", "012.345", "+00.125", "0.000", "0.123,50"}) {
    EXPECT_EQ(localized(text, ',', "."), "no") << text;
  }
  EXPECT_EQ(localized("0,125", '.', ","), "no");
  EXPECT_EQ(localized("0\xC2\xA0"
                      "125",
                      ',', " "),
            "no");
  EXPECT_EQ(localized("0,125", ',', "."), "0.125");
  EXPECT_EQ(localized("007", ',', "."), "007");
  EXPECT_EQ(localized("100.000", ',', "."), "100000");
}

TEST(NumberForms, AGroupBehindALeadingZeroIsPutAside) {
  EXPECT_EQ(
      amount("locale: de", R"("a":"0.123")"),
      "amount: \"0.123\" in the field \"a\" groups digits behind a leading zero, which nobody "
      "does: it is rather a number with another decimal mark. Correct `locale`, or "
      "`decimal_comma` and `grouping`, of the connector");
  for (auto const* options : {"locale: it", "grouping: '.', decimal_comma: true"}) {
    EXPECT_NE(amount(options, R"("a":"-0.500")").find("leading zero"), std::string::npos);
  }
  EXPECT_NE(amount("locale: en", R"("a":"0,125")").find("leading zero"), std::string::npos);
  EXPECT_NE(amount("locale: fr", R"("a":"0 125")").find("leading zero"), std::string::npos);
  EXPECT_EQ(amount("locale: de", R"("a":0.123)"), "0.123");
}

TEST(NumberForms, ALocaleIsForTextsAlone) {
  EXPECT_EQ(amount("locale: de", R"("a":"1.234,50")"), "1234.50");
  EXPECT_EQ(amount("locale: ru", R"("a":"1 234,50")"), "1234.50");
  EXPECT_EQ(amount("locale: en", R"("a":"1,234.50")"), "1234.50");
  EXPECT_EQ(amount("locale: de", R"("a":1234.5)"), "1234.5");
  EXPECT_EQ(amount("decimal_comma: true", R"("a":"12,5")"), "12.5");
  EXPECT_EQ(amount("decimal_comma: true, grouping: ' '", R"("a":"1 012,5")"), "1012.5");
  EXPECT_EQ(amount("decimal_comma: true, shift: -2, scale: 1", R"("a":"1250,0")"), "12.5");
  EXPECT_EQ(
      amount("locale: de", R"("a":"1234.5")"),
      "amount: \"1234.5\" in the field \"a\" is not a number as the connector says that it is "
      "written");
  auto const plan =
      plan_of(parse("      orders_count: {from: a, grouping: ','}\n"
                    "      volume_lots: {from: b, as: percent, locale: fr}\n"));
  EXPECT_EQ(value(*plan, "orders_count", R"("a":"1,234")"), "1234");
  EXPECT_EQ(value(*plan, "volume_lots", R"("b":"12,5 %")"), "12.5");
}

TEST(NumberForms, MinorUnitsAreThoseOfTheRowsCurrency) {
  auto const* own = "minor_units: true";
  EXPECT_EQ(amount(own, R"("a":150000,"c":"usd")"), "1500.00");
  EXPECT_EQ(amount(own, R"("a":"-1250","c":"EUR")"), "-12.50");
  EXPECT_EQ(amount(own, R"("a":1500,"c":"JPY")"), "1500");
  EXPECT_EQ(amount(own, R"("a":1500,"c":"KWD")"), "1.500");
  EXPECT_EQ(
      amount(own, R"("a":1500,"c":"USDT")"),
      "amount: \"1500\" in the field \"a\" is in minor units of a currency that is not in ISO "
      "4217");
  EXPECT_EQ(amount(own, R"("a":1500)"),
            "amount: \"1500\" in the field \"a\" is in minor units, but the row has no currency");
  EXPECT_EQ(amount(own, R"("c":"USDT")"), "null");
  EXPECT_EQ(amount("minor_units: 8", R"("a":123456789,"c":"BTC")"), "1.23456789");
  EXPECT_EQ(amount("minor_units: 2, scale: 1", R"("a":"1255")"), "12.6");
}

// Stripe keeps two digits of ISK
// (support.stripe.com/questions/deprecation-of-fractional-isk-charges-and-refunds); the other
// currencies are examples of such exceptions, no facts.
TEST(NumberForms, SomeCurrenciesHaveOtherMinorUnitsThanInIso) {
  auto const* own = "minor_units: {ISK: 2, UGX: 2, MGA: 0, USDT: 6}";
  EXPECT_EQ(amount(own, R"("a":150000,"c":"isk")"), "1500.00");
  EXPECT_EQ(amount(own, R"("a":150000,"c":"UGX")"), "1500.00");
  EXPECT_EQ(amount(own, R"("a":1500,"c":"MGA")"), "1500");
  EXPECT_EQ(amount(own, R"("a":1500000,"c":"USDT")"), "1.500000");
  EXPECT_EQ(amount(own, R"("a":1500,"c":"JPY")"), "1500");
  EXPECT_EQ(amount(own, R"("a":1500,"c":"USD")"), "15.00");
  EXPECT_EQ(
      amount(own, R"("a":1500,"c":"XYZ")"),
      "amount: \"1500\" in the field \"a\" is in minor units of a currency that is not in ISO "
      "4217");
  auto const refused = [](char const* options) {
    auto const manifest =
        parse("      amount: {from: a, minor_units: " + std::string(options) + "}\n");
    return manifest ? std::string() : manifest.error().to_line();
  };
  EXPECT_NE(refused("{isk: 2}").find("n.yaml:11:39: \"isk\" is not a currency code"),
            std::string::npos)
      << refused("{isk: 2}");
  EXPECT_NE(refused("{ISK: many}").find("n.yaml:11:44"), std::string::npos)
      << refused("{ISK: many}");
  EXPECT_NE(refused("{}").find("names no currency"), std::string::npos) << refused("{}");
  EXPECT_NE(refused("{ISK: 2}").find("`minor_units` needs the row's currency"), std::string::npos)
      << refused("{ISK: 2}");
  auto const of_cents = parse("      amount: {from: a, cents: [ISK]}\n      currency: c\n");
  EXPECT_EQ(of_cents ? "" : of_cents.error().to_line(),
            "n.yaml:11:15: \"ISK\" is a currency itself, and `cents` is for accounts that count "
            "cents of another one, such as USC. If the broker writes it with other digits than ISO "
            "4217, use `minor_units: {ISK: 2}`.");
}

TEST(NumberForms, AccountsInCentsBecomeTheirCurrency) {
  auto const plan =
      plan_of(parse("      currency: {from: c, cents: {USC: USD, EUC: EUR}}\n"
                    "      amount: {from: a, cents: [USC, EUC]}\n"
                    "      amount_usd: usd\n"));
  EXPECT_EQ(value(*plan, "amount", R"("a":"1250.5","c":"usc","usd":"12.5")"), "12.505");
  EXPECT_EQ(value(*plan, "currency", R"("a":"1250.5","c":"usc")"), "USD");
  EXPECT_EQ(value(*plan, "amount_usd", R"("a":"1250.5","c":"USC","usd":"12.5")"), "12.5");
  EXPECT_EQ(value(*plan, "amount", R"("a":"1250.5","c":"USD")"), "1250.5");
  EXPECT_EQ(value(*plan, "currency", R"("a":"1","c":"EUC")"), "EUR");
}

TEST(NumberForms, TheSignMayBeInAnotherField) {
  auto const* options = "negative_if: {type: [refund, Debit]}";
  EXPECT_EQ(amount(options, R"("a":"5.10","type":"REFUND")"), "-5.10");
  EXPECT_EQ(amount(options, R"("a":5,"type":" debit ")"), "-5");
  EXPECT_EQ(amount(options, R"("a":-5,"type":"debit")"), "-5");
  EXPECT_EQ(amount(options, R"("a":"0.00","type":"debit")"), "0.00");
  EXPECT_EQ(amount(options, R"("a":5,"type":"sale")"), "5");
  EXPECT_EQ(amount(options, R"("a":5)"), "5");
  EXPECT_EQ(amount(options + std::string(", minor_units: 2"), R"("a":150,"type":"debit")"),
            "-1.50");
}

TEST(NumberForms, AnEpochOfAnotherUnitIsPutAside) {
  auto const plan =
      plan_of(parse("      occurred_at: {from: a, as: epoch}\n"
                    "      occurred_on: {from: b, as: epoch, unit: milliseconds}\n"));
  EXPECT_EQ(value(*plan, "occurred_at", R"("a":1735689600)"), "2025-01-01T00:00:00Z");
  EXPECT_EQ(value(*plan, "occurred_on", R"("b":1735689600000)"), "2025-01-01");
  EXPECT_NE(value(*plan, "occurred_at", R"("a":1735689600000)").find("in the field \"a\""),
            std::string::npos);
  EXPECT_NE(value(*plan, "occurred_on", R"("b":1735689600)").find("in the field \"b\""),
            std::string::npos);
}

TEST(NumberForms, OfTheDocumentedConnector) {
  auto const plan = plan_of(parse_manifest(block_of("yaml", "name: numbers"), "numbers.yaml"));
  std::string const row =
      R"("account": "USC", "paid": "1 250,50", "bonus": 1500, "kind": "refund")";
  EXPECT_EQ(value(*plan, "amount", row), "-12.5050");
  EXPECT_EQ(value(*plan, "original_amount", row), "15.00");
  EXPECT_EQ(value(*plan, "currency", row), "USD");
}

TEST(NumberForms, ChangeWhatTheMappingIs) {
  std::set<std::string> texts;
  for (auto const* options :
       {"as: decimal", "locale: de", "locale: en", "decimal_comma: true", "grouping: ' '",
        "minor_units: true", "minor_units: 2", "negative_if: {t: [a]}", "negative_if: {t: [b]}"}) {
    texts.insert(
        plan_of(parse("      amount: {from: a, " + std::string(options) + "}\n      currency: c\n"))
            ->spec->mapping_text);
  }
  EXPECT_EQ(texts.size(), 9U);
}

TEST(NumberForms, MistakesAreToldWithTheirPlace) {
  auto const error_of = [](std::string const& map) {
    auto const manifest = parse(map);
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("      amount: {from: a, locale: xx}\n"),
            "n.yaml:11:33: \"xx\" is not a language that says how numbers are written. One of: en, "
            "de, es, fr, it, nl, pl, pt, ru, tr, uk.");
  EXPECT_EQ(error_of("      amount: {from: a, locale: de, decimal_comma: true}\n"),
            "n.yaml:11:52: `locale` already says how the numbers are written. Use only one of "
            "them.");
  EXPECT_EQ(error_of("      event: {from: a, decimal_comma: true}\n"),
            "n.yaml:11:39: `decimal_comma` is only allowed with decimal or percent, but this value "
            "is text");
  EXPECT_EQ(
      error_of("      amount: {from: a, grouping: x}\n"),
      "n.yaml:11:35: \"x\" cannot be between groups of digits. Use a blank, a point, a comma, "
      "an apostrophe or _.");
  EXPECT_EQ(
      error_of("      amount: {from: a, grouping: .}\n"),
      "n.yaml:11:35: the same character cannot be the decimal mark and be between groups. Set "
      "`decimal_comma: true`, or another `grouping`.");
  EXPECT_EQ(error_of("      amount: {from: a, minor_units: true}\n"),
            "n.yaml:11:15: `minor_units: true` needs the row's currency. Map the column `currency` "
            "of \"commission\" as well.");
  EXPECT_EQ(error_of("      amount: {from: a, minor_units: 2, shift: 1}\n"),
            "n.yaml:11:38: `minor_units` cannot be combined with `shift`. Both move the decimal "
            "point.");
  EXPECT_EQ(error_of("      amount: {from: a, cents: [USC]}\n      currency: c\n"),
            "n.yaml:11:15: `currency` does not say what \"USC\" counts cents of. Give the column "
            "`currency` a mapping such as {from: …, cents: {USC: USD}}.");
  EXPECT_EQ(error_of("      amount: a\n      currency: {from: c, cents: {USC: USD}}\n"),
            "n.yaml:12:17: no amount says that it is in cents if the currency is \"USC\". Add "
            "`cents: [USC]` to each amount that is.");
  EXPECT_EQ(error_of("      amount: {from: a, cents: [usc]}\n      currency: c\n"),
            "n.yaml:11:33: \"usc\" is not a currency code. In capitals, such as USC.");
  EXPECT_EQ(error_of("      amount: {from: a, negative_if: type}\n").substr(0, 14),
            "n.yaml:11:38: ");
}

}  // namespace
}  // namespace affsync::engine::number_forms_test
