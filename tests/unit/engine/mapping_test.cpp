// One JSON row -> columns, or the reason for quarantine.
#include "connectors/engine/rows/mapping.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <set>

#include "base/decimal.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::mapping_test {
namespace {

TimePoint const noon = at("2026-06-15");

// A stream with one table whose columns are added one by one, and one row mapped by it.
struct Feed {
  StreamPlan plan;
  Row row;
  std::optional<std::string> reason;

  explicit Feed(std::string_view table) {
    plan.source = "broker";
    plan.hash_salt = "broker";
    plan.spec->map.table = find_record_table(table);
    plan.spec->map.key.emplace_back("id");
  }
  ColumnMapping& column(std::string name, std::string from, ValueType type = ValueType::text) {
    plan.spec->map.columns.push_back(map_column(std::move(name), std::move(from), type));
    return plan.spec->map.columns.back();
  }
  RowMapper mapper() const { return RowMapper(plan, plan.spec->map); }
  void map(std::string_view json) { reason = mapper().map(parse_json(json).value(), noon, row); }
  // The column's text, "null", or "! reason".
  std::string value(std::string_view json, std::string_view name) {
    map(json);
    if (reason) return "! " + *reason;
    return row.values.at(*plan.spec->map.table->index_of(name)).value_or("null");
  }
};

std::string sha256(std::string const& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest);
  std::string out = "sha256:";
  char hex[3];
  for (auto const byte : digest) {
    std::snprintf(hex, sizeof hex, "%02x", byte);
    out += hex;
  }
  return out;
}

TEST(Mapping, MoneyKeepsItsDigitsAsNumberAndAsText) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal);
  EXPECT_EQ(feed.value(R"({"id":1,"reward":1756.287846940199989393})", "amount"),
            "1756.287846940199989393");
  EXPECT_EQ(feed.value(R"({"id":1,"reward":"1756.287846940199989393"})", "amount"),
            "1756.287846940199989393");
  EXPECT_EQ(feed.value(R"({"id":1,"reward":1e-11})", "amount"), "0.00000000001");
  EXPECT_EQ(feed.value(R"({"id":1,"reward":"1234.50"})", "amount"), "1234.50");
  EXPECT_EQ(feed.value(R"({"id":1,"reward":1234.50})", "amount"), "1234.50");
  EXPECT_EQ(feed.value(R"({"id":1,"reward":1e999999})", "amount"),
            "! amount: \"1e999999\" in the field \"reward\" has too large an exponent");
}

TEST(Mapping, MissingNullAndEmptyAreNull) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal).null_if = {"n/a", "-"};
  for (auto const* json :
       {R"({"id":1})", R"({"id":1,"reward":null})", R"({"id":1,"reward":""})",
        R"({"id":1,"reward":"  "})", R"({"id":1,"reward":"n/a"})", R"({"id":1,"reward":" - "})"}) {
    EXPECT_EQ(feed.value(json, "amount"), "null") << json;
  }
}

TEST(Mapping, TheFirstAlternativeThatHasAValueCounts) {
  Feed feed("commission");
  auto& column = feed.column("amount", "corrected", ValueType::decimal);
  column.from.emplace_back("money.first");
  column.null_if = {"-"};
  EXPECT_EQ(feed.value(R"({"id":1,"corrected":2,"money":{"first":1}})", "amount"), "2");
  EXPECT_EQ(feed.value(R"({"id":1,"corrected":null,"money":{"first":1}})", "amount"), "1");
  EXPECT_EQ(feed.value(R"({"id":1,"corrected":"-","money":{"first":1}})", "amount"), "1");
  EXPECT_EQ(feed.value(R"({"id":1,"money":{}})", "amount"), "null");
  // A value that is present but invalid is not skipped.
  EXPECT_TRUE(
      feed.value(R"({"id":1,"corrected":"x","money":{"first":1}})", "amount").starts_with("!"));
}

