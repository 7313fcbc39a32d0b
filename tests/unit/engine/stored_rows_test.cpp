// Quarantined rows, mapped again from what was kept of them.
#include "connectors/engine/rows/stored_rows.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace affsync::engine::stored_rows_test
