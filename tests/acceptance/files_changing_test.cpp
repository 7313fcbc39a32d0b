// A folder that others write in while its files are read: what changes meanwhile is read by the
// next pass, and never goes to `done` unread. A lock on the table holds the pass where its first
// file has been read and is not stored yet.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <pqxx/pqxx>

#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_changing_test {
namespace {

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /june*.csv
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

constexpr char const* first_row = "1=10.50@2026-06-01";

class FilesChanging : public FilesAcceptance {
 protected:
  void SetUp() override {
    FilesAcceptance::SetUp();
    use_connector("portal", portal);
    put_in_inbox("june_a.csv", "Id;Day;Amount\n1;2026-06-01;10.50\n");
    put_in_inbox("june_b.csv", "Id;Day;Amount\n2;2026-06-02;20\n");
  }

  // Runs a pass, and `change` while the first file that was read waits for the table.
  template <class Change>
  int sync_while(Change change, std::string const& table = "affsync.commission") {
    pqxx::connection connection(database_url());
    auto holding = std::make_unique<pqxx::work>(connection);
    holding->exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
    auto const process = start({"sync"});
    while (query("select count(*) from pg_locks where not granted and relation = '" + table +
                 "'::regclass") == "0") {
      if (process->poll()) {
        ADD_FAILURE() << process->out() << process->err();
        return -1;
      }
    }
    change();
    holding.reset();
    auto const status = process->wait();
    said_ = process->out() + process->err();
    return status;
  }
  void make_old(fs::path const& path) const {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes(30));
  }
  bool has(char const* name) const { return fs::exists(inbox() / name); }

  std::string said_;
};

TEST_F(FilesChanging, a_file_that_is_written_again_before_its_turn_waits_for_the_next_pass) {
  std::ofstream writer;
  EXPECT_EQ(sync_while([&] {
              writer.open(inbox() / "june_b.csv", std::ios::app);
              writer << "3;2026-06-03;30\n" << std::flush;
              make_old(inbox() / "june_b.csv");
            }),
            0)
      << said_;
  EXPECT_EQ(live(), first_row);
  EXPECT_TRUE(has("june_b.csv"));
  EXPECT_FALSE(has("done/june_b.csv"));
  EXPECT_NE(said_.find("june_b.csv"), std::string::npos) << said_;
  // Still open.
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), first_row);
  writer << "4;2026-06-04;40\n";
  writer.close();
  EXPECT_EQ(sync().count("commissions", "inserted"), 3);
  EXPECT_TRUE(has("done/june_b.csv"));
}

TEST_F(FilesChanging, a_file_that_is_open_again_before_its_turn_waits_for_the_next_pass) {
  std::ofstream writer;
  EXPECT_EQ(sync_while([&] { writer.open(inbox() / "june_b.csv", std::ios::app); }), 0) << said_;
  EXPECT_EQ(live(), first_row);
  EXPECT_TRUE(has("june_b.csv"));
}

TEST_F(FilesChanging, a_correction_that_is_moved_over_the_file_that_is_read_is_read_too) {
  EXPECT_EQ(sync_while([&] {
              auto const corrected = put("corrected", "Id;Day;Amount\n1;2026-06-01;99.50\n");
              fs::rename(corrected, inbox() / "june_a.csv");
            }),
            0)
      << said_;
  EXPECT_TRUE(has("june_a.csv"));
  EXPECT_FALSE(has("done/june_a.csv"));
  EXPECT_NE(said_.find("june_a.csv"), std::string::npos) << said_;
  EXPECT_EQ(live(), "1=10.50@2026-06-01 2=20@2026-06-02");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), "1=99.50@2026-06-01 2=20@2026-06-02");
  EXPECT_FALSE(has("june_a.csv"));
  EXPECT_NE(text_in(inbox() / "done/june_a.csv").find("99.50"), std::string::npos);
}

TEST_F(FilesChanging, a_file_that_grows_while_it_is_stored_stays) {
  std::ofstream writer;
  EXPECT_EQ(sync_while([&] {
              writer.open(inbox() / "june_a.csv", std::ios::app);
              writer << "3;2026-06-01;30\n" << std::flush;
            }),
            0)
      << said_;
  EXPECT_TRUE(has("june_a.csv"));
  writer.close();
  make_old(inbox() / "june_a.csv");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), "1=10.50@2026-06-01 2=20@2026-06-02 3=30@2026-06-01");
  EXPECT_TRUE(has("done/june_a.csv"));
}

