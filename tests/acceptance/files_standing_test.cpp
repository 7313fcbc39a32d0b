// What keeps a stream of files from being whole, and is told until somebody does something about
// it.
#include <string>

#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_standing_test {
namespace {

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: PATH
    every: 1s
    format: csv
    key: Id
    mode: replace_window
    window: {column: occurred_on}
    map:
      amount: {from: Amount, required: true}
      currency: {const: USD}
      occurred_on: Day
)";

class FilesStanding : public FilesAcceptance {
 protected:
  void use_path(std::string const& path) {
    std::string text(portal);
    text.replace(text.find("PATH"), 4, path);
    use_connector("portal", text);
  }
  std::string count() const {
    return query("select count(*) from affsync.commission where deleted_at is null");
  }
  std::string state() const {
    return query("select last_status from reporting.source_health where stream = 'commissions'");
  }
  bool has(char const* name) const { return fs::exists(inbox() / name); }
};

std::string csv_of(int from, int to) {
  std::string text = "Id;Day;Amount\n";
  for (int i = from; i <= to; ++i) {
    text += std::to_string(i) + ";2026-06-" + (i % 2 == 0 ? "01" : "30") + ";10\n";
  }
  return text;
}

TEST_F(FilesStanding, rows_in_doubt_are_told_until_the_file_is_read_as_the_advice_says) {
  use_path("/june*.csv");
  for (bool by_folder : {false, true}) {
    source_yaml = "";
    configure();
    ASSERT_EQ(import({put("june.csv", csv_of(1, 10))}).status, 0);
    ASSERT_EQ(count(), "10");
    auto const fewer = import({put("june.csv", csv_of(1, 4))});
    EXPECT_EQ(fewer.of(0, "status"), "\"partial\"");
    EXPECT_NE(fewer.out.find("or move it from `done` back"), std::string::npos) << fewer.out;
    EXPECT_EQ(fewer.out.find("--full"), std::string::npos) << fewer.out;
    // Neither an empty pass nor another file makes it whole.
    auto const idle = sync({"--full"});
    EXPECT_EQ(idle.of("commissions", "status"), "partial");
    EXPECT_NE(idle.out.find("june.csv (6)"), std::string::npos) << idle.out;
    ASSERT_EQ(import({put("june_b.csv", "Id;Day;Amount\n77;2026-07-01;1\n")}).status, 0);
    EXPECT_EQ(state(), "partial");
    EXPECT_EQ(count(), "11");
    source_yaml = "    mass_drop: 100%\n";
    configure();
    if (by_folder) {
      put_in_inbox("june.csv", csv_of(1, 4));
      EXPECT_EQ(sync().of("commissions", "status"), "succeeded");
    } else {
      EXPECT_EQ(import({put("june.csv", csv_of(1, 4))}).status, 0);
    }
    EXPECT_EQ(count(), "5");
    EXPECT_EQ(state(), "succeeded");
    query("truncate affsync.commission, affsync.file_rows, affsync.file_read");
  }
}

// The place of a file that it may not take yet.
TEST_F(FilesStanding, a_successor_in_doubt_takes_the_place_when_it_is_read_again) {
  use_path("/june*.csv");
  ASSERT_EQ(import({put("june_1.csv", csv_of(1, 10))}).status, 0);
  auto const later = put("june_2.csv", csv_of(1, 6));
  EXPECT_EQ(import({later}).of(0, "status"), "\"partial\"");
  EXPECT_EQ(count(), "10");
  source_yaml = "    mass_drop: 100%\n";
  configure();
  auto const again = import({later});
  EXPECT_EQ(again.status, 0) << again.out;
  EXPECT_NE(again.out.find("takes the place of june_1.csv"), std::string::npos) << again.out;
  EXPECT_EQ(count(), "6");
  EXPECT_EQ(sync().of("commissions", "status"), "succeeded");
}

TEST_F(FilesStanding, what_affsync_says_of_a_file_is_no_file) {
  for (auto const* path : {"/june*.txt", "/june*"}) {
    use_path(path);
    put_in_inbox("june.txt", csv_of(1, 2) + "3;2026-06-02;broken\n");
    EXPECT_EQ(sync().of("commissions", "status"), "partial");
    ASSERT_TRUE(has("done/june.txt.txt"));
    auto const next = sync();
    EXPECT_EQ(next.of("commissions", "status"), "succeeded") << next.out;
    // Also when its file went on, or both were moved back.
    fs::rename(inbox() / "done/june.txt.txt", inbox() / "june.txt.txt");
    EXPECT_EQ(sync().of("commissions", "status"), "succeeded");
    EXPECT_TRUE(has("june.txt.txt"));
    fs::rename(inbox() / "june.txt.txt", inbox() / "done/june.txt.txt");
    fs::remove(inbox() / "done/june.txt");
    EXPECT_EQ(sync().of("commissions", "status"), "succeeded");
    fs::remove_all(inbox() / "done");
  }
}