TEST(Mapping, ARequiredValueThatIsMissingIsAReason) {
  Feed feed("commission");
  auto& column = feed.column("amount", "reward", ValueType::decimal);
  column.from.emplace_back("sum");
  column.required = true;
  EXPECT_EQ(feed.value(R"({"id":1,"reward":null})", "amount"),
            "! amount: there is no value in the field \"reward\", \"sum\"");
  EXPECT_EQ(feed.row.external_id, "1");
  EXPECT_EQ(feed.row.raw, R"({"id":1,"reward":null})");
}

TEST(Mapping, ConstantsFillAColumnAndStandInForNothing) {
  Feed feed("commission");
  ColumnMapping grain;
  grain.column = "grain";
  grain.constant = "day";
  feed.plan.spec->map.columns.push_back(grain);
  feed.column("kind", "type").constant = "other";
  EXPECT_EQ(feed.value(R"({"id":1})", "grain"), "day");
  EXPECT_EQ(feed.value(R"({"id":1})", "kind"), "other");
  EXPECT_EQ(feed.value(R"({"id":1,"type":"cpa"})", "kind"), "cpa");
}

TEST(Mapping, TextsTakeScalarsAndKeepTheDigitsOfNumbers) {
  Feed feed("commission");
  feed.column("account", "client_account").strip_prefix = "#";
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":835449167911924693})", "account"),
            "835449167911924693");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":" #123 "})", "account"), "123");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":1.10})", "account"), "1.10");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":true})", "account"), "true");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":"#"})", "account"), "null");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":[1]})", "account"),
            "! account: the field \"client_account\" is a list, not a single value");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":{}})", "account"), "null");
  EXPECT_EQ(feed.value(R"({"id":1,"client_account":{"a":1}})", "account"),
            "! account: the field \"client_account\" is an object, not a single value");
}

TEST(Mapping, AUuidAndItsFirstCharactersBecomeTheSameReference) {
  Feed feed("commission");
  auto& column = feed.column("client_ref", "client_uid");
  column.take_before = "-";
  column.lower_case = true;
  EXPECT_EQ(
      feed.value(R"({"id":1,"client_uid":"1A2B3C4D-0000-4000-8000-000000000000"})", "client_ref"),
      "1a2b3c4d");
  EXPECT_EQ(feed.value(R"({"id":1,"client_uid":"1a2b3c4d"})", "client_ref"), "1a2b3c4d");
}

TEST(Mapping, OtherTypesOfValue) {
  Feed client("client");
  client.column("has_deposit", "deposited", ValueType::boolean);
  client.column("currency", "currency", ValueType::currency);
  client.column("registered_at", "registered", ValueType::datetime).zone = "Europe/Moscow";
  client.column("first_deposit_at", "deposit_ms", ValueType::epoch).epoch_milliseconds = true;
  auto& status = client.column("status", "state", ValueType::enumeration);
  status.table = {{"on", "active"}, {"off", "inactive"}};
  auto const* json =
      R"({"id":"c","deposited":1,"currency":" usd ","registered":"2026-01-02 03:04:05",
                         "deposit_ms":"1767225600123","state":"ON"})";
  EXPECT_EQ(client.value(json, "has_deposit"), "true");
  EXPECT_EQ(client.value(json, "currency"), "USD");
  EXPECT_EQ(client.value(json, "registered_at"), "2026-01-02T00:04:05Z");
  EXPECT_EQ(client.value(json, "first_deposit_at"), "2026-01-01T00:00:00.123000Z");
  EXPECT_EQ(client.value(json, "status"), "active");
  EXPECT_EQ(client.value(R"({"id":"c","state":"gone"})", "status"),
            "! status: \"gone\" in the field \"state\" is a word that the connector does not know");
  client.plan.spec->map.columns.back().otherwise = "unknown";
  EXPECT_EQ(client.value(R"({"id":"c","state":"gone"})", "status"), "unknown");

  Feed commission("commission");
  commission.column("occurred_on", "day", ValueType::date);
  commission.column("orders_count", "orders", ValueType::integer);
  EXPECT_EQ(commission.value(R"({"id":1,"day":"2026-01-02"})", "occurred_on"), "2026-01-02");
  EXPECT_EQ(commission.value(R"({"id":1,"day":"2026-01-02T00:00:00Z"})", "occurred_on"),
            "! occurred_on: \"2026-01-02T00:00:00Z\" in the field \"day\" is not a day in a format "
            "that the connector knows");
  EXPECT_EQ(commission.value(R"({"id":1,"orders":"7"})", "orders_count"), "7");

  Feed group("rebate_group");
  group.column("rebate_percent", "percent", ValueType::percent);
  EXPECT_EQ(group.value(R"({"id":1,"percent":"12.5%"})", "rebate_percent"), "12.5");
}

