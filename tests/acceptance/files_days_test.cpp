// `import` into a stream whose rows keep the day of the request's window.
#include <csignal>
#include <filesystem>

#include "base/crash_point.hpp"
#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_days_test {
namespace {

constexpr char const* by_day = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /sums*.csv
    format: csv
    csv: {totals: {words: Total}}
    key: [asked, Client]
    mode: replace_window
    window: {column: occurred_on, span: 1d}
    records: {from: rows, keep: {asked: {window: from}}}
    map:
      client_ref: Client
      amount: {from: Amount, required: true}
      currency: {const: USD}
      occurred_on: DAY
    reconcile: [{column: amount, total: totals.0.Amount}]
)";

class FilesDays : public FilesAcceptance {
 protected:
  void use(std::string const& day) {
    auto text = std::string(by_day);
    text.replace(text.find("DAY"), 3, day);
    use_connector("portal", text);
  }
  Import import_days(std::string const& text, std::string const& since,
                     std::string const& until) const {
    return import({put("sums.csv", text), "--since", since, "--until", until});
  }
};

TEST_F(FilesDays, several_days_are_read_one_at_a_time_as_a_sync_does) {
  use("Day");
  auto const* const text =
      "Day,Client,Amount\n2026-06-01,U-1,1.50\n2026-06-02,U-1,2.50\n2026-06-02,U-2,4\n"
      "2026-06-04,U-1,8\nTotal,,16.00\n";
  for (int i = 0; i < 2; ++i) {
    auto const done = import_days(text, "2026-06-01", "2026-06-04");
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_EQ(done.of(0, "rows_read"), "4");
    EXPECT_EQ(done.of(0, "notes"), "[]");
    EXPECT_EQ(live(),
              "2026-06-01:U-1=1.50@2026-06-01 2026-06-02:U-1=2.50@2026-06-02 "
              "2026-06-02:U-2=4@2026-06-02 2026-06-04:U-1=8@2026-06-04");
  }
  auto const part = import_days(text, "2026-06-01", "2026-06-02");
  EXPECT_EQ(part.status, 0) << part.out << part.err;
  EXPECT_NE(part.of(0, "notes").find("1 row is of other days than the given period"),
            std::string::npos)
      << part.out;
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

// Where another file was stopped says nothing of this one.
TEST_F(FilesDays, a_corrected_file_is_read_from_its_first_day) {
  if (!crash_points_built) GTEST_SKIP() << "built without AFFSYNC_CRASH_POINTS";
  use("Day");
  environment["AFFSYNC_CRASH_AT"] = "slice_committed:2";
  auto const killed = import_days(
      "Day,Client,Amount\n2026-06-01,U-1,1.50\n2026-06-02,U-1,2\n2026-06-03,U-1,8\nTotal,,11.50\n",
      "2026-06-01", "2026-06-03");
  EXPECT_EQ(killed.status, 128 + SIGKILL) << killed.out << killed.err;
  environment.erase("AFFSYNC_CRASH_AT");
  auto const done = import_days(
      "Day,Client,Amount\n2026-06-01,U-1,5\n2026-06-02,U-1,2\n2026-06-03,U-1,8\nTotal,,15\n",
      "2026-06-01", "2026-06-03");
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(live(),
            "2026-06-01:U-1=5@2026-06-01 2026-06-02:U-1=2@2026-06-02 "
            "2026-06-03:U-1=8@2026-06-03");
}

TEST_F(FilesDays, rows_that_do_not_tell_their_day_are_of_one_day) {
  use("asked");
  auto const* const text = "Day,Client,Amount\n1,U-1,1.50\n1,U-2,2.50\nTotal,,4.00\n";
  auto const several = import_days(text, "2026-06-01", "2026-06-02");
  EXPECT_EQ(several.status, 1);
  EXPECT_NE(several.of(0, "error").find("the rows of the stream do not tell their day"),
            std::string::npos)
      << several.out;
  EXPECT_EQ(live(), "");
  auto const one = import_days(text, "2026-06-02", "2026-06-02");
  EXPECT_EQ(one.status, 0) << one.out << one.err;
  EXPECT_EQ(live(), "2026-06-02:U-1=1.50@2026-06-02 2026-06-02:U-2=2.50@2026-06-02");
}

}  // namespace
}  // namespace affsync::test::files_days_test
