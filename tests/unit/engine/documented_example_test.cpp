// The worked example of docs/connectors.md must behave as the page says.
#include <gtest/gtest.h>

#include "connectors/engine/document/document.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "tests/unit/engine/documented_page.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::documented_example_test {
namespace {

TEST(DocumentedExample, MapsTheAnswerThatThePageShows) {
  auto const manifest = parse_manifest(block_of("yaml", "name: mybroker"), "mybroker.yaml");
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  SourceSettings settings;
  settings.name = "mine";
  settings.credentials.emplace("api_key", Secret("k"));
  auto const plan = make_source_plan(*manifest, settings);
  ASSERT_TRUE(plan) << plan.error().to_line();

  ReaderStart start;
  start.since = start.until = *parse_day("2026-11-02");
  start.now = at("2026-11-21");
  StreamReader reader(plan->streams.at(0), start);
  EXPECT_EQ(reader.next_request()->target,
            "/v1/commissions?sort=id&from=2026-11-02&to=2026-11-02&limit=200&offset=0");
  Answer answer;
  answer.body = parse_json(block_of("json", "U-17")).value();
  auto const page = reader.on_answer(answer, start.now).value();
  ASSERT_EQ(page.batches.at(0).size(), 1U);
  auto const& batch = page.batches[0];
  auto const cell = [&](char const* column) {
    auto const* text = batch.cell(0, *batch.table().index_of(column));
    return std::string(text == nullptr ? "null" : text);
  };
  EXPECT_EQ(cell("amount"), "150.00");
  EXPECT_EQ(cell("currency"), "USD");
  EXPECT_EQ(cell("status"), "approved");
  EXPECT_EQ(cell("occurred_on"), "2026-11-02");
  EXPECT_EQ(cell("occurred_at"), "2026-11-02T13:05:00Z");  // 14:05 in Berlin, in winter
  EXPECT_EQ(std::string(batch.raw(0)).find("manager_name"), std::string::npos);
  ASSERT_TRUE(page.slice_end);
  EXPECT_EQ(page.slice_end->totals.at(0).value, "150.00");
}

TEST(DocumentedExample, AConnectorForFilesReadsAnExport) {
  auto const manifest = parse_manifest(block_of("yaml", "name: portal"), "portal.yaml");
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  SourceSettings settings;
  settings.name = "mine";
  settings.base_url = "file:///inbox";
  auto const plan = make_source_plan(*manifest, settings);
  ASSERT_TRUE(plan) << plan.error().to_line();
  auto const& spec = *plan->streams.at(0)->spec;
  EXPECT_TRUE(spec.replaces_window);
  Answer answer;
  answer.body =
      read_document("Report\nId;Client;Day;Amount\n7;U-1;05.10.2026;10.50\nTotal;;;10.50\n",
                    spec.document)
          .value();
  ReaderStart start;
  start.since = start.until = *parse_day("2026-10-05");
  start.now = at("2026-11-21");
  StreamReader reader(plan->streams.at(0), start);
  EXPECT_EQ(reader.next_request()->target, "/commissions*.csv");
  auto const page = reader.on_answer(answer, start.now).value();
  auto const& batch = page.batches.at(0);
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(std::string(batch.cell(0, *batch.table().index_of("amount"))), "10.50");
  EXPECT_EQ(std::string(batch.cell(0, *batch.table().index_of("occurred_on"))), "2026-10-05");
}

}  // namespace
}  // namespace affsync::engine::documented_example_test
