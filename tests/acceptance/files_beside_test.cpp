// Several files of one stream: what a file replaces, and what it leaves to the others.
#include <chrono>
#include <filesystem>

#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_beside_test {
namespace {

constexpr char const* regions = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /june*.csv
    every: 1s
    format: csv
    csv: {totals: {words: Total}}
    key: Id
    mode: replace_window
    window: {column: occurred_on}
    map:
      client_ref: Client
      amount: {from: Amount, required: true}
      currency: {const: USD}
      occurred_on: Day
    reconcile: [{column: amount, total: totals.0.Amount}]
)";

constexpr char const* europe = R"(Id;Client;Day;Amount
1;U-1;2026-06-01;10.50
2;U-2;2026-06-15;3.25
3;U-1;2026-06-30;7.75
Total;;;21.50
)";
constexpr char const* america = R"(Id;Client;Day;Amount
11;U-7;2026-06-01;100
12;U-8;2026-06-30;200.20
Total;;;300.20
)";
constexpr char const* all_five =
    "1=10.50@2026-06-01 11=100@2026-06-01 12=200.20@2026-06-30 2=3.25@2026-06-15 "
    "3=7.75@2026-06-30";

class FilesBeside : public FilesAcceptance {
 protected:
  void SetUp() override {
    FilesAcceptance::SetUp();
    use_connector("portal", regions);
  }
  std::string text_of(std::string const& name) const {
    return text_in(inbox() / "done" / (name + ".txt"));
  }
};

TEST_F(FilesBeside, a_file_that_was_cut_off_before_its_sums_fails_and_deletes_nothing) {
  put_in_inbox("june_eu.csv", europe);
  ASSERT_EQ(sync().status, 0);
  put_in_inbox("june_eu.csv",
               "Id;Client;Day;Amount\n1;U-1;2026-06-01;10.50\n3;U-1;2026-06-30;7.75\n");
  auto const cut = sync();
  EXPECT_EQ(cut.status, 1);
  EXPECT_EQ(cut.of("commissions", "status"), "failed");
  EXPECT_EQ(live(), "1=10.50@2026-06-01 2=3.25@2026-06-15 3=7.75@2026-06-30");
  auto const why = text_in(inbox() / "failed/june_eu.csv.txt");
  EXPECT_NE(why.find("line 3: the file ends without a line of sums"), std::string::npos) << why;
  // An export of days without rows has none.
  put_in_inbox("june_empty.csv", "Id;Client;Day;Amount\n");
  EXPECT_EQ(sync().status, 0);
}

TEST_F(FilesBeside, files_behind_a_broken_one_are_read_in_the_same_pass) {
  auto const hours_ago = [&](fs::path const& path, int hours) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  };
  hours_ago(put_in_inbox("june_broken.csv", "Id;Client;Day;Amount\n1;U-1\n"), 5);
  hours_ago(put_in_inbox("june_eu.csv", europe), 4);
  hours_ago(put_in_inbox("june_worse.csv", "no table"), 3);
  hours_ago(put_in_inbox("june_us.csv", america), 2);
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("commissions", "status"), "failed");
  auto const error = synced.of("commissions", "error");
  EXPECT_NE(error.find("line 2: 2 cells, but the header on line 1 has 4 columns"),
            std::string::npos)
      << error;
  EXPECT_NE(synced.out.find("june_broken.csv"), std::string::npos) << synced.out;
  EXPECT_NE(error.find("june_worse.csv"), std::string::npos) << error;
  EXPECT_EQ(live(), all_five);
  EXPECT_FALSE(fs::exists(inbox() / "june_us.csv"));
}

TEST_F(FilesBeside, a_bad_row_is_told_of_its_own_file_only) {
  put_in_inbox("june_bad.csv",
               "Id;Client;Day;Amount\n91;U-1;2026-06-01;10.50\n92;U-1;2026-06-02;1\n"
               "93;U-2;2026-06-03;broken\nTotal;;;\n");
  EXPECT_EQ(sync().status, 1);
  put_in_inbox("june_eu.csv", europe);
  auto const good = sync();
  EXPECT_EQ(good.status, 0) << good.out << good.err;
  EXPECT_EQ(text_of("june_eu.csv").find("broken"), std::string::npos) << text_of("june_eu.csv");
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
}

}  // namespace
}  // namespace affsync::test::files_beside_test
