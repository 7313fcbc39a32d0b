#include "daemon/cli/summary.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace affsync::cli::summary_test {
namespace {

TimePoint const began = Day(std::chrono::year(2026) / 11 / 21);

RunReport rewards() {
  RunReport report;
  report.source = "exness-main";
  report.stream = "rewards";
  report.table = "commission";
  report.status = RunStatus::succeeded;
  report.started_at = began;
  report.finished_at = began + std::chrono::milliseconds(12'345);
  report.rows_read = 1234;
  report.inserted = 1000;
  report.updated = 200;
  report.unchanged = 34;
  report.deleted = 5;
  report.quarantined = 0;
  report.pages = 3;
  report.requests = 4;
  report.throttled = 1;
  report.retries = 2;
  report.bytes_received = 99;
  return report;
}

RunReport refused() {
  RunReport report;
  report.source = "other";
  report.stream = "payouts";
  report.table = "payout";
  report.status = RunStatus::failed;
  report.started_at = began;
  report.finished_at = began;
  Error error(ErrorCode::tls_failed, "the certificate has expired", "Renew it.");
  error.at("GET /api/payouts").in("other", "payouts");
  report.error = error;
  return report;
}

TEST(Summary, JsonHasTheMembersThatArePinnedInTheirOrder) {
  EXPECT_EQ(
      summary_json(began, began + std::chrono::seconds(15), {rewards()}),
      R"({"started_at":"2026-11-21T00:00:00Z","finished_at":"2026-11-21T00:00:15Z","streams":[)"
      R"({"source":"exness-main","stream":"rewards","table":"commission","status":"succeeded",)"
      R"("rows_read":1234,"inserted":1000,"updated":200,"unchanged":34,"deleted":5,)"
      R"("quarantined":0,"pages":3,"requests":4,"throttled":1,"retries":2,"bytes_received":99,)"
      R"("duration_ms":12345,"error_code":null,"error":null}]})");
}

TEST(Summary, JsonErrorSaysWhereAndWhatToDo) {
  auto const json = parse_json(summary_json(began, began, {refused()}));
  ASSERT_TRUE(json);
  auto const& stream = json->find("streams")->items().at(0);
  EXPECT_EQ(stream.find("error_code")->as_string(), "tls_failed");
  EXPECT_EQ(stream.find("error")->as_string(),
            "GET /api/payouts: the certificate has expired. Renew it.");
}

TEST(Summary, JsonOfNothingIsStillOneObject) {
  auto const json = parse_json(summary_json(began, began, {}));
  ASSERT_TRUE(json);
  EXPECT_TRUE(json->find("streams")->items().empty());
}

TEST(Summary, TableGroupsCountsAndAddsThemUp) {
  EXPECT_EQ(summary_table({rewards(), rewards()}, {}),
            "source       stream   status      read  inserted  updated  unchanged  deleted  "
            "quarantined    time\n"
            "exness-main  rewards  succeeded  1,234     1,000      200         34        5  "
            "          0  12.3 s\n"
            "exness-main  rewards  succeeded  1,234     1,000      200         34        5  "
            "          0  12.3 s\n"
            "───────────  ───────  ─────────  ─────  ────────  ───────  ─────────  ───────  "
            "───────────  ──────\n"
            "all                              2,468     2,000      400         68       10  "
            "          0\n");
}

TEST(Summary, TableExplainsErrorsBelow) {
  auto const text = summary_table({refused()}, {});
  EXPECT_NE(text.find("\nother/payouts: failed (tls_failed)\n"
                      "  GET /api/payouts: the certificate has expired\n"
                      "  → Renew it.\n"),
            std::string::npos)
      << text;
}

TEST(Summary, TheSameReasonIsToldOnceForAllStreamsOfASource) {
  auto second = refused();
  second.stream = "clients";
  auto elsewhere = refused();
  elsewhere.source = "third";
  auto const text = summary_table({refused(), second, elsewhere}, log::Terminal{});
  EXPECT_NE(text.find("other/payouts, clients: failed (tls_failed)"), std::string::npos) << text;
  EXPECT_NE(text.find("third/payouts: failed (tls_failed)"), std::string::npos) << text;
  EXPECT_EQ(text.find("other/clients"), std::string::npos) << text;
}

TEST(Summary, ADryRunSaysWhatItDoesNotKnow) {
  auto report = rewards();
  report.dry_run = true;
  report.inserted = report.updated = report.unchanged = report.deleted = 0;
  auto const text = summary_table({report}, {});
  EXPECT_NE(text.find("1,234         ?        ?          ?        ?"), std::string::npos) << text;
  EXPECT_NE(text.find("does not know which rows are new or have changed"), std::string::npos);
  auto const json = parse_json(summary_json(began, began, {report}));
  ASSERT_TRUE(json);
  auto const& stream = json->find("streams")->items().at(0);
  EXPECT_EQ(stream.find("rows_read")->number_text(), "1234");
  for (auto const* member : {"inserted", "updated", "unchanged", "deleted"}) {
    EXPECT_TRUE(stream.find(member)->is_null()) << member;
  }
}

TEST(Summary, AStreamThatAnotherReadsIsNotLost) {
  auto report = rewards();
  report.status = RunStatus::skipped;
  report.error = Error(ErrorCode::lease_lost, "another affsync is reading this stream now");
  auto const text = summary_table({report}, {});
  EXPECT_NE(text.find("skipped (another affsync is reading it)"), std::string::npos) << text;
  EXPECT_EQ(text.find("lease_lost"), std::string::npos) << text;
}

TEST(Summary, TablePointsToQuarantine) {
  auto report = rewards();
  EXPECT_EQ(summary_table({report}, {}).find("affsync.quarantine"), std::string::npos);
  report.quarantined = 7;
  EXPECT_NE(summary_table({report}, {}).find("7 rows could not be read"), std::string::npos);
}

// `affsync quarantine` lists no accepted rows.
TEST(Summary, AcceptedRowsSendNobodyToTheQuarantine) {
  auto report = rewards();
  report.quarantined = 7;
  auto const mixed = summary_table({report}, {}, 6);
  EXPECT_NE(mixed.find("1 row could not be read and is in quarantine. `affsync quarantine` lists "
                       "the reasons."),
            std::string::npos)
      << mixed;
  EXPECT_NE(mixed.find("6 rows in quarantine accepted as known"), std::string::npos) << mixed;
  auto const known = summary_table({report}, {}, 7);
  EXPECT_EQ(known.find("could not be read"), std::string::npos) << known;
  EXPECT_EQ(known.find("`affsync quarantine`"), std::string::npos) << known;
  EXPECT_NE(known.find("7 rows in quarantine accepted as known, left out."), std::string::npos);
}

}  // namespace
}  // namespace affsync::cli::summary_test