// What is there now may be right.
TEST_F(FilesChanging, what_replaces_a_wrong_file_does_not_go_to_failed) {
  fs::remove(inbox() / "june_b.csv");
  put_in_inbox("june_a.csv", "Id;Day;Amount\n1;2026-06-01\n");
  auto const replace = [&] {
    auto const corrected = put("corrected", "Id;Day;Amount\n1;2026-06-01;10.50\n");
    fs::rename(corrected, inbox() / "june_a.csv");
  };
  EXPECT_EQ(sync_while(replace, "affsync.sync_run"), 1) << said_;
  EXPECT_TRUE(has("june_a.csv"));
  EXPECT_FALSE(has("failed/june_a.csv"));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), first_row);
}

TEST_F(FilesChanging, files_that_are_taken_away_are_no_failure) {
  EXPECT_EQ(sync_while([&] {
              fs::remove(inbox() / "june_a.csv");
              fs::remove(inbox() / "june_b.csv");
            }),
            0)
      << said_;
  EXPECT_EQ(live(), first_row);
  EXPECT_EQ(query("select count(*) from affsync.sync_run where status <> 'succeeded'"), "0");
}

// A link that came in place of a file, to what whoever writes here may not read.
TEST_F(FilesChanging, a_link_in_the_place_of_a_file_is_not_followed) {
  auto const secret = put("secret.csv", "Id;Day;Amount\n7;2026-06-07;70\n");
  EXPECT_EQ(sync_while([&] {
              fs::remove(inbox() / "june_b.csv");
              fs::create_symlink(secret, inbox() / "june_b.csv");
            }),
            0)
      << said_;
  EXPECT_EQ(live(), first_row);
  EXPECT_TRUE(fs::is_symlink(inbox() / "june_b.csv"));
}

TEST_F(FilesChanging, nothing_is_written_where_a_link_leads) {
  auto const elsewhere = dir_.path() / "elsewhere";
  fs::create_directories(inbox() / "failed");
  fs::create_symlink(elsewhere, inbox() / "failed/june_c.csv.txt");
  put_in_inbox("june_c.csv", "Id;Day;Amount\n3;2026-06-03\n");
  EXPECT_EQ(sync().status, 1);
  EXPECT_FALSE(fs::exists(elsewhere));
  EXPECT_TRUE(has("failed/june_c-2.csv"));
  EXPECT_TRUE(has("failed/june_c-2.csv.txt"));
}

TEST_F(FilesChanging, nothing_is_moved_where_a_link_leads) {
  auto const elsewhere = dir_.path() / "elsewhere";
  fs::create_directories(elsewhere);
  fs::create_symlink(elsewhere, inbox() / "done");
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_NE((synced.out + synced.err).find("done is no folder"), std::string::npos)
      << synced.out << synced.err;
  EXPECT_TRUE(fs::is_empty(elsewhere));
  EXPECT_TRUE(has("june_a.csv"));
  // The rows are there, and a folder is all that was missing.
  fs::remove(inbox() / "done");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(live(), "1=10.50@2026-06-01 2=20@2026-06-02");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_TRUE(has("done/june_a.csv"));
}

// Looking whether a file is open for writing, affsync holds a lease of it for a moment; who opens
// the file then makes the kernel send SIGIO, which ends a process that does not ignore it.
TEST_F(FilesChanging, opening_a_file_while_affsync_looks_at_it_does_not_end_affsync) {
  auto const ignores_sigio = [](std::string const& status) {
    auto const at = status.find("SigIgn:");
    if (at == std::string::npos) return false;
    return (std::stoull(status.substr(at + 7), nullptr, 16) >> (SIGIO - 1) & 1) != 0;
  };
  auto const process = start({"run"});
  process->wait_for_err("started");
  EXPECT_TRUE(ignores_sigio(text_in("/proc/" + std::to_string(process->pid()) + "/status")));
  // Programs that it becomes begin as usual.
  auto const psql = affsync({"psql", "--", "-X", "-c", "\\! grep SigIgn /proc/$PPID/status"});
  EXPECT_NE(psql.out.find("SigIgn:"), std::string::npos) << psql.out << psql.err;
  EXPECT_FALSE(ignores_sigio(psql.out)) << psql.out;
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

}  // namespace
}  // namespace affsync::test::files_changing_test