// Whatever a connector says, only texts that PostgreSQL accepts for the column may result. A text
// that it refuses would fail the whole page.
TEST(Mapping, WhateverTheTypesOnlyTextsThatFitTheColumnComeOut) {
  std::vector<std::string> const values = {"\"abc\"",
                                           "\"12\"",
                                           "12",
                                           "1.5",
                                           "true",
                                           "\"2026-01-02\"",
                                           "\"2026-01-02T03:04:05Z\"",
                                           "\"1e500\"",
                                           "-1e-9",
                                           "99999999999999999999999",
                                           "\"paid\""};
  using enum ValueType;
  for (auto const type :
       {text, integer, boolean, decimal, percent, date, datetime, epoch, currency, enumeration}) {
    for (auto const& [table, name] :
         std::vector<std::pair<std::string, std::string>>{{"commission", "amount"},
                                                          {"commission", "orders_count"},
                                                          {"client", "has_deposit"},
                                                          {"commission", "occurred_on"},
                                                          {"commission", "paid_at"}}) {
      Feed feed(table);
      feed.column(name, "v", type).table = {{"paid", "paid"}, {"12", "12"}};
      for (auto const& value : values) {
        auto const out = feed.value(R"({"id":1,"v":)" + value + "}", name);
        if (out.starts_with("! ") || out == "null") continue;
        auto const column =
            feed.plan.spec->map.table->columns[*feed.plan.spec->map.table->index_of(name)];
        bool fits = false;
        switch (column.type) {
          case ColumnType::numeric:
            fits = parse_decimal(out).text == out;
            break;
          case ColumnType::bigint:
            fits = out == "12" || out == "0";
            break;
          case ColumnType::boolean:
            fits = out == "true" || out == "false";
            break;
          case ColumnType::date:
            fits = parse_day(out).has_value();
            break;
          case ColumnType::timestamptz:
            fits = out.size() >= 20 && out.back() == 'Z';
            break;
          case ColumnType::text:
            fits = true;
            break;
        }
        EXPECT_TRUE(fits) << name << " as " << static_cast<int>(type) << " of " << value << ": "
                          << out;
      }
    }
  }
}

TEST(Mapping, KeysAreJoinedAndEveryPartIsRequired) {
  Feed feed("commission");
  feed.plan.spec->map.key.emplace_back("day");
  auto const mapper = feed.mapper();
  std::string reason;
  auto const key = [&](std::string_view json) {
    return mapper.key_of(parse_json(json).value(), reason).value_or("none: " + reason);
  };
  EXPECT_EQ(key(R"({"id":835449167911924693,"day":"2026-01-02"})"),
            "835449167911924693:2026-01-02");
  EXPECT_EQ(key(R"({"id":" 7 ","day":1})"), "7:1");
  EXPECT_EQ(key(R"({"id":7})"),
            "none: the field \"day\", which belongs to the row's key, is missing");
  EXPECT_EQ(key(R"({"id":7,"day":null})"),
            "none: the field \"day\", which belongs to the row's key, is null");
  EXPECT_EQ(key(R"({"id":" ","day":1})"),
            "none: the field \"id\", which belongs to the row's key, is empty");
  EXPECT_EQ(key(R"({"id":[7],"day":1})"),
            "none: the field \"id\", which belongs to the row's key, is a list");
  EXPECT_EQ(key("[1]"), "none: the row is a list, not an object, as rows have to be");
}

