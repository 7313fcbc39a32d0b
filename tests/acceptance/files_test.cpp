// Files as a source: `affsync import`, and a folder that affsync reads and empties.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_test {
namespace {

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /commissions*.csv
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
      occurred_on: {from: Day, formats: "%d.%m.%Y"}
    reconcile: [{column: amount, total: totals.0.Amount}]
  clients:
    table: client
    path: /clients*.csv
    every: 1s
    format: csv
    key: Client
    map: {country: Country}
)";

constexpr char const* october = R"(Partner report 1.10.2026 - 31.10.2026
Id;Client;Day;Amount
1;U-1;05.10.2026;10.50
2;U-2;06.10.2026;-3.25
3;U-1;30.10.2026;7.75
Total;;;15.00
)";

class Files : public FilesAcceptance {
 protected:
  void SetUp() override {
    FilesAcceptance::SetUp();
    use_connector("portal", portal);
  }
};

TEST_F(Files, an_export_is_imported_with_the_days_of_its_rows) {
  auto const done = import({put("commissions october.csv", october)});
  ASSERT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(done.of(0, "inserted"), "3");
  EXPECT_EQ(done.of(0, "first_day"), "\"2026-10-05\"");
  EXPECT_EQ(done.of(0, "last_day"), "\"2026-10-30\"");
  EXPECT_EQ(live(), "1=10.50@2026-10-05 2=-3.25@2026-10-06 3=7.75@2026-10-30");
  EXPECT_EQ(query("select name || ' ' || first_day || ' ' || rows from affsync.file_read"),
            "commissions october.csv 2026-10-05 3");
}

TEST_F(Files, the_same_file_twice_changes_nothing) {
  auto const file = put("commissions.csv", october);
  ASSERT_EQ(import({file}).status, 0);
  auto const again = import({file});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(again.of(0, "unchanged"), "3");
  EXPECT_EQ(again.of(0, "inserted") + again.of(0, "updated") + again.of(0, "deleted"), "000");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

// A pass over a folder ends with the file that is read when it is told to stop, and the next one
// goes on with the others.
TEST_F(Files, a_pass_over_many_files_stops_when_it_is_told_to) {
  constexpr int many = 600;
  for (int i = 0; i < many; ++i) {
    auto const number = std::to_string(1000 + i);
    put_in_inbox("clients " + number + ".csv", "Client;Country\nU-" + number + ";DE\n");
  }
  auto process = start({"sync", "--stream", "clients"});
  wait_until("select count(*) >= 3 from affsync.client", "t");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 1) << process->err();
  EXPECT_EQ(process->err().find("takes too long"), std::string::npos) << process->err();
  auto const read = std::stoi(query("select count(*) from affsync.client"));
  EXPECT_LT(read, many);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.client"), std::to_string(many));
}

TEST_F(Files, a_corrected_file_changes_what_it_corrects) {
  ASSERT_EQ(
      import({put("commissions.csv", october), "--since", "2026-10-01", "--until", "2026-10-31"})
          .status,
      0);
  auto const corrected = import({put("commissions corrected.csv",
                                     "Id;Client;Day;Amount\n1;U-1;05.10.2026;10.50\n"
                                     "3;U-1;30.10.2026;8.00\nTotal;;;18.50\n"),
                                 "--since", "2026-10-01", "--until", "2026-10-31"});
  EXPECT_EQ(corrected.status, 0) << corrected.out << corrected.err;
  EXPECT_EQ(corrected.of(0, "updated"), "1");
  EXPECT_EQ(corrected.of(0, "deleted"), "1");
  EXPECT_EQ(live(), "1=10.50@2026-10-05 3=8.00@2026-10-30");
}

TEST_F(Files, a_file_of_other_days_leaves_the_others_alone) {
  ASSERT_EQ(import({put("commissions 10.csv", october)}).status, 0);
  auto const other = import(
      {put("commissions 11.csv", "Id;Client;Day;Amount\n4;U-1;02.11.2026;1.00\nTotal;;;1.00\n")});
  EXPECT_EQ(other.status, 0) << other.out << other.err;
  EXPECT_EQ(other.of(0, "deleted"), "0");
  EXPECT_EQ(live(), "1=10.50@2026-10-05 2=-3.25@2026-10-06 3=7.75@2026-10-30 4=1.00@2026-11-02");
}

