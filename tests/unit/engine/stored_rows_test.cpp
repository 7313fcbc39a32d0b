// Quarantined and stored rows, mapped again from what was kept of them.
#include "connectors/engine/rows/stored_rows.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/rows/mapped_anew.hpp"
#include "connectors/engine/rows/page_rows.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::stored_rows_test {
namespace {

using Fate = StoredRows::Fate;

TimePoint const noon = at("2026-06-15");

StreamPlan feed() {
  StreamPlan plan;
  plan.source = "broker";
  plan.spec->map.table = find_record_table("commission");
  plan.spec->map.key.emplace_back("id");
  plan.spec->map.columns.push_back(map_column("amount", "reward", ValueType::decimal));
  return plan;
}

StoredRows rows_of(StreamPlan plan) {
  return StoredRows(std::make_shared<StreamPlan const>(std::move(plan)));
}

TEST(StoredRowsTest, SaysWhatBecomesOfEach) {
  auto rows = rows_of(feed());
  auto const good = rows.look_at(R"({"id":1,"reward":"1.50"})", noon);
  EXPECT_EQ(good.fate, Fate::maps);
  EXPECT_EQ(good.external_id, "1");
  auto const bad = rows.look_at(R"({"id":2,"reward":"much"})", noon);
  EXPECT_EQ(bad.fate, Fate::fails);
  EXPECT_EQ(bad.external_id, "2");
  EXPECT_NE(bad.reason.find("amount"), std::string::npos);
  // A row with the same key is checked again; only pages drop duplicates.
  EXPECT_EQ(rows.look_at(R"({"id":2,"reward":"more"})", noon).fate, Fate::fails);
  EXPECT_EQ(rows.look_at(R"({"reward":"1"})", noon).fate, Fate::fails);
  EXPECT_EQ(rows.look_at(R"("{\"id\":3")", noon).fate, Fate::unreadable);
  EXPECT_EQ(rows.look_at("[1]", noon).fate, Fate::unreadable);
}

// Room for a page is taken by the size of the rows before.
TEST(PageRowsTest, AVeryLongRowMakesNoRoomForManyOfItsKind) {
  PageRows rows(std::make_shared<StreamPlan const>(feed()));
  rows.begin_slice();
  rows.begin_list();
  rows.begin_sweep(true);
  auto const read = [&](std::vector<Json> const& page) {
    std::vector<Json const*> given;
    for (auto const& row : page) given.push_back(&row);
    std::vector<std::uint64_t> keys;
    rows.hash_keys(given, keys);
    PageRead out;
    rows.convert(given, keys, std::vector<RowPlace>(page.size(), RowPlace{}), noon, out);
    return out.batches.at(0).size();
  };
  std::vector<Json> many;
  for (int i = 1; i <= 50'000; ++i) {
    many.push_back(parse_json(R"({"id":)" + std::to_string(i) + "}").value());
  }
  std::string const megabytes(8'000'000, 'x');
  EXPECT_EQ(read({parse_json(R"({"id":0,"note":")" + megabytes + "\"}").value()}), 1u);
  EXPECT_EQ(read(many), 50'000u);  // 400 GB would be refused
}

TEST(StoredRowsTest, WhatTheConnectorNoLongerWantsIsLeftOut) {
  auto plan = feed();
  plan.spec->map.where.emplace();
  plan.spec->map.where->path = JsonPath("type");
  plan.spec->map.where->words = {"sale"};
  auto rows = rows_of(std::move(plan));
  EXPECT_EQ(rows.look_at(R"({"id":1,"type":"sum"})", noon).fate, Fate::left_out);
  EXPECT_EQ(rows.look_at(R"({"id":1,"type":"sale"})", noon).fate, Fate::maps);
}

// Stored values are hashes already; hashing again would make another client of each.
TEST(StoredRowsTest, AHashIsNotHashedAgain) {
  auto plan = feed();
  plan.privacy = Privacy::hash;
  plan.spec->map.table = find_record_table("client");
  plan.spec->map.key.clear();
  plan.spec->map.key.emplace_back("mail");
  plan.spec->map.columns.clear();
  auto mail = map_column("email", "mail", ValueType::text);
  mail.personal = true;
  plan.spec->map.columns.push_back(mail);
  RowMapper const mapper(plan, plan.spec->map);
  Row first;
  ASSERT_FALSE(mapper.map(parse_json(R"({"mail":"a@b.example"})").value(), noon, first));
  ASSERT_EQ(first.raw.find("a@b"), std::string::npos);
  Row again;
  ASSERT_FALSE(mapper.map(parse_json(first.raw).value(), noon, again));
  EXPECT_EQ(again.external_id, first.external_id);
  EXPECT_EQ(again.values, first.values);
  EXPECT_EQ(again.raw, first.raw);
}

// A stored row of commissions, and what the mapping makes of it.
class MappedAnew : public ::testing::Test {
 protected:
  RecordTable const& table = *find_record_table("commission");
  static StreamPlan in_cents() {
    auto plan = feed();
    plan.spec->map.columns.front().minor_units = 2;
    return plan;
  }
  Row row(std::string const& raw,
          std::vector<std::pair<std::string, std::string>> const& values) const {
    Row row;
    row.reset(table);
    row.external_id = "1";
    row.raw = raw;
    for (auto const& [column, value] : values) row.values[table.index_of(column).value()] = value;
    return row;
  }
  // The column of `stored` afterwards; "as it is stored" if nothing changes.
  std::string mapped(StreamPlan plan, Row stored, std::string const& column,
                     std::optional<Row> const& sent = std::nullopt) const {
    engine::MappedAnew const anew(std::make_shared<StreamPlan const>(std::move(plan)));
    if (!anew.map(table, stored, sent ? &*sent : nullptr, noon)) return "as it is stored";
    return stored.values[table.index_of(column).value()].value_or("none");
  }
};

TEST_F(MappedAnew, GivesWhatTheMappingMakesOfTheRowAsItIsStored) {
  auto const sent = row(R"({"id":1,"reward":400})", {{"amount", "4.00"}});
  auto const stored = row(R"({"id": 1, "reward": 500})", {{"amount", "500"}});
  EXPECT_EQ(mapped(in_cents(), stored, "amount", sent), "5.00");
  EXPECT_EQ(mapped(in_cents(), stored, "amount"), "5.00");
  // Another spelling is no other amount.
  auto const known = row(R"({"id": 1, "reward": 500})", {{"amount", "5.0"}});
  EXPECT_EQ(mapped(in_cents(), known, "amount", sent), "as it is stored");
  EXPECT_EQ(mapped(in_cents(), row("[]", {}), "amount", sent), "as it is stored");
}

TEST_F(MappedAnew, TakesWhatIsNotKeptFromTheRowAsItIsSent) {
  auto plan = in_cents();
  plan.spec->personal = {"user"};
  plan.privacy = Privacy::hash;
  plan.spec->map.columns.push_back(map_column("client_ref", "user", ValueType::text));
  auto const stored = row(R"({"id":1,"reward":500})", {{"amount", "500"}, {"client_ref", "old"}});
  auto const sent = row(R"({"id":1,"reward":400})", {{"amount", "4.00"}, {"client_ref", "new"}});
  EXPECT_EQ(mapped(plan, stored, "client_ref", sent), "new");
  EXPECT_EQ(mapped(plan, stored, "client_ref"), "old");
  EXPECT_EQ(mapped(plan, stored, "amount", sent), "5.00");
  // Nothing but that would differ.
  auto const known = row(R"({"id":1,"reward":500})", {{"amount", "5.00"}, {"client_ref", "old"}});
  EXPECT_EQ(mapped(plan, known, "client_ref", sent), "as it is stored");
}

TEST_F(MappedAnew, DoesNotTakeAFieldThatWasNotKeptForOneWithoutAValue) {
  auto plan = in_cents();
  plan.spec->map.columns.front() = map_column("amount", "net", ValueType::decimal);
  plan.spec->map.columns.push_back(map_column("kind", "type", ValueType::text));
  auto const stored =
      row(R"({"id":1,"reward":500,"type":"b"})", {{"amount", "500"}, {"kind", "a"}});
  auto const sent = row(R"({"id":1,"net":4,"type":"b"})", {{"amount", "4"}, {"kind", "b"}});
  EXPECT_EQ(mapped(plan, stored, "amount", sent), "4");
  EXPECT_EQ(mapped(plan, stored, "amount"), "500");
  // It was there, and empty.
  auto const empty = row(R"({"id":1,"net":null,"type":"b"})", {{"amount", "500"}, {"kind", "a"}});
  EXPECT_EQ(mapped(plan, empty, "amount", sent), "none");
  // Of two fields, one was not kept.
  plan.spec->map.columns.front().from.emplace_back("reward");
  EXPECT_EQ(mapped(plan, stored, "amount", sent), "500");
  plan.spec->raw_mapped_only = true;
  EXPECT_EQ(mapped(plan, stored, "amount", sent), "4");
}

// A time that is told by the time of the answer was another one then.
TEST_F(MappedAnew, DoesNotReadTimesByTheTimeOfAnotherAnswer) {
  auto plan = in_cents();
  plan.spec->map.columns.push_back(map_column("occurred_on", "day", ValueType::date));
  plan.spec->map.columns.push_back(map_column("occurred_from", "ago", ValueType::earliest));
  plan.spec->map.columns.back().locale = Locale::russian;
  auto const stored = row(R"({"id":1,"reward":500,"day":"2026-03-01","ago":"2 дня назад"})",
                          {{"amount", "500"}, {"occurred_from", "2026-03-02T00:00:00Z"}});
  EXPECT_EQ(mapped(plan, stored, "occurred_from"), "2026-03-02T00:00:00Z");
  EXPECT_EQ(mapped(plan, stored, "occurred_on"), "2026-03-01");
}

TEST_F(MappedAnew, KnowsWhichMappingOfSeveralMadeTheRow) {
  auto plan = in_cents();
  auto fee = plan.spec->map;
  fee.columns.front() = map_column("amount", "fee", ValueType::decimal);
  KeyPart constant;
  constant.constant = "fee";
  fee.key.push_back(constant);
  plan.spec->also.push_back(fee);
  auto stored = row(R"({"id":1,"reward":500,"fee":7})", {{"amount", "500"}});
  EXPECT_EQ(mapped(plan, stored, "amount"), "5.00");
  stored.external_id = "1:fee";
  EXPECT_EQ(mapped(plan, stored, "amount"), "7");
  stored.external_id = "2";
  EXPECT_EQ(mapped(plan, stored, "amount"), "as it is stored");
}

TEST_F(MappedAnew, ComparesRowsWithoutWhatDiffersAtEachReading) {
  auto plan = feed();
  plan.spec->volatile_fields = {"at"};
  engine::MappedAnew const anew(std::make_shared<StreamPlan const>(plan));
  EXPECT_TRUE(anew.is_same(R"({"at":1,"id":1,"reward":5.00})", R"({"reward":5,"id":1,"at":2})"));
  EXPECT_FALSE(anew.is_same(R"({"id":1,"reward":5})", R"({"id":1,"reward":6})"));
  // What is kept of persons is no less a difference.
  EXPECT_FALSE(anew.is_same(R"({"id":1})", R"({"id":1,"email":"a@b.example"})"));
}

TEST(MappedAnewTest, KeysAreThoseOfAllMappingsToTheTable) {
  auto plan = feed();
  auto& fee = plan.spec->also.emplace_back(plan.spec->map);
  fee.key = {KeyPart("id"), KeyPart("kind")};
  plan.spec->also.emplace_back().table = find_record_table("client");
  plan.spec->also.back().key.emplace_back("client");
  auto const& commission = *find_record_table("commission");
  auto const& client = *find_record_table("client");
  engine::MappedAnew const mapped(std::make_shared<StreamPlan const>(plan));
  using Keys = std::vector<std::string>;
  std::string const raw = R"({"id":7,"kind":"fee","client":"c"})";
  auto const keys = mapped.keys(commission, raw);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0], "7");
  EXPECT_NE(keys[1], "7");
  EXPECT_EQ(mapped.keys(client, raw), Keys{"c"});
  EXPECT_EQ(mapped.keys(*find_record_table("payout"), raw), Keys{});
  // A part was not kept, or nothing was.
  EXPECT_EQ(mapped.keys(commission, R"({"id":7})"), Keys{});
  EXPECT_EQ(mapped.keys(commission, "{}"), Keys{});
  EXPECT_EQ(mapped.keys(commission, ""), Keys{});
  // What names a person was kept under the setting of its time.
  EXPECT_EQ(mapped.keys(client, R"({"client":"sha256:0"})"), Keys{});
  plan.spec->personal.emplace_back("client");
  engine::MappedAnew const personal(std::make_shared<StreamPlan const>(plan));
  EXPECT_EQ(personal.keys(client, raw), Keys{});
  EXPECT_EQ(personal.keys(commission, raw).size(), 2u);
}

}  // namespace
}  // namespace affsync::engine::stored_rows_test