TEST(Mapping, AnOverLongKeyIsAReason) {
  Feed feed("commission");
  feed.map(R"({"id":")" + std::string(500, 'x') + "\"}");
  EXPECT_FALSE(feed.reason);
  feed.map(R"({"id":")" + std::string(501, 'x') + "\"}");
  EXPECT_EQ(feed.reason, "the row's key has 501 bytes, more than 500");
  EXPECT_EQ(feed.row.external_id, "");
  EXPECT_FALSE(feed.row.raw.empty());
}

TEST(Mapping, FlawedRowsGoToQuarantineWithTheFieldsName) {
  Feed feed("commission");
  feed.map(R"({"id":1,"reward":1,"reward":2})");
  EXPECT_EQ(feed.reason, "the field \"reward\" occurs twice");
  feed.map(R"({"id":1,"inner":{"a":1,"a":2}})");
  EXPECT_EQ(feed.reason, "something in the field \"inner\" occurs twice");
  feed.map("\"text\"");
  EXPECT_EQ(feed.reason, "the row is a text, not an object, as rows have to be");
}

TEST(Mapping, TheRowIsReusedWithoutLeftovers) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal);
  feed.plan.spec->volatile_fields = {"seen"};
  feed.map(R"({"id":"first","reward":5,"seen":1})");
  EXPECT_EQ(feed.value(R"({"id":"second"})", "amount"), "null");
  EXPECT_EQ(feed.row.external_id, "second");
  EXPECT_EQ(feed.row.volatile_free_raw, "");
  feed.map("17");
  EXPECT_EQ(feed.row.external_id, "");
}

TEST(Mapping, MembersInAnotherOrderAreFoundToo) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal);
  auto const mapper = feed.mapper();
  auto const amount = *feed.plan.spec->map.table->index_of("amount");
  for (auto const* json : {R"({"id":1,"reward":5})", R"({"reward":6,"id":1})", R"({"id":1})",
                           R"({"a":0,"b":0,"id":1,"reward":7})", R"({"reward":8,"id":1})"}) {
    Row row;
    ASSERT_FALSE(mapper.map(parse_json(json).value(), noon, row)) << json;
    auto const parsed = parse_json(json).value();
    auto const* reward = parsed.find("reward");
    EXPECT_EQ(row.values[amount].value_or("null"), reward ? reward->number_text() : "null") << json;
  }
}

TEST(Mapping, RawKeepsMemberOrderAndNumberTexts) {
  Feed feed("commission");
  auto const* json = R"({"z":1.10,"id":835449167911924693,"a":[1e-11,{"b":"ü\n"}],"n":null})";
  feed.map(json);
  EXPECT_EQ(feed.row.raw, json);
}

TEST(Mapping, VolatileFieldsAreLeftOutOfWhatIsCompared) {
  Feed feed("commission");
  feed.plan.spec->volatile_fields = {"updated", "age"};
  feed.map(R"({"id":1,"updated":"now","x":2,"age":"3 days"})");
  EXPECT_EQ(feed.row.raw, R"({"id":1,"updated":"now","x":2,"age":"3 days"})");
  EXPECT_EQ(feed.row.volatile_free_raw, R"({"id":1,"x":2})");
}

TEST(Mapping, AVolatileFieldMayStandInsideAnObject) {
  Feed feed("commission");
  feed.plan.spec->volatile_fields = {"attributes.age", "gone.inside"};
  feed.map(R"({"id":1,"attributes":{"age":"3 days","x":2},"age":4})");
  EXPECT_EQ(feed.row.volatile_free_raw, R"({"id":1,"attributes":{"x":2},"age":4})");
  feed.map(R"({"id":1,"attributes":{"x":2}})");
  EXPECT_EQ(feed.row.volatile_free_raw, "") << "the row has no volatile field";
  feed.map(R"({"id":1,"attributes":"none"})");
  EXPECT_EQ(feed.row.volatile_free_raw, "");
}

