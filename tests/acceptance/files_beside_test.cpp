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

TEST_F(FilesBeside, two_files_of_the_same_days_keep_each_others_rows) {
  put_in_inbox("june_eu.csv", europe);
  put_in_inbox("june_us.csv", america);
  auto const first = sync();
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_EQ(live(), all_five);
  for (int i = 0; i < 2; ++i) {
    put_in_inbox("june_eu.csv", europe);
    put_in_inbox("june_us.csv", america);
    auto const again = sync();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
    EXPECT_EQ(again.count("commissions", "unchanged"), 5);
  }
  EXPECT_EQ(live(), all_five);
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  // Whoever meant the second one as a correction of the first sees that it is none.
  auto const note = text_of("june_us.csv");
  EXPECT_NE(note.find("3 rows of the days 2026-06-01 to 2026-06-30 are from june_eu.csv and stay"),
            std::string::npos)
      << note;
}

TEST_F(FilesBeside, a_correction_replaces_what_its_own_file_said) {
  ASSERT_EQ(import({put("june_eu.csv", europe), put("june_us.csv", america)}).status, 0);
  auto const corrected = import({put("june_eu.csv",
                                     "Id;Client;Day;Amount\n1;U-1;2026-06-01;10.50\n"
                                     "3;U-1;2026-06-30;7.50\nTotal;;;18.00\n")});
  EXPECT_EQ(corrected.status, 0) << corrected.out << corrected.err;
  EXPECT_EQ(corrected.of(0, "deleted"), "1");
  EXPECT_EQ(live(), "1=10.50@2026-06-01 11=100@2026-06-01 12=200.20@2026-06-30 3=7.50@2026-06-30");
}

// Most portals put the time of the export into the name.
TEST_F(FilesBeside, a_file_that_repeats_most_of_another_one_is_its_successor) {
  ASSERT_EQ(import({put("june_eu 0901.csv", europe), put("june_us 0901.csv", america)}).status, 0);
  auto const later = import({put("june_eu 0902.csv",
                                 "Id;Client;Day;Amount\n1;U-1;2026-06-01;10.50\n"
                                 "3;U-1;2026-06-30;7.50\n4;U-1;2026-06-30;1\nTotal;;;19.00\n")});
  EXPECT_EQ(later.status, 0) << later.out << later.err;
  EXPECT_EQ(later.of(0, "deleted"), "1");
  auto const others = import({put("june_us 0902.csv", america)});
  EXPECT_EQ(others.status, 0) << others.out << others.err;
  EXPECT_EQ(others.of(0, "deleted"), "0");
  // And the first file does not stand for rows any more that its successor has left out.
  auto const last = import({put("june_eu 0903.csv",
                                "Id;Client;Day;Amount\n1;U-1;2026-06-01;10.50\n"
                                "4;U-1;2026-06-30;1\nTotal;;;11.50\n")});
  EXPECT_EQ(last.status, 0) << last.out << last.err;
  EXPECT_EQ(live(), "1=10.50@2026-06-01 11=100@2026-06-01 12=200.20@2026-06-30 4=1@2026-06-30");
}

TEST_F(FilesBeside, days_that_a_corrected_file_lost_are_told) {
  ASSERT_EQ(import({put("june_eu.csv", europe), put("june_us.csv", america)}).status, 0);
  auto const corrected =
      "Id;Client;Day;Amount\n2;U-2;2026-06-15;3.25\n4;U-2;2026-06-16;1\nTotal;;;4.25\n";
  auto const shorter = import({put("june_eu.csv", corrected)});
  EXPECT_EQ(shorter.status, 0) << shorter.out << shorter.err;
  EXPECT_EQ(shorter.of(0, "deleted"), "0");
  auto const note = shorter.of(0, "notes");
  EXPECT_NE(note.find("2 rows of 2026-06-01 to 2026-06-30 that an earlier june_eu.csv had are not "
                      "in it and stay, because its own days are 2026-06-15 to 2026-06-16"),
            std::string::npos)
      << note;
  EXPECT_NE(note.find("--since 2026-06-01 --until 2026-06-30"), std::string::npos) << note;
  // As the note says; two of six rows are more than usual.
  source_yaml = "    mass_drop: 100%\n";
  configure();
  auto const whole =
      import({put("june_eu.csv", corrected), "--since", "2026-06-01", "--until", "2026-06-30"});
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  EXPECT_EQ(whole.of(0, "deleted"), "2");
  EXPECT_EQ(live(), "11=100@2026-06-01 12=200.20@2026-06-30 2=3.25@2026-06-15 4=1@2026-06-16");
}