TEST_F(Files, rows_of_a_stream_without_days_are_only_added) {
  ASSERT_EQ(import({put("clients 1.csv", "Client,Country\nU-1,DE\nU-2,FR\n")}).status, 0);
  for (int i = 0; i < 2; ++i) {
    auto const second = import({put("clients 2.csv", "Client,Country\nU-3,IT\n")});
    EXPECT_EQ(second.status, 0) << second.out << second.err;
  }
  EXPECT_EQ(query("select count(*) from affsync.client where deleted_at is null"), "3");
}

TEST_F(Files, a_file_that_overlaps_half_of_another_is_told) {
  ASSERT_EQ(import({put("commissions a.csv", october)}).status, 0);
  auto const other = import({put("commissions b.csv",
                                 "Id;Client;Day;Amount\n3;U-1;30.10.2026;7.75\n"
                                 "5;U-1;02.11.2026;1.00\nTotal;;;8.75\n")});
  EXPECT_EQ(other.status, 0) << other.out << other.err;
  EXPECT_NE(other.of(0, "notes")
                .find("the days 2026-10-30 are also in commissions a.csv "
                      "(2026-10-05 to 2026-10-30)"),
            std::string::npos)
      << other.out;
}

TEST_F(Files, a_dry_run_reads_and_writes_nothing) {
  use_empty_database();
  auto const done = import({put("commissions.csv", october), "--dry-run"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(done.of(0, "rows_read"), "3");
  EXPECT_EQ(query("select to_regclass('affsync.commission') is null"), "t");
}

TEST_F(Files, a_wrong_file_is_refused_with_its_line) {
  auto const done = import({put("commissions.csv", "Id;Client;Day;Amount\n1;U-1;05.10.2026\n")});
  EXPECT_EQ(done.status, 1);
  EXPECT_NE(done.of(0, "error").find("line 2: 3 cells, but the header on line 1 has 4 columns"),
            std::string::npos)
      << done.out;
  auto const other = import({put("report.csv", october)});
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("Name the stream with --stream. There are: commissions, clients."),
            std::string::npos)
      << other.err;
}

TEST_F(Files, a_total_that_differs_is_told) {
  auto text = std::string(october);
  text.replace(text.find("15.00"), 5, "16.00");
  auto const done = import({put("commissions.csv", text)});
  EXPECT_EQ(done.status, 1);
  EXPECT_EQ(done.of(0, "error_code"), "\"totals_differ\"") << done.out;
}

TEST_F(Files, a_folder_is_read_and_emptied) {
  put_in_inbox("commissions.csv", october);
  put_in_inbox("commissions wrong.csv", "Id;Client;Day;Amount\n1;U-1\n");
  put_in_inbox("clients.csv", "Client,Country\nU-1,DE\n");
  put_in_inbox("notes.txt", "no stream reads it");
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.count("commissions", "inserted"), 3);
  EXPECT_EQ(synced.count("clients", "inserted"), 1);
  EXPECT_EQ(live(), "1=10.50@2026-10-05 2=-3.25@2026-10-06 3=7.75@2026-10-30");
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions.csv"));
  EXPECT_TRUE(fs::exists(inbox() / "done/clients.csv"));
  EXPECT_TRUE(fs::exists(inbox() / "notes.txt"));
  EXPECT_TRUE(fs::exists(inbox() / "failed/commissions wrong.csv"));
  auto const why = text_in(inbox() / "failed/commissions wrong.csv.txt");
  EXPECT_NE(why.find("line 2: 2 cells, but the header on line 1 has 4 columns"), std::string::npos)
      << why;
  fs::remove(inbox() / "failed/commissions wrong.csv");
  // Nothing is left to do, and a name that is taken stays whose it is.
  EXPECT_EQ(sync().status, 0);
  put_in_inbox("commissions.csv", october);
  EXPECT_EQ(sync().status, 0);
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions-2.csv"));
}