TEST(Mapping, UnmappedFieldsAreToldInsideOfWhatIsReadInPart) {
  Feed feed("commission");
  feed.column("amount", "attributes.sum.value", ValueType::decimal);
  feed.column("currency", "attributes.currency");
  auto const row = parse_json(R"({"id":1,"type":"x","attributes":{"currency":"EUR","note":"",
                                  "sum":{"value":1,"name":"n"}},"links":{"self":"x"}})");
  EXPECT_EQ(feed.mapper().unmapped_fields(row.value()),
            (std::vector<std::string>{"type", "attributes.note", "attributes.sum.name", "links"}));
}

struct PrivateFeed : Feed {
  explicit PrivateFeed(Privacy privacy) : Feed("client") {
    plan.privacy = privacy;
    plan.spec->personal = {"phone"};
    column("email", "contact.email").personal = true;
    column("phone", "phone");
    column("name", "name").personal = true;
    column("country", "country");
  }
  char const* json =
      R"({"id":1,"contact":{"email":"a@b.example","kind":"x"},"phone":"+7 1","name":"Ann",)"
      R"("country":"DE"})";
};

TEST(Mapping, DroppedPersonalFieldsLeaveColumnAndRaw) {
  PrivateFeed feed(Privacy::drop);
  EXPECT_EQ(feed.value(feed.json, "email"), "null");
  EXPECT_EQ(feed.value(feed.json, "phone"), "null");  // personal for the row, so for its column too
  EXPECT_EQ(feed.value(feed.json, "name"), "null");
  EXPECT_EQ(feed.value(feed.json, "country"), "DE");
  EXPECT_EQ(feed.row.raw, R"({"id":1,"contact":{"kind":"x"},"country":"DE"})");
}

TEST(Mapping, HashedPersonalFieldsAreTheSameInColumnAndRaw) {
  PrivateFeed feed(Privacy::hash);
  auto const email = sha256("brokera@b.example");
  EXPECT_EQ(feed.value(feed.json, "email"), email);
  EXPECT_NE(feed.row.raw.find(email), std::string::npos);
  EXPECT_EQ(feed.value(feed.json, "phone"), sha256("broker+7 1"));
  EXPECT_EQ(feed.row.raw.find("Ann"), std::string::npos);
  feed.plan.hash_salt = "other";
  EXPECT_NE(feed.value(feed.json, "email"), email);
}

TEST(Mapping, KeptPersonalFieldsStay) {
  PrivateFeed feed(Privacy::keep);
  EXPECT_EQ(feed.value(feed.json, "email"), "a@b.example");
  EXPECT_EQ(feed.row.raw, feed.json);
}

TEST(Mapping, NoPersonalTextLeaksThroughQuarantine) {
  for (auto const privacy : {Privacy::drop, Privacy::hash}) {
    PrivateFeed feed(privacy);
    for (auto const* json :
         {R"({"contact":{"email":"a@b.example"},"phone":"+7 1","name":"Ann"})",
          R"({"id":1,"contact":"a@b.example","phone":["+7 1"],"name":{"x":"Ann"}})",
          R"({"id":1,"contact":[{"email":"a@b.example"}],"name":"Ann","name":"Ann"})",
          R"([{"contact":{"email":"a@b.example"},"phone":"+7 1","name":"Ann"}])",
          R"("Ann +7 1 a@b.example")"}) {
      feed.map(json);
      auto const told = feed.row.raw + feed.reason.value_or("") +
                        private_raw(feed.plan, parse_json(json).value());
      for (auto const* secret : {"a@b.example", "+7 1", "Ann"}) {
        EXPECT_EQ(told.find(secret), std::string::npos) << json << " -> " << told;
      }
      EXPECT_TRUE(parse_json(feed.row.raw)) << feed.row.raw;
    }
  }
}