// A portal that calls each export `june.csv` shows the last 30 days.
TEST_F(FilesBeside, days_that_leave_a_moving_export_stay_and_are_not_told) {
  ASSERT_EQ(import({put("june.csv", europe)}).status, 0);
  auto const next = import({put("june.csv",
                                "Id;Client;Day;Amount\n2;U-2;2026-06-15;3.25\n"
                                "3;U-1;2026-06-30;7.75\n4;U-1;2026-07-01;1\nTotal;;;12.00\n")});
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  EXPECT_EQ(next.of(0, "deleted"), "0");
  EXPECT_EQ(next.of(0, "notes"), "[]");
  EXPECT_EQ(live(), "1=10.50@2026-06-01 2=3.25@2026-06-15 3=7.75@2026-06-30 4=1@2026-07-01");
}

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
  // As long as it lies there, the stream is not whole.
  fs::remove(inbox() / "failed/june_eu.csv");
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
  // The good file that was read last does not make the stream look whole.
  EXPECT_EQ(query("select last_status || ' ' || (last_error like '%june_broken.csv%')"
                  " from reporting.source_health where stream = 'commissions'"),
            "failed true");
}

// While it is wanted, what falls is taken for another mapping's doing, and no alert tells of it.
// Each file brings its own rows under another key; those of the others wait until theirs is read.
TEST_F(FilesBeside, with_another_key_each_file_takes_the_place_of_its_own_rows) {
  std::string with_key(regions);
  with_key.replace(with_key.find("mode: replace_window"), 20, "mode: upsert        ");
  use_connector("portal", with_key);
  put_in_inbox("june_eu.csv", europe);
  put_in_inbox("june_us.csv", america);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), all_five);
  for (auto const* key : {"[Id, Client]", "Id"}) {
    auto other = with_key;
    other.replace(other.find("key: Id"), 7, std::string("key: ") + key);
    use_connector("portal", other);
    for (auto const* name : {"june_eu.csv", "june_us.csv"}) {
      put_in_inbox(name, name == std::string("june_eu.csv") ? europe : america);
      auto const again = sync();
      EXPECT_EQ(again.status, 0) << again.out << again.err;
    }
    EXPECT_EQ(query("select count(*) || ' ' || sum(amount) from affsync.commission"
                    " where deleted_at is null"),
              "5 321.70");
    EXPECT_EQ(query("select count(*) from affsync.stream_state where rekeyed_after is not null"),
              "0");
  }
  EXPECT_EQ(live(), all_five);
}

TEST_F(FilesBeside, a_file_is_all_that_is_read_with_another_mapping) {
  ASSERT_EQ(import({put("june_eu.csv", europe)}).status, 0);
  auto other = std::string(regions);
  other.insert(other.find("      occurred_on:"), "      symbol: {const: GOLD}\n");
  use_connector("portal", other);
  ASSERT_EQ(import({put("june_us.csv", america)}).status, 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where symbol = 'GOLD'"), "2");
  EXPECT_EQ(query("select count(*) from affsync.stream_state where full_wanted_after is not null"),
            "0");
}

TEST_F(FilesBeside, sums_of_a_file_are_of_its_own_rows_where_rows_are_only_added) {
  auto adds = std::string(regions);
  adds.erase(adds.find("    mode: replace_window\n"), 25);
  use_connector("portal", adds);
  auto const done = import({put("june_eu.csv", europe), put("june_us.csv", america)});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(live(), all_five);
}

TEST_F(FilesBeside, a_file_that_fits_two_streams_is_read_by_one_and_told_by_check) {
  auto two = std::string(regions);
  auto const stream = two.substr(two.find("  commissions:"));
  two += "  all:" + stream.substr(stream.find('\n'));
  auto const at = two.rfind("/june*.csv");
  two.replace(at, 10, "/*.csv");
  use_connector("portal", two);
  for (int i = 0; i < 3; ++i) {
    put_in_inbox("june_eu.csv", europe);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.count("commissions", "rows_read"), 3);
    EXPECT_EQ(synced.count("all", "rows_read"), 0);
  }
  EXPECT_EQ(query("select count(*) from affsync.commission"), "3");
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  EXPECT_NE(checked.out.find("and that of the stream commissions, june*.csv"), std::string::npos)
      << checked.out;
  EXPECT_NE(checked.out.find("affsync.yaml:"), std::string::npos) << checked.out;
}

TEST_F(FilesBeside, a_folder_of_two_sources_is_told_by_check) {
  auto other = std::string(regions);
  use_connector("other", other.replace(other.find("portal"), 6, "other"));
  auto const file = dir_.path() / "affsync.yaml";
  std::ofstream(file, std::ios::app)
      << "  - {name: twin, connector: other, base_url: \"" << base_url << "/\", settings: {}}\n";
  auto const checked = affsync({"check"});
  EXPECT_NE(checked.out.find("the stream commissions of the source main"), std::string::npos)
      << checked.out << checked.err;
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