// As after kill -9 between reading and moving: the file is stored, and still in the folder.
TEST_F(Files, rows_in_quarantine_stay_there_when_other_files_are_read) {
  put_in_inbox("commissions.csv",
               "Id;Client;Day;Amount\n1;U-1;05.10.2026;10.50\n2;U-2;06.10.2026;1.00\n"
               "3;U-2;07.10.2026;broken\nTotal;;;11.50\n");
  EXPECT_EQ(sync().status, 1);
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions.csv"));
  EXPECT_NE(text_in(inbox() / "done/commissions.csv.txt").find("broken"), std::string::npos);
  put_in_inbox("commissions 11.csv", "Id;Client;Day;Amount\n4;U-1;02.11.2026;1.00\nTotal;;;1.00\n");
  sync();
  sync();
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
}

TEST_F(Files, a_file_that_was_read_but_not_moved_is_read_again_without_a_change) {
  put_in_inbox("commissions.csv", october);
  ASSERT_EQ(sync().status, 0);
  fs::rename(inbox() / "done/commissions.csv", inbox() / "commissions.csv");
  auto const again = sync();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(again.count("commissions", "unchanged"), 3);
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions.csv"));
}

TEST_F(Files, a_file_that_is_still_written_is_left_alone) {
  std::ofstream file(inbox() / "commissions.csv");
  file << "Id;Client;Day;Amount\n1;U-1;05.10.2026;10.50\n" << std::flush;
  fs::last_write_time(inbox() / "commissions.csv",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  auto const early = sync();
  EXPECT_EQ(early.status, 0) << early.out << early.err;
  EXPECT_EQ(live(), "");
  EXPECT_TRUE(fs::exists(inbox() / "commissions.csv"));
  file << "2;U-2;06.10.2026;-3.25\nTotal;;;7.25\n";
  file.close();
  EXPECT_EQ(sync().count("commissions", "inserted"), 2);
}

// The database is that of before the second file, the folder is not.
TEST_F(Files, files_that_a_restored_database_lacks_are_told_until_they_are_read_again) {
  put_in_inbox("commissions october.csv", october);
  ASSERT_EQ(sync().status, 0);
  put_in_inbox("commissions november.csv",
               "Id;Client;Day;Amount\n9;U-1;05.11.2026;100.00\nTotal;;;100.00\n");
  ASSERT_EQ(sync().status, 0);
  ASSERT_EQ(sync().status, 0);
  query("delete from affsync.commission where external_id = '9'");
  query("delete from affsync.file_read where name = 'commissions november.csv'");
  for (int pass = 0; pass < 2; ++pass) {
    auto const told = sync();
    EXPECT_EQ(told.status, 1);
    auto const error = told.of("commissions", "error");
    EXPECT_NE(error.find("1 file of " + inbox().string() +
                         "/done was never read into this database, as after an older backup was "
                         "restored: commissions november.csv"),
              std::string::npos)
        << error;
  }
  EXPECT_EQ(query("select last_status || ' ' || last_error_code from affsync.stream_state where"
                  " stream = 'commissions'"),
            "failed coverage_gap");
  // What comes meanwhile is read.
  put_in_inbox("commissions.csv", "Id;Client;Day;Amount\n12;U-1;05.09.2026;1.00\nTotal;;;1.00\n");
  auto const more = sync();
  EXPECT_EQ(more.status, 1);
  EXPECT_EQ(more.count("commissions", "inserted"), 1);
  fs::rename(inbox() / "done/commissions november.csv", inbox() / "commissions november.csv");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select sum(amount) from affsync.commission"), "116.00");
}

// It does not list at each pass what it has moved there itself.
TEST_F(Files, a_daemon_notices_that_its_database_became_older_and_files_that_came_back) {
  put_in_inbox("commissions.csv", october);
  auto const process = start({"run"});
  process->wait_for_err("started");
  auto const state =
      "select last_status || ' ' || coalesce(last_error_code, '') from affsync.stream_state"
      " where stream = 'commissions'";
  // A pass that misses files has a run that fails.
  auto const good_passes = [&] {
    wait_until(
        "select count(*) = 4 and bool_and(status = 'succeeded') from (select status from"
        " affsync.sync_run where finished_at is not null and run_id > " +
            query("select max(run_id) from affsync.sync_run") + " order by run_id desc limit 4) r",
        "t");
  };
  wait_until("select count(*) from affsync.file_read", "1");
  good_passes();
  put_in_inbox("commissions.csv", "Id;Client;Day;Amount\n12;U-1;05.09.2026;1.00\nTotal;;;1.00\n");
  wait_until("select count(*) from affsync.file_read", "2");
  good_passes();
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions-2.csv"));
  query("delete from affsync.file_read");
  auto const failures = "select count(*) >= 3 from affsync.sync_run where status = 'failed'";
  wait_until(failures, "t");
  fs::rename(inbox() / "done/commissions.csv", inbox() / "commissions.csv");
  good_passes();
  put_in_inbox("done/commissions december.csv", "Id;Client;Day;Amount\n");
  wait_until(state, "failed coverage_gap");
  fs::remove(inbox() / "done/commissions december.csv");
  good_passes();
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

TEST_F(Files, the_daemon_reads_what_is_moved_into_the_folder) {
  auto const process = start({"run"});
  process->wait_for_err("started");
  auto const path = put("ready.csv", october);
  fs::rename(path, inbox() / "commissions.csv");
  wait_until("select count(*) from affsync.commission", "3");
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (fs::exists(inbox() / "commissions.csv") && std::chrono::steady_clock::now() < end) {
    wait_until("select count(*) from affsync.commission", "3");
  }
  EXPECT_TRUE(fs::exists(inbox() / "done/commissions.csv"));
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

TEST_F(Files, check_and_inspect_look_at_the_newest_file) {
  put_in_inbox("commissions.csv", october);
  auto const checked = affsync({"check", "--output", "json"});
  EXPECT_NE(checked.out.find("no file fits clients*.csv"), std::string::npos) << checked.out;
  // Files come when somebody exports them, or by `import` only.
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_NE(checked.out.find(R"("stream":"clients","result":"warning")"), std::string::npos)
      << checked.out;
  auto const inspected = affsync({"inspect", "main", "commissions"});
  EXPECT_NE(inspected.out.find("U-2"), std::string::npos) << inspected.out << inspected.err;
  EXPECT_TRUE(fs::exists(inbox() / "commissions.csv"));
}

TEST_F(Files, a_source_to_paste_names_a_folder) {
  auto const shown = affsync({"connectors", "portal"});
  EXPECT_NE(shown.out.find("    base_url: file:///var/lib/affsync/inbox/portal"), std::string::npos)
      << shown.out;
}

// As the unit of systemd shows a folder outside of its own.
TEST_F(Files, a_folder_that_the_service_may_not_write_in_is_told_as_such) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes a mount";
  put_in_inbox("commissions.csv", october);
  auto options = command({"sync"});
  options.arguments = {"--mount",
                       "sh",
                       "-c",
                       R"(mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && "$2" sync)",
                       "sh",
                       inbox().string(),
                       options.program.string()};
  options.program = "unshare";
  auto const done = run(options);
  if (done.err.find("mount:") != std::string::npos) GTEST_SKIP() << done.err;
  EXPECT_EQ(done.status, 1) << done.out << done.err;
  EXPECT_NE((done.out + done.err).find("ReadWritePaths=" + inbox().string()), std::string::npos)
      << done.out << done.err;
}

TEST_F(Files, a_missing_folder_is_told) {
  fs::remove_all(inbox());
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_NE(synced.out.find("inbox cannot be read"), std::string::npos) << synced.out;
  EXPECT_EQ(query("select count(*) from affsync.sync_run where status = 'failed'"), "2");
}

}  // namespace
}  // namespace affsync::test::files_test
