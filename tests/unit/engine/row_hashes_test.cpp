// The hash of a stored row is kept in the database and compared at every later pass. A version that
// hashed the same row differently would report every row as changed.
//
// The hashes below were stored by version 0.1.0. They never change.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "connectors/engine/rows/page_rows.hpp"

namespace affsync::engine::row_hashes_test {
namespace {

using Hashes = std::vector<std::pair<std::string, std::string>>;  // by external id

std::shared_ptr<StreamPlan const> plan_of(std::string const& stream, Privacy privacy) {
  auto const manifest = parse_manifest(
      "name: b\nbase_url: https://b.example\nauth: {type: none}\n"
      "streams: {s: {path: /s, records: data, " +
          stream + "}}",
      "b.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  set_hash_salt(*plan, "salt");
  return plan->streams.at(0);
}

// The rows that the stream's tables store, those of the main table first.
Hashes stored(std::string const& stream, std::vector<std::string> const& texts,
              Privacy privacy = Privacy::drop) {
  auto const plan = plan_of(stream, privacy);
  std::vector<Json> parsed;
  for (auto const& text : texts) parsed.push_back(parse_json(text).value());
  std::vector<Json const*> rows;
  for (auto const& row : parsed) rows.push_back(&row);
  PageRows page_rows(plan);
  page_rows.begin_slice();
  std::vector<std::uint64_t> keys;
  page_rows.hash_keys(rows, keys);
  PageRead page;
  std::vector<RowPlace> const places(rows.size(), RowPlace::fresh);
  TimePoint const now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26);
  page_rows.convert(rows, keys, places, now, page);
  for (auto const& bad : page.quarantined) ADD_FAILURE() << bad.reason;
  Hashes out;
  for (auto const& batch : page.batches) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      out.emplace_back(batch.external_id(i), batch.hash(i).to_hex());
    }
  }
  return out;
}

char const* const rewards =
    "table: commission, key: id, map: {client_ref: {from: client_uid, lower_case: true}, account: "
    "client_account, kind: {const: spread_share}, status: {const: paid}, amount: {from: reward, "
    "required: true}, currency: currency, amount_usd: reward_usd, volume_lots: volume_lots, "
    "orders_count: orders_count, grain: {const: day}, occurred_on: {from: reward_date, required: "
    "true}}";

TEST(RowHashes, RowsOfAListStayUnchanged) {
  auto const first =
      R"({"id":1000000001,"partner_account":"1100004","client_uid":"0AF3C2","client_account":2001,)"
      R"("reward_date":"2025-03-09","reward":"12.3450","reward_usd":"12.3450","currency":"USD",)"
      R"("volume_lots":3.07,"orders_count":12})";
  // Other spellings of the numbers, null and missing fields, an unknown one in front, escapes.
  auto const second =
      R"({"new":true,"id":"a:\"b\"","client_uid":null,"reward_date":"2025-12-31","reward":-0.10,)"
      R"("reward_usd":1e-3,"currency":"eur","volume_lots":"00.500","note":"a\u0001\t\u00e9\\\/\n",)"
      R"("tags":["x",{"email":"a@b.example","y":1.50}],"client":{"name":"Ann","id":7}})";
  EXPECT_EQ(stored(rewards, {first, second, first}),
            (Hashes{{"a:\"b\"", "26faed95e4b79e45b320c341d8732eac"},
                    {"1000000001", "b8826c1de1a1a4c13fee5326b7d83000"}}));
}

TEST(RowHashes, PersonalFieldsAreDroppedHashedOrKept) {
  std::string const people =
      "table: client, key: id, personal: note, map: {client_ref: id, country: {from: [geo.country, "
      "country]}, registered_at: {from: created, as: datetime}}";
  std::vector<std::string> const rows{
      R"({"id":7,"name":"Ann","Email":"a@b.example","geo":{"country":"DE","city":"Bonn"},)"
      R"("note":{"a":1},"created":"2026-01-02T03:04:05Z","manager":{"name":"Bob","level":2},)"
      R"("emails":["x@y.example",null]})",
      R"({"id":8,"country":"FR","created":null,"phone":null})"};
  EXPECT_EQ(stored(people, rows), (Hashes{{"7", "7a2841245aacdf7922286fb4c08af15c"},
                                          {"8", "1e35f834fdb3b571338f54564d831048"}}));
  EXPECT_EQ(stored(people, rows, Privacy::hash),
            (Hashes{{"7", "dd4d963461ccf51afa240fd479864a4f"},
                    {"8", "52f05bab54b441f202db6091e5883965"}}));
  EXPECT_EQ(stored(people, rows, Privacy::keep),
            (Hashes{{"7", "d15cbe9bbad1ed6c3b40f4f49c67d70a"},
                    {"8", "52f05bab54b441f202db6091e5883965"}}));
}

TEST(RowHashes, VolatileFieldsInvalidTextsAndFurtherTables) {
  std::string const stream =
      "table: commission, key: [kind, id], volatile: [ago, at.read], map: {amount: "
      "sum, client_ref: client.id, symbol: sym}, also: [{table: payout, key: [payout_id], map: "
      "{amount: paid}}]";
  EXPECT_EQ(
      stored(stream, {R"({"kind":"a:b","id":"c","sum":"5.00","client":{"id":"k"},"ago":"3 weeks",)"
                      R"("at":{"read":1,"made":2},"payout_id":"p1","paid":"7.10"})",
                      R"({"kind":"a","id":"b:c","sum":5,"client":{"id":7,"x":1},"sym":"EU\u0000R",)"
                      R"("payout_id":"p2","paid":0.0})"}),
      (Hashes{{"a\\:b:c", "561f4a79b7afa44f562ee570f145b944"},
              {"a:b:c", "5f8229cc89c51e49bfd276c3ea02f4d4"},
              {"p1", "a6a1bf1678a9491c0cdc6324dbfba74d"},
              {"p2", "de0c6f5c0af90103d42441f78815d335"}}));
}

}  // namespace
}  // namespace affsync::engine::row_hashes_test