TEST(Mapping, KeysOfPartsThatHoldTheJoinDoNotCollide) {
  Feed feed("commission");
  feed.plan.spec->map.key = {KeyPart("a"), KeyPart("b"), KeyPart("c")};
  auto const mapper = feed.mapper();
  std::string reason;
  auto const key = [&](std::string const& a, std::string const& b, std::string const& c) {
    std::string json = "{";
    for (auto const& [name, value] : {std::pair{"a", a}, {"b", b}, {"c", c}}) {
      json += (json.size() > 1 ? "," : "") + ("\"" + std::string(name)) + "\":";
      append_json_string(json, value);
    }
    return mapper.key_of(parse_json(json + "}").value(), reason).value_or("none: " + reason);
  };
  // If no part except the last contains ':' or '\', a key has the same form as in older versions.
  EXPECT_EQ(key("7", "2026-01-02", "10:00:00"), "7:2026-01-02:10:00:00");
  EXPECT_EQ(key("7", "x", "\\"), "7:x:\\");
  EXPECT_EQ(key("a:b", "c", "d"), "a\\:b:c:d");
  std::set<std::string> keys;
  int count = 0;
  for (std::string const a : {"x", "x:", ":x", "x:x", "x\\", "\\x", "x\\:", "\\:"}) {
    for (std::string const b : {"x", ":", "x:x", "\\", "\\:", ":\\"}) {
      for (std::string const c : {"x", ":x", "x:x", "\\", "\\:x", "x:"}) {
        keys.insert(key(a, b, c));
        ++count;
      }
    }
  }
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(count));
}

TEST(Mapping, ABareWordInsteadOfANumberCostsItsRowAlone) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal);
  auto const body = parse_json(
      R"([{"id":1,"reward":5,"x":NaN},{"id":2,"reward":-Infinity},{"id":3,"reward":"7.50"},)"
      R"({"id":4,"reward":1,"deep":{"y":[Infinity]}},{"id":5,"reward":8,"note":"NaN, Infinity"}])");
  ASSERT_TRUE(body);
  auto const reason = [&](std::size_t row) {
    return feed.mapper().map(body->items().at(row), noon, feed.row).value_or("");
  };
  EXPECT_EQ(reason(0), "the field \"x\" holds NaN, which is not a JSON number");
  EXPECT_EQ(feed.row.external_id, "1");
  EXPECT_EQ(feed.row.raw, R"({"id":1,"reward":5,"x":"NaN"})");
  EXPECT_EQ(reason(1), "the field \"reward\" holds -Infinity, which is not a JSON number");
  EXPECT_EQ(reason(2), "");
  EXPECT_EQ(feed.row.values.at(*feed.plan.spec->map.table->index_of("amount")), "7.50");
  EXPECT_EQ(reason(3), "the field \"deep\" holds NaN or Infinity, which is not a JSON number");
  EXPECT_EQ(reason(4), "");
}

TEST(Mapping, AKeyMayHoldConstants) {
  Feed feed("balance");
  KeyPart metric;
  metric.constant = "equity";
  feed.plan.spec->map.key.push_back(metric);
  feed.map(R"({"id":17})");
  EXPECT_FALSE(feed.reason);
  EXPECT_EQ(feed.row.external_id, "17:equity");
}

TEST(Mapping, APersonalKeyIsHashed) {
  Feed feed("client");
  feed.plan.spec->personal = {"email"};
  feed.plan.spec->map.key = {KeyPart("email")};
  feed.map(R"({"email":"a@b.example"})");
  EXPECT_FALSE(feed.reason);
  EXPECT_EQ(feed.row.external_id, sha256("brokera@b.example"));
}

