// Storing exchange rates: like rows, but only the latest value is kept.
#include "base/json.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::rates_test {
namespace {

class Rates : public StoreTest {
 protected:
  static TestRow rate(std::string currency, std::string day, std::optional<std::string> usd) {
    TestRow row;
    row.key = currency + ":" + day;
    row.values = {{"currency", currency}, {"on_date", day}, {"usd_rate", std::move(usd)}};
    return row;
  }
  PageWritten write_rates(RunKey const& run, std::vector<TestRow> const& rows) {
    return write(run, "fx_rate", rows);
  }
};

TEST_F(Rates, AreStoredOnceChangedInPlaceAndOtherwiseLeftAlone) {
  auto const run = begin("rates");
  EXPECT_EQ(write_rates(run, {rate("EUR", "2026-01-05", "1.1"), rate("GBP", "2026-01-05", "1.3")})
                .inserted,
            2);
  auto const tuples =
      "SELECT string_agg(ctid::text || xmin::text, ' ' ORDER BY currency)"
      " FROM affsync.fx_rate WHERE currency = 'GBP'";
  auto const before = value(tuples);
  now += std::chrono::hours(1);
  auto const again = begin("rates");
  auto const written =
      write_rates(again, {rate("EUR", "2026-01-05", "1.2"), rate("GBP", "2026-01-05", "1.30"),
                          rate("EUR", "2026-01-06", "1.25")});
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(written.unchanged, 1);
  EXPECT_EQ(value(tuples), before);
  auto const first = std::to_string(run.run_id), second = std::to_string(again.run_id);
  std::vector<Cells> const wanted{
      {"EUR", "2026-01-05", "1.2", "broker-1", "rates", second, "2026-03-01 01:00:00+00"},
      {"EUR", "2026-01-06", "1.25", "broker-1", "rates", second, "2026-03-01 01:00:00+00"},
      {"GBP", "2026-01-05", "1.3", "broker-1", "rates", first, "2026-03-01 00:00:00+00"}};
  EXPECT_EQ(rows("SELECT currency, on_date, usd_rate, provider, stream, run_id, changed_at"
                 " FROM affsync.fx_rate ORDER BY currency, on_date"),
            wanted);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "0");
}

TEST_F(Rates, CountInTheRunAndInTheHealthOfTheirStream) {
  auto const run = begin("rates");
  loop.run(store->write_page(
      page(run, {batch_of("fx_rate", {rate("EUR", "2026-01-05", "1.1")})}, R"({"at":7})")));
  EXPECT_EQ(
      parse_json(loop.run(store->load_state(run.id)).cursor).value().find("at")->number_text(),
      "7");
  EXPECT_EQ(value("SELECT inserted FROM affsync.sync_run"), "1");
  auto const health = loop.run(store->health());
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health[0].table, "fx_rate");
  EXPECT_EQ(health[0].rows, 1);
}

TEST_F(Rates, ThatNoPassListsAnyMoreStay) {
  auto const run = begin("rates");
  write_rates(run, {rate("EUR", "2026-01-05", "1.1"), rate("GBP", "2026-01-05", "1.3")});
  write_rates(begin("other"), {rate("EUR", "2026-01-05", "1.15")});
  auto close = slice(run, "fx_rate", {"EUR:2026-01-05"});
  close.mass_drop_limit = 1;
  close.expect_live = 2;
  auto const closed = loop.run(store->close_slice(close));
  EXPECT_EQ(closed.missed, 0);
  EXPECT_EQ(closed.live, 2);
  EXPECT_TRUE(closed.live_as_expected);
  EXPECT_EQ(close_pass(run, "fx_rate", 1).deleted, 0);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.fx_rate"), "3");
}

TEST_F(Rates, ThatAreNoRatesGoAsideAndTheOthersAreStored) {
  auto const run = begin("rates");
  auto const written =
      write_rates(run, {rate("EUR", "2026-01-05", "1.1"), rate("AAA", "2026-01-05", "0"),
                        rate("BBB", "2026-01-05", "-1"), rate("CCC", "2026-01-05", "NaN"),
                        rate("DDD", "2026-02-31", "1"), rate("EEE", "2026-01-05", std::nullopt),
                        rate("GBP", "2026-01-05", "1.3")});
  EXPECT_EQ(written.inserted, 2);
  EXPECT_EQ(written.quarantined, 5);
  EXPECT_EQ(written.unchanged, 0);
  EXPECT_EQ(value("SELECT string_agg(external_id, ' ' ORDER BY external_id)"
                  " FROM affsync.quarantine WHERE resolved_at IS NULL"),
            "AAA:2026-01-05 BBB:2026-01-05 CCC:2026-01-05 DDD:2026-02-31 EEE:2026-01-05");
  write_rates(run, {rate("AAA", "2026-01-05", "2")});
  EXPECT_EQ(value("SELECT count(*) FROM affsync.quarantine WHERE resolved_at IS NULL"), "4");
}

TEST_F(Rates, TheLastOfADayCountsAlsoUnderAnotherKey) {
  auto morning = rate("EUR", "2026-01-05", "1.1");
  morning.key = "morning";
  auto evening = rate("EUR", "2026-01-05", "1.2");
  evening.key = "evening";
  EXPECT_EQ(write_rates(begin("rates"), {morning, evening}).inserted, 1);
  EXPECT_EQ(value("SELECT usd_rate FROM affsync.fx_rate"), "1.2");
}

TEST_F(Rates, TravelBesideRowsOfARecordTable) {
  auto const run = begin("both");
  auto const written = loop.run(
      store->write_page(page(run, {batch_of("payout", {{"p", {}}}),
                                   batch_of("fx_rate", {rate("EUR", "2026-01-05", "1.1")})})));
  EXPECT_EQ(written.inserted, 2);
  EXPECT_EQ(loop.run(store->health()).at(0).rows, 1);  // only those of its main table
}

TEST_F(Rates, OfARunThatLostItsStreamAreRefused) {
  auto const old = begin("rates");
  begin("rates");
  auto late = page(old, {batch_of("fx_rate", {rate("EUR", "2026-01-05", "1.1")})});
  EXPECT_EQ(loop.code_of(store->write_page(std::move(late))), ErrorCode::lease_lost);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.fx_rate"), "0");
}

TEST_F(Rates, PutInByHandBelongToNoSource) {
  sql(url,
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES"
      " ('EUR', '2026-01-05', 1.1)");
  Cells const wanted{"0", "", "by hand"};
  EXPECT_EQ(rows("SELECT source_id, stream, provider FROM affsync.fx_rate").at(0), wanted);
}

}  // namespace
}  // namespace affsync::schema::test::rates_test
