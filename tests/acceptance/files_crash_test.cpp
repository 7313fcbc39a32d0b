// The program is killed while it reads a folder of files: one plain `sync` afterwards must leave
// nothing out and take nothing twice.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/crash_point.hpp"
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::files_crash_test {
namespace {

namespace fs = std::filesystem;

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /commissions*.csv
    format: csv
    csv: {totals: {words: Total}}
    key: Id
    mode: replace_window
    window: {column: occurred_on}
    map:
      amount: {from: Amount, required: true}
      currency: {const: USD}
      occurred_on: {from: Day, formats: "%d.%m.%Y"}
    reconcile: [{column: amount, total: totals.0.Amount}]
)";

// In the first file, in the one that corrects it, and between the two.
std::vector<std::string> const places{
    "run_begun",     "page_committed", "page_committed:2", "slice_committed", "pass_committed",
    "slice_marked",  "run_noted:2",    "run_ended",        "run_ended:2",     "file_stored",
    "file_stored:2", "file_noted",     "file_noted:2",     "file_moved",      "file_moved:2",
};

std::string test_name(testing::TestParamInfo<std::string> const& info) {
  auto name = info.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
}

class FilesCrash : public Acceptance, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    if (!crash_points_built) GTEST_SKIP() << "built without AFFSYNC_CRASH_POINTS";
    fs::create_directories(inbox());
    connector = "portal";
    credentials_yaml = "{}";
    base_url = "file://" + inbox().string();
    use_connector("portal", portal);
  }
  fs::path inbox() const { return dir_.path() / "inbox"; }
  void put(std::string const& name, std::string_view text, std::chrono::hours age) const {
    auto const path = dir_.write("inbox/" + name, text);
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
  }
};

TEST_P(FilesCrash, kill_9_loses_nothing_and_doubles_nothing) {
  put("commissions.csv",
      "Id;Day;Amount\n1;05.10.2026;10.50\n2;06.10.2026;-3.25\n3;30.10.2026;7.75\nTotal;;15.00\n",
      std::chrono::hours(2));
  // It corrects the amount of the third row, and takes the second one back.
  put("commissions corrected.csv",
      "Id;Day;Amount\n1;05.10.2026;10.50\n3;30.10.2026;8.00\nTotal;;18.50\n",
      std::chrono::hours(1));
  environment["AFFSYNC_CRASH_AT"] = GetParam();
  auto const killed = sync();
  ASSERT_EQ(killed.status, 128 + SIGKILL) << killed.out << killed.err;
  environment.erase("AFFSYNC_CRASH_AT");
  auto const after = sync();
  EXPECT_EQ(after.status, 0) << after.out << after.err;

  EXPECT_EQ(query("select string_agg(external_id || '=' || amount || '@' || occurred_on, ' '"
                  " order by external_id) from affsync.commission where deleted_at is null"),
            "1=10.50@2026-10-05 3=8.00@2026-10-30");
  EXPECT_EQ(query("select count(*) from affsync.commission"), "3");
  EXPECT_EQ(query("select string_agg(external_id || ' ' || operation, ', ' order by external_id)"
                  " from affsync.record_change"),
            "2 delete, 3 update");
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "0");
  EXPECT_EQ(query("select count(distinct content_hash) from affsync.file_read"), "2");
  for (auto const* name : {"commissions.csv", "commissions corrected.csv"}) {
    EXPECT_FALSE(fs::exists(inbox() / name)) << name;
    EXPECT_TRUE(fs::exists(inbox() / "done" / name)) << name;
    EXPECT_FALSE(fs::exists(inbox() / "failed" / name)) << name;
  }
  // And now nothing is left to do.
  auto const again = sync();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "2");
}

INSTANTIATE_TEST_SUITE_P(At, FilesCrash, testing::ValuesIn(places), test_name);

}  // namespace
}  // namespace affsync::test::files_crash_test
