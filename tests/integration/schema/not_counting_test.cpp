// Money that stops counting for a while: rejected and accepted again, without a currency, unknown.
// All expected values were computed by hand.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::not_counting_test {
namespace {

using Values = std::vector<std::pair<std::string, std::optional<std::string>>>;

class NotCounting : public StoreTest {
 protected:
  void put(std::string const& stream, std::string_view table, std::vector<TestRow> const& rows) {
    write(begin(stream), table, rows);
  }
  void next_day(int days = 1) { now += std::chrono::hours(24 * days); }
  static TestRow row(std::string key, Values values) { return {std::move(key), std::move(values)}; }
  static TestRow dated(std::string key, char const* status, char const* amount,
                       char const* currency = "USD", Values more = {}) {
    more.insert(more.end(), {{"occurred_on", "2026-01-05"},
                             {"status", status},
                             {"amount", amount},
                             {"currency", currency},
                             {"kind", "cpa"},
                             {"grain", "day"}});
    return {std::move(key), std::move(more)};
  }
};

TEST_F(NotCounting, ACurrencyThatGoesAndComesBackIsAChangeOfIt) {
  auto without = dated("a", "paid", "100");
  without.values[3].second = std::nullopt;
  put("rewards", "commission", {dated("a", "paid", "100", "EUR")});
  next_day();
  put("rewards", "commission", {without});
  EXPECT_EQ(value("SELECT coalesce(currency, 'none') || ' ' || amount FROM"
                  " reporting.earnings_daily"),
            "none 100");
  next_day();
  put("rewards", "commission", {dated("a", "paid", "100", "EUR")});
  std::vector<Cells> const changes{
      {"100", "100", std::nullopt, "EUR", std::nullopt, "currency changed"},
      {"100", "100", std::nullopt, std::nullopt, "EUR", "currency changed"}};
  EXPECT_EQ(rows("SELECT before, after, difference, currency_before, currency, reason"
                 " FROM reporting.retroactive_changes ORDER BY changed_at"),
            changes);
  EXPECT_EQ(rows("SELECT before, after, difference, currency_before, currency, reason"
                 " FROM reporting.clawbacks ORDER BY changed_at"),
            changes);
  // Rejected without a currency: what is lost had none.
  next_day();
  put("rewards", "commission", {without});
  next_day();
  without.values[1].second = "rejected";
  put("rewards", "commission", {without});
  EXPECT_EQ(rows("SELECT difference, currency FROM reporting.retroactive_changes"
                 " ORDER BY changed_at DESC LIMIT 1"),
            (std::vector<Cells>{{"-100", std::nullopt}}));
  EXPECT_EQ(rows("SELECT difference, currency, reason FROM reporting.clawbacks"
                 " ORDER BY changed_at DESC LIMIT 1"),
            (std::vector<Cells>{{"-100", std::nullopt, "rejected"}}));
}

// The differences of a row by currency are what it counts now less what it counted first.
TEST_F(NotCounting, ARejectionIsAChangeToNothingAndAnAcceptanceOneFromNothing) {
  put("rewards", "commission",
      {dated("raised", "approved", "100", "EUR"), dated("moved", "approved", "100", "EUR"),
       dated("lost", "paid", "7", "EUR"), dated("won", "rejected", "5", "EUR"),
       dated("void", "pending", "0", "EUR"), dated("gone", "approved", "3", "EUR")});
  next_day();
  put("rewards", "commission",
      {dated("raised", "rejected", "100", "EUR"), dated("moved", "rejected", "100", "USD"),
       dated("lost", "reversed", "7", "EUR"), dated("won", "rejected", "6", "EUR"),
       dated("void", "rejected", "0", "EUR"), dated("gone", "rejected", "3", "EUR")});
  next_day();
  put("rewards", "commission",
      {dated("raised", "approved", "120", "EUR"), dated("moved", "approved", "100", "USD"),
       dated("won", "paid", "6", "EUR")});
  vanish("rewards", "commission", {"raised", "moved", "lost", "won", "void"});
  std::vector<Cells> const changes{
      {"gone", "3", "0", "-3", "EUR"},       {"lost", "7", "0", "-7", "EUR"},
      {"moved", "100", "0", "-100", "EUR"},  {"moved", "0", "100", "100", "USD"},
      {"raised", "100", "0", "-100", "EUR"}, {"raised", "0", "120", "120", "EUR"},
      {"won", "0", "6", "6", "EUR"}};
  EXPECT_EQ(rows("SELECT external_id, before, after, difference, currency"
                 " FROM reporting.retroactive_changes ORDER BY external_id, changed_at"),
            changes);
  std::vector<Cells> const taken{{"gone", "rejected", "-3", "EUR"},
                                 {"lost", "reversed", "-7", "EUR"},
                                 {"moved", "rejected", "-100", "EUR"},
                                 {"raised", "rejected", "-100", "EUR"}};
  EXPECT_EQ(rows("SELECT external_id, reason, difference, currency FROM reporting.clawbacks"
                 " ORDER BY external_id, changed_at"),
            taken);
  put("payouts", "payout",
      {row("p", {{"amount", "6"}, {"currency", "USD"}, {"status", "requested"}})});
  next_day();
  put("payouts", "payout",
      {row("p", {{"amount", "6"}, {"currency", "USD"}, {"status", "failed"}})});
  EXPECT_EQ(value("SELECT before || ' ' || after || ' ' || difference FROM"
                  " reporting.retroactive_changes WHERE record_table = 'payout'"),
            "6 0 -6");
}

// The next change is the next one that was written, also if a clock was set back or had run ahead.
TEST_F(NotCounting, ChangesAreInTheirOrderAlsoIfAClockWasSetBack) {
  for (auto const* of_second : {"- interval '3 days'", "+ interval '20 days'"}) {
    SCOPED_TRACE(of_second);
    rows("DELETE FROM affsync.record_change");
    put("rewards", "commission", {dated("a", "approved", "20", "EUR")});
    rows("DELETE FROM affsync.record_change");
    rows(
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after)"
        " SELECT source_id, 'commission', stream, external_id, run_id, now(), 'update',"
        " '{\"amount\": 10}', '{\"amount\": 20}' FROM affsync.commission");
    rows(std::string(
             "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id,"
             " run_id, changed_at, operation, before, after)"
             " SELECT source_id, 'commission', stream, external_id, run_id, now() ") +
         of_second +
         ", 'update', '{\"status\": \"rejected\"}', '{\"status\": \"approved\"}'"
         " FROM affsync.commission");
    // It was rejected when its amount rose, so that was no money.
    EXPECT_EQ(rows("SELECT before, after, difference FROM reporting.retroactive_changes"),
              (std::vector<Cells>{{"0", "20", "20"}}));
  }
}

}  // namespace
}  // namespace affsync::schema::test::not_counting_test
