// A first connector that is written from a sample parses and reads the sample.
#include <gtest/gtest.h>

#include "connectors/engine/draft/draft.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::draft_test {
namespace {

Draft draft_of(std::string const& bytes, std::string const& file) {
  auto draft = draft_connector(bytes, file, "broker", TimePoint(*parse_day("2026-11-20")));
  if (!draft) {
    ADD_FAILURE() << draft.error().to_line();
    return {};
  }
  EXPECT_EQ(draft->problem, "") << draft->text;
  EXPECT_EQ(draft->mapped, draft->rows) << draft->text;
  return *draft;
}

void expect_line(Draft const& draft, std::string const& line) {
  EXPECT_NE(draft.text.find("\n" + line), std::string::npos) << "no line: " << line << "\n"
                                                             << draft.text;
}

TEST(Draft, AnExportInCsvBecomesAStreamOfCommissions) {
  auto const draft = draft_of(
      "Partner report\nTicket;Client ID;Close time;Symbol;Reward;Currency\n"
      "81;U-1;05.10.2026 14:00:01;EURUSD;1.25;USD\n82;U-2;06.10.2026 09:30:00;XAUUSD;-0.50;USD\n"
      "Total;;;;0.75;\n",
      "/tmp/rewards 2026-10.csv");
  EXPECT_EQ(draft.rows, 2U);
  expect_line(draft, "    table: commission");
  expect_line(draft, "    path: '/rewards*.csv'");
  expect_line(draft, "    csv: {totals: {words: Total}}  # guess");
  expect_line(draft, "    reconcile: [{column: amount, total: totals.0.Reward}]  # guess");
  expect_line(draft, "    key: Ticket  # guess");
  expect_line(draft, "      amount: {from: Reward, required: true}  # guess");
  expect_line(draft, "      currency: Currency  # guess");
  expect_line(draft, "      client_ref: '\"Client ID\"'  # guess");
  expect_line(draft,
              "      occurred_on: {from: '\"Close time\"', as: datetime, formats: '%d.%m.%Y "
              "%H:%M:%S', zone: UTC}");
  expect_line(draft, "    # Not read: Symbol");
}

TEST(Draft, TheLineOfSumsIsComparedWhereItHasTheAmount) {
  auto const local = draft_of(
      "Id;Client;Amount Out;Day\n1;C1;1.250,50;05.10.2026\n2;C2;0,50;06.10.2026\n"
      "Total;;1.251,00;\n",
      "a.csv");
  expect_line(local,
              "    reconcile: [{column: amount, total: 'totals.0.\"Amount Out\"'}]  # guess");
  auto const none = draft_of("Id;Client;Amount\n1;C1;1.25\n2;C2;0.50\nTotal;2;\n", "a.csv");
  EXPECT_EQ(none.text.find("reconcile"), std::string::npos) << none.text;
  auto const several = draft_of(
      "Id;Client;Amount\n1;C1;1.25\nSubtotal;;1.25\n2;C2;0.50\nSubtotal;;0.50\nTotal;;1.75\n",
      "a.csv");
  EXPECT_EQ(several.text.find("reconcile"), std::string::npos) << several.text;
}

TEST(Draft, AWorkbookSaysWhichNumbersAreDays) {
  auto const draft = draft_of(document_file("commissions.xlsx"), "commissions.xlsx");
  expect_line(draft, "    format: xlsx");
  expect_line(draft,
              "    xlsx: {sheet: Commissions, totals: {words: Total}, dates: Date}  # guess");
  EXPECT_EQ(draft.rows, 2U);
}

TEST(Draft, XmlSaysWhichElementsAreRows) {
  auto const draft = draft_of(document_file("cellxpert.xml"), "cellxpert.xml");
  expect_line(draft, "    xml: {row: Commission, root: ResultSet}  # guess");
  expect_line(draft, "    key: id  # guess");
  expect_line(draft, "      amount: {from: Commission, required: true}  # guess");
  EXPECT_EQ(draft.rows, 2U);
}

TEST(Draft, JsonSaysWhereTheRowsAre) {
  auto const draft = draft_of(
      R"({"data":{"list":[{"uid":"7","regTime":1760000000000},{"uid":"8","regTime":1760000000001}]}})",
      "clients.json");
  expect_line(draft, "    table: client");
  expect_line(draft, "    records: data.list");
  expect_line(draft, "    key: uid  # guess");
  expect_line(draft, "      registered_at: {from: regTime, as: epoch, unit: milliseconds}");
}

TEST(Draft, RowsWithoutAnIdAreToldApartBySeveralFields) {
  auto const draft =
      draft_of("Day,Tracking,Commission\n2026-10-05,a,1.00\n2026-10-05,b,2.00\n2026-10-06,a,1.00\n",
               "x.csv");
  expect_line(draft, "    key: {hash: [Day, Tracking]}  # guess");
}

TEST(Draft, ASampleWithoutRowsIsRefused) {
  auto const draft = draft_connector("{\"ok\": true}", "a.json", "broker", TimePoint());
  ASSERT_FALSE(draft);
  EXPECT_EQ(
      draft.error().to_line(),
      "the sample has no list of rows. Take an answer or export with at least one row. If the "
      "rows are members of an object, such as amounts by coin, write `records` with `names` "
      "and `value` by hand.");
}

// A line of the file would end in such a name.
TEST(Draft, NamesThatNoPathCanHaveAreLeftOut) {
  auto const draft = draft_of(
      R"({"a\nb":[{"x":1},{"x":2},{"x":3}],"rows":[{"id":1,"amount":"1.5","bad\nname: {":"x",)"
      R"("":"y","in":{"tab\t":1}},{"id":2,"amount":"2.5","bad\nname: {":"z"}]})",
      "re\nwards.json");
  EXPECT_EQ(draft.rows, 2U);
  expect_line(draft, "    records: rows\n");
  expect_line(draft,
              "    # Fields with names that no path can have: \"bad\\nname: {\", \"\", "
              "\"in.tab\\t\"\n");
  auto const table = draft_of("id,\"pay\nout\",amount\n1,x,1.5\n2,y,2.5\n", "a.csv");
  expect_line(table, "    # Fields with names that no path can have: \"pay\\nout\"\n");
}

// One click may bring several equal events in one second.
TEST(Draft, EventsWithoutAnIdAreTheirContent) {
  auto const draft =
      draft_of(R"({"rows":[{"time":"2026-11-15T14:30:00","clickId":"c1","payout":25.5},)"
               R"({"time":"2026-11-15T14:31:00","clickId":"c1","payout":25.5},)"
               R"({"time":"2026-11-16T00:00:00","clickId":"c2","payout":10}]})",
               "conversions.json");
  expect_line(draft, "    key: {hash: all}  # no id was found");
}

TEST(Draft, APaymentIsAnAmount) {
  auto const draft =
      draft_of(R"({"results":[{"action_id":1,"status":"pending","payment":7.5,"currency":"USD"}]})",
               "actions.json");
  expect_line(draft, "    table: commission\n");
  expect_line(draft, "      amount: {from: payment, required: true}");
}

TEST(Draft, WhatAnAmountMayMeanInsteadIsSaid) {
  auto const cents = draft_of(
      R"({"data":[{"id":"a","amount":3000,"currency":"USD","sale":{"tax_amount_cents":10}}]})",
      "c.json");
  expect_line(cents,
              "      amount: {from: amount, required: true}  # guess: what was earned; in cents "
              "like sale.tax_amount_cents? Then add `minor_units: 2`\n");
  auto const order = draft_of(
      R"({"data":[{"id":1,"amount":99.5,"currency":"USD","commissions":[{"amount":9.9}]}]})",
      "c.json");
  expect_line(
      order,
      "      amount: {from: amount, required: true}  # guess: what was earned; or the "
      "order's value? The list commissions may hold what was earned: read it with `each`\n");
}

TEST(Draft, AnAnswerOfAnApiBecomesAStreamWithItsRequest) {
  auto const draft = draft_connector(
      R"({"items":[{"id":7,"commission":"1.5","currency":"EUR","day":"2026-10-05"}]})",
      "answer.json", "broker", TimePoint(*parse_day("2026-11-20")),
      "https://api.broker.example/v1/commissions?sort=id&q=a%20b");
  ASSERT_TRUE(draft) << draft.error().to_line();
  EXPECT_EQ(draft->mapped, 1U);
  expect_line(*draft, "base_url: https://api.broker.example\n");
  expect_line(*draft, "  api_key: {description: where to make it}");
  expect_line(*draft, "    path: /v1/commissions\n");
  expect_line(*draft, "    query: {sort: id, q: 'a b'}");
  expect_line(*draft, "    records: items\n");
  EXPECT_EQ(draft->text.find("    window:"), std::string::npos) << draft->text;
  auto const wrong = draft_connector("[]", "a.json", "broker", TimePoint(), "api.broker.example");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "\"api.broker.example\" is not the address of a request");
}

}  // namespace
}  // namespace affsync::engine::draft_test