TEST(Mapping, LongValuesAreCutInAReasonBetweenCharacters) {
  Feed feed("commission");
  feed.column("amount", "reward", ValueType::decimal);
  std::string russian;
  for (int i = 0; i < 50; ++i) russian += "д";
  auto const told = feed.value(R"({"id":1,"reward":"x)" + russian + "\"}", "amount");
  EXPECT_TRUE(parse_json("\"" + told.substr(told.find("x"), 58) + "\""));
  EXPECT_LT(told.size(), 140u);
  EXPECT_NE(told.find("…"), std::string::npos);
}

TEST(Mapping, ObservationsAreTimedUnlessTheRowTells) {
  Feed feed("balance");
  EXPECT_EQ(feed.value(R"({"id":1})", "observed_at"), "2026-06-15T12:00:00Z");
  feed.column("observed_at", "at", ValueType::datetime);
  EXPECT_EQ(feed.value(R"({"id":1,"at":"2026-01-01T00:00:00Z"})", "observed_at"),
            "2026-01-01T00:00:00Z");
}

TEST(Mapping, TracesSayWhatEachColumnFound) {
  Feed feed("commission");
  feed.column("amount", "corrected", ValueType::decimal).from.emplace_back("reward");
  feed.column("symbol", "symbol");
  feed.column("orders_count", "orders", ValueType::integer);
  auto const traces =
      feed.mapper().trace(parse_json(R"({"id":1,"reward":"2","orders":"x"})").value(), noon);
  ASSERT_EQ(traces.size(), 3u);
  EXPECT_EQ(traces[0].from, "reward");
  EXPECT_TRUE(traces[0].found);
  EXPECT_EQ(traces[0].value, "2");
  EXPECT_FALSE(traces[1].found);
  EXPECT_EQ(traces[1].value, std::nullopt);
  EXPECT_EQ(traces[1].problem, "");
  EXPECT_TRUE(traces[2].found);
  EXPECT_NE(traces[2].problem, "");
}

TEST(Mapping, UnmappedFieldsAreThoseThatNothingReads) {
  Feed feed("commission");
  feed.column("amount", "money.net", ValueType::decimal);
  EXPECT_EQ(feed.mapper().unmapped_fields(
                parse_json(R"({"id":1,"money":{},"extra":1,"more":2})").value()),
            (std::vector<std::string>{"extra", "more"}));
}

TEST(Mapping, AnUnknownColumnOrZoneIsAnErrorOfTheConfiguration) {
  Feed feed("commission");
  feed.column("no_such", "x");
  EXPECT_THROW(feed.mapper(), Failure);
  Feed zone("commission");
  zone.column("paid_at", "x", ValueType::datetime).zone = "Moon/Tycho";
  EXPECT_THROW(zone.mapper(), Failure);
}

TEST(Mapping, ARateOfUnitsForADollarIsInverted) {
  Feed feed("fx_rate");
  auto& rate = feed.column("usd_rate", "rate", ValueType::decimal);
  rate.invert = true;
  EXPECT_EQ(feed.value(R"({"id":1,"rate":0.92})", "usd_rate"), "1.08695652173913043");
  EXPECT_EQ(feed.value(R"({"id":1,"rate":"25400"})", "usd_rate"), "0.0000393700787401574803");
  EXPECT_EQ(feed.value(R"({"id":1,"rate":0.0})", "usd_rate"),
            "! usd_rate: \"0.0\" in the field \"rate\" is zero, which has no inverse");
  EXPECT_EQ(feed.value(R"({"id":1,"rate":"x"})", "usd_rate"),
            "! usd_rate: \"x\" in the field \"rate\" is not a number");
  auto& scaled = feed.plan.spec->map.columns.back();
  scaled.shift = 2;  // 300 after the shift
  scaled.scale = 4;
  EXPECT_EQ(feed.value(R"({"id":1,"rate":3})", "usd_rate"), "0.0033");
}

}  // namespace
}  // namespace affsync::engine::mapping_test
