// `affsync backup` and `affsync restore`: what was saved comes back whole, nothing is replaced
// without being told, and an interruption at any moment leaves what was there.
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <thread>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::test::backup_test {
namespace {

class Backup : public Acceptance {
 protected:
  // An embedded database with an account's rows.
  void load_embedded() {
    start_broker();
    configure();
    use_state("pg");
    auto const loaded = sync();
    ASSERT_EQ(loaded.status, 0) << loaded.err;
  }

  // The embedded database in that folder, from now on.
  void use_state(std::string const& folder) {
    use_database("{url: embedded, state_dir: " + (dir_.path() / folder).string() + "}");
    std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  }

  std::string path(std::string const& name) const { return (dir_.path() / name).string(); }

  // The sums of a database that only commands start.
  std::string report() const {
    auto const shown = affsync({"report", "earnings", "--by", "kind", "--output", "csv"});
    EXPECT_EQ(shown.status, 0) << shown.err;
    return shown.out;
  }

  void back_up(std::string const& name) const {
    auto const made = affsync({"backup", path(name)});
    ASSERT_EQ(made.status, 0) << made.err;
  }

  // The broker changes one client's money, and affsync reads it.
  void change_the_data() {
    broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "3"}, {"seed", "7"}});
    ASSERT_EQ(affsync({"sync", "--full"}).status, 0);
  }

  std::string content(std::string const& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(Backup, what_was_saved_comes_back_in_an_empty_directory) {
  load_embedded();
  auto const before = report();
  ASSERT_NE(before.find("spread_share"), std::string::npos) << before;
  back_up("affsync.dump");
  struct stat found = {};
  ASSERT_EQ(::stat(path("affsync.dump").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);

  use_state("elsewhere");
  auto const restored = affsync({"restore", path("affsync.dump")});
  ASSERT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(report(), before);
  // The checkpoints came too: nothing is new.
  auto const next = sync();
  EXPECT_EQ(next.status, 0) << next.err;
  EXPECT_EQ(next.count("rewards", "inserted"), 0);
  EXPECT_GT(next.count("rewards", "unchanged"), 0);
}

TEST_F(Backup, a_file_may_be_named_from_where_the_user_is) {
  load_embedded();
  auto const before = report();
  // The command is started in the directory of the test, wherever the test itself is.
  auto const file = std::filesystem::relative(path("affsync.dump"), dir_.path()).string();
  ASSERT_EQ(affsync({"backup", file}).status, 0);
  use_state("elsewhere");
  auto const restored = affsync({"restore", file});
  ASSERT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(restored.out.find("brought it up"), std::string::npos) << restored.out;
  EXPECT_EQ(report(), before);
}

TEST_F(Backup, a_file_that_exists_is_replaced_only_when_told) {
  load_embedded();
  dir_.write("affsync.dump", "mine");
  auto const refused = affsync({"backup", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(content("affsync.dump"), "mine");
  EXPECT_EQ(affsync({"backup", "--force", path("affsync.dump")}).status, 0);
  EXPECT_EQ(content("affsync.dump").substr(0, 5), "PGDMP");
}

TEST_F(Backup, a_database_with_data_is_replaced_only_when_told) {
  load_embedded();
  auto const saved = report();
  back_up("affsync.dump");
  change_the_data();
  auto const changed = report();
  ASSERT_NE(changed, saved);

  auto const refused = affsync({"restore", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("--replace"), std::string::npos) << refused.err;
  EXPECT_EQ(report(), changed);

  auto const replaced = affsync({"restore", "--replace", path("affsync.dump")});
  EXPECT_EQ(replaced.status, 0) << replaced.err;
  EXPECT_EQ(report(), saved);
}

// No backup holds what is not affsync's, so a restoration does not delete it.
TEST_F(Backup, objects_of_the_user_are_named_and_not_deleted) {
  load_embedded();
  auto const sql = [this](std::string const& statement) {
    return affsync({"psql", "--", "-qAtc", statement});
  };
  ASSERT_EQ(sql("CREATE TABLE public.notes (id serial, text text); CREATE SCHEMA mine;"
                " CREATE VIEW mine.top AS SELECT * FROM reporting.earnings_daily;"
                " CREATE VIEW reporting.own AS SELECT 1 AS one")
                .status,
            0);
  auto const saved = affsync({"backup", path("affsync.dump")});
  EXPECT_NE(
      saved.out.find("not in it, since it is yours and no part of affsync: table public.notes, "
                     "view mine.top\n"),
      std::string::npos)
      << saved.out;
  auto const refused = affsync({"restore", "--replace", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("table public.notes, view mine.top"), std::string::npos)
      << refused.err;
  EXPECT_EQ(sql("SELECT count(*) FROM public.notes").out, "0\n");
  ASSERT_EQ(sql("DROP TABLE public.notes; DROP SCHEMA mine CASCADE").status, 0);
  EXPECT_EQ(affsync({"restore", "--replace", path("affsync.dump")}).status, 0);
  EXPECT_EQ(sql("SELECT one FROM reporting.own").out, "1\n");
}

// The role of the daemon can save what it keeps.
TEST_F(Backup, a_member_of_the_writers_may_make_one) {
  if (pooler_) GTEST_SKIP() << "a pooler refuses `options`, by which the test takes the role";
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  database_options = " options='-c role=affsync_writer'";
  configure();
  auto const made = affsync({"backup", path("affsync.dump")});
  EXPECT_EQ(made.status, 0) << made.err;
}

TEST_F(Backup, moves_from_the_embedded_database_to_a_server) {
  load_embedded();
  auto const before = report();
  back_up("affsync.dump");
  use_empty_database();
  use_database("{url: \"" + database_url() + "\"}");
  auto const restored = affsync({"restore", path("affsync.dump")});
  ASSERT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(report(), before);
  // The roles have their rights again, though a dump of another server knows none of them.
  EXPECT_EQ(query("SELECT has_table_privilege('affsync_reader', 'reporting.earnings_daily', "
                  "'select') AND has_table_privilege('affsync_writer', 'affsync.commission', "
                  "'insert')"),
            "t");
  EXPECT_NE(query("SELECT reltuples FROM pg_class WHERE oid = 'affsync.commission'::regclass"),
            "-1")
      << "without statistics";
  auto const next = sync();
  EXPECT_EQ(next.status, 0) << next.err;
  EXPECT_EQ(next.count("rewards", "inserted"), 0);

  auto const again = affsync({"restore", path("affsync.dump")});
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("already has a schema"), std::string::npos) << again.err;
}

// pg_restore 17 sets what servers before 17 do not know. The one of this test is of no version that
// there is, so that it is the newest, and does the same.
TEST_F(Backup, a_newer_pg_restore_loads_into_an_older_server) {
  load_embedded();
  auto const before = report();
  back_up("affsync.dump");
  std::filesystem::create_directory(path("bin"));
  {
    std::ofstream program(path("bin") + "/pg_restore");
    program << R"(#!/bin/sh
case "$*" in
  --version) echo "pg_restore (PostgreSQL) 99.1" ;;
  *--dbname=*)
    echo "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"transaction_timeout\"" >&2
    exit 1 ;;
  *)
    for last; do :; done
    script=$(printf '%s\n' "$@" | sed -n 's/^--file=//p')
    $(ls -d /usr/lib/postgresql/*/bin | tail -n 1)/pg_restore "$@" || exit 1
    [ "$script" = - ] || sed -i '1,/^SET /s/^SET /SET transaction_timeout = 0;\nSET /' "$script" ;;
esac
)";
  }
  std::filesystem::permissions(path("bin") + "/pg_restore", std::filesystem::perms(0755));
  environment["PATH"] = path("bin") + ":" + std::getenv("PATH");
  use_empty_database();
  use_database("{url: \"" + database_url() + "\"}");
  auto const restored = affsync({"restore", path("affsync.dump")});
  ASSERT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(report(), before);
}

TEST_F(Backup, other_files_and_newer_ones_are_refused) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  dir_.write("text.dump", "no dump at all");
  auto const text = affsync({"restore", path("text.dump")});
  EXPECT_EQ(text.status, 2) << text.err;
  EXPECT_NE(text.err.find("is not a backup of affsync"), std::string::npos) << text.err;
  auto const missing = affsync({"restore", path("missing.dump")});
  EXPECT_EQ(missing.status, 2) << missing.err;
  EXPECT_NE(missing.err.find("missing.dump cannot be read: No such file"), std::string::npos)
      << missing.err;
  EXPECT_EQ(missing.err.find("is not a backup"), std::string::npos) << missing.err;
  execute(
      "INSERT INTO affsync.schema_migration SELECT (m).* FROM (SELECT jsonb_populate_record(m, "
      "'{\"version\": 9999}') AS m FROM affsync.schema_migration m LIMIT 1) AS newer");
  back_up("newer.dump");
  use_state("pg");
  auto const refused = affsync({"restore", path("newer.dump")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("made by a newer affsync"), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(path("pg"))) << "a refused file created a cluster";
}

TEST_F(Backup, one_that_was_cut_off_is_said_to_be_incomplete) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  back_up("whole.dump");
  auto const size = std::filesystem::file_size(path("whole.dump"));
  use_state("pg");
  for (auto const part : {std::uintmax_t(6), std::uintmax_t(2000), size / 3, size / 2, size - 9}) {
    std::filesystem::copy_file(path("whole.dump"), path("part.dump"),
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(path("part.dump"), part);
    auto const refused = affsync({"restore", path("part.dump")});
    EXPECT_EQ(refused.status, 2) << part << " of " << size << ": " << refused.err;
    EXPECT_NE(refused.err.find("part.dump is incomplete"), std::string::npos)
        << part << " of " << size << ": " << refused.err;
  }
}

// libpq reads it from no variable of the environment, and other users see command lines.
TEST_F(Backup, a_passphrase_that_it_cannot_hand_over_in_secret_is_refused) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  database_options = " sslpassword=hunter2hunter2";
  configure();
  auto const refused = affsync({"backup", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("sslpassword"), std::string::npos) << refused.err;
  EXPECT_EQ((refused.out + refused.err).find("hunter2"), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump")));
}

// An administrator's shell often names another server.
TEST_F(Backup, the_environment_names_no_other_server) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  auto const before = query("select count(*) || ' ' || sum(amount) from affsync.commission");
  environment["PGHOST"] = "/nonexistent";
  environment["PGPORT"] = "1";
  environment["PGSERVICE"] = "other";
  environment["PGSERVICEFILE"] =
      dir_.write("services", "[other]\nhost=/nonexistent\nport=1\nuser=nobody\n").string();
  back_up("affsync.dump");
  use_empty_database();
  configure();
  auto const restored = affsync({"restore", path("affsync.dump")});
  ASSERT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(query("select count(*) || ' ' || sum(amount) from affsync.commission"), before);
}

// Whoever ignores the end of children hands that down.
TEST_F(Backup, a_failed_pg_dump_is_told_whatever_started_it) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  constexpr char const* cut_off =
      "ulimit -f 64; exec env --ignore-signal=CHLD \"$0\" backup \"$1\"";
  auto options = command({"-c", cut_off});
  options.arguments.push_back(options.program.string());
  options.arguments.push_back(path("affsync.dump"));
  options.program = "/bin/sh";
  auto const failed = run(std::move(options));
  EXPECT_EQ(failed.status, 1) << failed.out << failed.err;
  EXPECT_NE(failed.err.find("pg_dump failed"), std::string::npos) << failed.err;
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump")));
}

TEST_F(Backup, killed_in_the_middle_leaves_no_file_and_no_process) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  // Holds pg_dump, which waits for the table.
  pqxx::connection connection(database_url());
  auto holding = std::make_unique<pqxx::work>(connection);
  holding->exec("LOCK TABLE affsync.commission IN ACCESS EXCLUSIVE MODE");
  auto killed = start({"backup", path("affsync.dump")});
  std::string const dumping =
      // A pooler keeps the session, under the name of its latest client.
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' "
      "AND state <> 'idle' AND datname = current_database()";
  wait_until(dumping, "1");
  killed->signal(SIGKILL);
  EXPECT_EQ(killed->wait(), 128 + SIGKILL);
  wait_until(dumping, "0");
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump")));
  holding.reset();
  back_up("affsync.dump");  // over the part that was left
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump.part")));
}

TEST_F(Backup, a_part_of_another_user_is_not_written_to) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  {
    std::ofstream const part(path("affsync.dump.part"));
  }
  ASSERT_EQ(chown(path("affsync.dump.part").c_str(), 65534, 65534), 0);
  auto const refused = affsync({"backup", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("it belongs to another user"), std::string::npos) << refused.err;
  EXPECT_EQ(std::filesystem::file_size(path("affsync.dump.part")), 0U);
}

TEST_F(Backup, a_disk_that_is_full_leaves_no_file) {
  start_broker();
  configure();
  ASSERT_EQ(sync().status, 0);
  auto options = command({"-c", "ulimit -f 8; exec \"$0\" backup " + path("affsync.dump"),
                          in_build("affsync").string()});
  options.program = "bash";
  auto const failed = run(std::move(options));
  EXPECT_EQ(failed.status, 1) << failed.err;
  EXPECT_NE(failed.err.find("pg_dump failed"), std::string::npos) << failed.err;
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump")));
  EXPECT_FALSE(std::filesystem::exists(path("affsync.dump.part")));
}

TEST_F(Backup, a_restoration_killed_at_any_moment_leaves_the_old_data_or_has_the_new) {
  load_embedded();
  auto const saved = report();
  back_up("affsync.dump");
  change_the_data();
  auto const changed = report();
  ASSERT_NE(changed, saved);
  int kept = 0;
  for (int step = 0; step < 8; ++step) {
    auto process = start({"restore", "--replace", path("affsync.dump")});
    // Each time a little later; what holds does not depend on how far it came.
    auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(150 * step);
    while (std::chrono::steady_clock::now() < until && !process->poll()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process->signal(SIGKILL);
    process->wait();
    auto const now = report();
    if (now == changed) ++kept;
    ASSERT_TRUE(now == changed || now == saved) << now;
  }
  EXPECT_GT(kept, 0);
  ASSERT_EQ(affsync({"restore", "--replace", path("affsync.dump")}).status, 0);
  EXPECT_EQ(report(), saved);
}

TEST_F(Backup, while_the_daemon_runs_a_backup_is_made_and_no_restoration) {
  load_embedded();
  auto const daemon = start({"run"});
  daemon->wait_for_err("started");
  back_up("affsync.dump");
  auto const refused = affsync({"restore", "--replace", path("affsync.dump")});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("Stop affsync"), std::string::npos) << refused.err;
  EXPECT_EQ(daemon->stop(), 0);
}

}  // namespace
}  // namespace affsync::test::backup_test