TEST_F(FilesStanding, a_file_in_failed_is_told_until_it_is_taken_away_or_read) {
  use_path("/june*");
  put_in_inbox("june.csv", "Id;Day;Amount\n1;2026-06-01\n");
  EXPECT_EQ(sync().of("commissions", "status"), "failed");
  put_in_inbox("june_good.csv", csv_of(11, 12));
  for (int i = 0; i < 2; ++i) {
    auto const next = sync();
    EXPECT_EQ(next.of("commissions", "status"), "partial");
    EXPECT_NE(next.out.find("holds what could not be read: june.csv"), std::string::npos)
        << next.out;
    EXPECT_EQ(state(), "partial");
  }
  auto const checked = affsync({"check"});
  EXPECT_NE(checked.out.find("failed/june.csv"), std::string::npos) << checked.out;
  EXPECT_EQ(checked.out.find("failed/june.csv.txt"), std::string::npos) << checked.out;
  put_in_inbox("june.csv", csv_of(1, 2));
  auto const mended = sync();
  EXPECT_EQ(mended.of("commissions", "status"), "succeeded") << mended.out;
  EXPECT_EQ(state(), "succeeded");
  // The text alone is nothing.
  put_in_inbox("june_x.csv", "Id;Day;Amount\n1;2026-06-01\n");
  EXPECT_EQ(sync().of("commissions", "status"), "failed");
  fs::remove(inbox() / "failed/june_x.csv");
  EXPECT_EQ(sync().of("commissions", "status"), "succeeded");
}

TEST_F(FilesStanding, files_that_nobody_reads_are_told) {
  use_path("/june*.csv");
  put_in_inbox("june.CSV", csv_of(1, 2));
  auto const elsewhere = put("elsewhere.csv", csv_of(1, 2));
  fs::create_symlink(elsewhere, inbox() / "june_link.csv");
  put_in_inbox("june.csv.part", "half");
  auto const synced = sync();
  EXPECT_EQ(synced.of("commissions", "status"), "succeeded");
  EXPECT_NE(synced.err.find("nobody reads june.CSV"), std::string::npos) << synced.err;
  auto const checked = affsync({"check"});
  for (auto const* told :
       {"june.CSV: its name fits `path` of no stream", "june_link.csv: it is a link"}) {
    auto flat = checked.out;
    for (auto at = flat.find('\n'); at != flat.npos; at = flat.find('\n', at)) {
      auto const end = flat.find_first_not_of(" \n", at);
      flat.replace(at, end == flat.npos ? flat.npos : end - at, " ");
      ++at;
    }
    EXPECT_NE(flat.find(told), std::string::npos) << told << '\n' << checked.out;
  }
  EXPECT_EQ(checked.out.find(".part"), std::string::npos) << checked.out;
}

TEST_F(FilesStanding, rows_without_a_day_are_told) {
  use_path("/june*.csv");
  auto const done = import({put("june.csv", "Id;Day;Amount\n1;2026-06-01;1\n2;;2\n")});
  EXPECT_EQ(done.status, 0) << done.out;
  EXPECT_NE(done.of(0, "notes").find("1 row has no occurred_on"), std::string::npos) << done.out;
}

TEST_F(FilesStanding, a_total_that_cannot_be_read_is_no_agreement) {
  std::string text(portal);
  text.replace(text.find("PATH"), 4, "/june*.csv");
  text.replace(text.find("    key: Id"), 11, "    csv: {totals: {words: Total}}\n    key: Id");
  text += "    reconcile: [{column: amount, total: totals.0.Amount}]\n";
  use_connector("portal", text);
  for (auto const* total : {"", "a lot"}) {
    auto const done = import(
        {put("june.csv", "Id;Day;Amount\n1;2026-06-01;1\nTotal;;" + std::string(total) + "\n")});
    EXPECT_EQ(done.of(0, "status"), "\"partial\"") << total << done.out;
    EXPECT_NE(done.out.find("totals.0.Amount"), std::string::npos) << done.out;
  }
}

TEST_F(FilesStanding, an_empty_file_of_any_format_fails) {
  use_path("/june*");
  EXPECT_EQ(import({put("june.csv", "")}).of(0, "status"), "\"failed\"");
  std::string text(portal);
  text.replace(text.find("PATH"), 4, "/june*");
  text.replace(text.find("format: csv"), 11, "format: json_lines");
  use_connector("portal", text);
  auto const lines = import({put("june.jsonl", "")});
  EXPECT_EQ(lines.of(0, "status"), "\"failed\"") << lines.out << lines.err;
}

}  // namespace
}  // namespace affsync::test::files_standing_test
