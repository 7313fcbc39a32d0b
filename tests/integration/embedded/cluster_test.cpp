// The private PostgreSQL with the real programs: start, sharing, restart, and failures.
#include "daemon/embedded/cluster.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/server_user.hpp"
#include "tests/integration/embedded/support.hpp"

namespace affsync::embedded::cluster_test {
namespace {

TEST(Cluster, starts_with_utf8_checksums_and_no_tcp_port) {
  TemporaryDirectory directory;
  auto const cluster = start_or_fail(directory.path());
  EXPECT_TRUE(cluster->started_here());
  EXPECT_EQ(query(cluster->url(), "SELECT current_database()"), "affsync");
  EXPECT_EQ(query(cluster->url(), "SHOW server_encoding"), "UTF8");
  EXPECT_EQ(query(cluster->url(), "SHOW data_checksums"), "on");
  EXPECT_EQ(query(cluster->url(), "SHOW listen_addresses"), "");
  EXPECT_EQ(query(cluster->url("postgres"), "SELECT current_database()"), "postgres");
}

TEST(Cluster, passes_the_settings_that_were_asked_for) {
  TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.settings = {"max_connections=7"};
  auto const cluster = Cluster::start(options);
  ASSERT_TRUE(cluster) << cluster.error().to_line();
  EXPECT_EQ(query((*cluster)->url(), "SHOW max_connections"), "7");
}

TEST(Cluster, tells_what_a_start_is_doing) {
  TemporaryDirectory directory;
  auto options = options_for(directory.path());
  std::vector<std::string> told;
  options.start_news = std::chrono::milliseconds(0);
  options.on_start_step = [&told](std::string const& step) { told.push_back(step); };
  auto const cluster = Cluster::start(options);
  ASSERT_TRUE(cluster) << cluster.error().to_line();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].rfind("the embedded PostgreSQL starts", 0), 0U) << told[0];
}

TEST(Cluster, keeps_its_data_over_a_restart) {
  TemporaryDirectory directory;
  {
    auto const cluster = start_or_fail(directory.path());
    query(cluster->url(), "CREATE TABLE kept AS SELECT 42 AS answer");
  }
  auto const cluster = start_or_fail(directory.path());
  EXPECT_EQ(query(cluster->url(), "SELECT answer FROM kept"), "42");
}

// Whoever follows the advice must not lose the database.
TEST(Cluster, nobody_is_told_to_remove_a_directory_that_may_hold_a_cluster) {
  TemporaryDirectory directory;
  auto const layout = describe_layout(directory.path());
  ASSERT_TRUE(layout);
  auto const user = find_server_user(layout->data);
  ASSERT_TRUE(user);
  std::filesystem::create_directories(layout->data);
  ASSERT_EQ(::chmod(layout->home.c_str(), 0755), 0);
  auto const empty = check_state_directory(*layout, *user);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().hint.rfind("Remove it, or", 0), 0U) << empty.error().hint;
  std::ofstream(layout->data / "PG_VERSION") << "15\n";
  for (auto const& refused :
       {check_state_directory(*layout, *user), make_server_directories(*layout, *user)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().hint.rfind("It holds the database: do not remove it", 0), 0U)
        << refused.error().hint;
  }
}

TEST(Cluster, no_server_is_left_after_the_object) {
  TemporaryDirectory directory;
  std::string url;
  {
    auto const cluster = start_or_fail(directory.path());
    url = cluster->url();
    ASSERT_TRUE(answers(url));
  }
  EXPECT_FALSE(answers(url));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "postgresql/data/postmaster.pid"));
}

TEST(Cluster, a_second_object_shares_the_server_and_does_not_stop_it) {
  TemporaryDirectory directory;
  auto const owner = start_or_fail(directory.path());
  {
    auto const guest = start_or_fail(directory.path());
    EXPECT_FALSE(guest->started_here());
    EXPECT_EQ(guest->url(), owner->url());
    EXPECT_EQ(query(guest->url(), "SELECT 1"), "1");
  }
  EXPECT_EQ(query(owner->url(), "SELECT 1"), "1");
}

TEST(Cluster, two_objects_that_start_at_once_make_one_server) {
  TemporaryDirectory directory;
  std::unique_ptr<Cluster> other;
  std::thread starter([&] { other = start_or_fail(directory.path()); });
  auto const cluster = start_or_fail(directory.path());
  starter.join();
  ASSERT_TRUE(other);
  EXPECT_NE(cluster->started_here(), other->started_here());
  EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1");
}

TEST(Cluster, a_guest_takes_over_when_the_owner_stops) {
  TemporaryDirectory directory;
  auto const owner = start_or_fail(directory.path());
  Events events;
  auto options = options_for(directory.path());
  options.on_event = events.listener();
  auto const guest = Cluster::start(options);
  ASSERT_TRUE(guest) << guest.error().to_line();
  query(owner->url(), "CREATE TABLE kept AS SELECT 42 AS answer");

  owner->stop();
  ASSERT_TRUE(events.wait_for("answers again"));
  EXPECT_TRUE((*guest)->started_here());
  EXPECT_EQ(query((*guest)->url(), "SELECT answer FROM kept"), "42");
}

TEST(Cluster, a_server_that_dies_is_started_again) {
  TemporaryDirectory directory;
  Events events;
  auto options = options_for(directory.path());
  options.durable = true;  // without it the last commits may be lost with the server
  options.on_event = events.listener();
  auto const cluster = Cluster::start(options);
  ASSERT_TRUE(cluster) << cluster.error().to_line();
  query((*cluster)->url(), "CREATE TABLE kept AS SELECT 42 AS answer");

  ASSERT_EQ(::kill(server_process(directory.path()), SIGKILL), 0);
  ASSERT_TRUE(events.wait_for("answers again"));
  EXPECT_EQ(query((*cluster)->url(), "SELECT answer FROM kept"), "42");
}

TEST(Cluster, a_cluster_that_was_left_half_made_is_made_anew) {
  TemporaryDirectory directory;
  auto const home = directory.path() / "postgresql";
  std::filesystem::create_directories(home / "data.unfinished");
  std::filesystem::permissions(home, std::filesystem::perms::owner_all);
  std::ofstream(home / "data.unfinished/PG_VERSION") << "15\n";
  auto const cluster = start_or_fail(directory.path());
  EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1");
  EXPECT_FALSE(std::filesystem::exists(home / "data.unfinished"));
}

TEST(Cluster, a_stale_pid_file_does_not_hinder) {
  TemporaryDirectory directory;
  start_or_fail(directory.path()).reset();
  // As after a power cut, when the process id now belongs to another program: this one.
  std::ofstream(directory.path() / "postgresql/data/postmaster.pid")
      << ::getpid() << "\n/nowhere\n0\n5432\n\n\n";
  auto const cluster = start_or_fail(directory.path());
  EXPECT_TRUE(cluster->started_here());
  EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1");
}

// An unrelated process of the server's user.
class OtherProgram {
 public:
  explicit OtherProgram(std::filesystem::path const& data) {
    struct stat found = {};
    if (::stat(data.c_str(), &found) != 0) throw std::runtime_error("no data");
    id_ = ::fork();
    if (id_ != 0) return;
    if (::geteuid() == 0 && (::setgid(found.st_gid) != 0 || ::setuid(found.st_uid) != 0))
      ::_exit(1);
    for (;;) ::pause();
  }
  ~OtherProgram() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  OtherProgram(OtherProgram const&) = delete;
  OtherProgram& operator=(OtherProgram const&) = delete;
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
};

// As after a power cut: the files are still there, but their process ids belong to other programs,
// or the files are empty because their text never reached the disk.
TEST(Cluster, what_a_crash_of_the_machine_leaves_does_not_hinder) {
  TemporaryDirectory directory;
  start_or_fail(directory.path()).reset();
  auto const home = directory.path() / "postgresql";
  OtherProgram const other(home / "data");
  auto const number = std::to_string(other.id());
  auto const pid_file = number + "\n" + (home / "data").string() + "\n0\n5432\n\n\n";
  for (std::string const& text : {pid_file, std::string(), std::string("no number\n")}) {
    std::ofstream(home / "data/postmaster.pid") << text;
    std::ofstream(home / ".s.PGSQL.5432.lock") << text;
    std::ofstream(home / ".s.PGSQL.5432") << "";
    auto const cluster = start_or_fail(directory.path());
    EXPECT_TRUE(cluster->started_here()) << text;
    EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1") << text;
  }
}

TEST(Cluster, the_log_is_bounded_while_the_server_runs) {
  TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.log_limit = 4096;
  options.log_look = std::chrono::milliseconds(20);
  auto const cluster = Cluster::start(std::move(options));
  ASSERT_TRUE(cluster) << cluster.error().to_line();
  auto const log = directory.path() / "postgresql/server.log";
  auto const kept = directory.path() / "postgresql/server.log.1";
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  // Each failed statement adds a line to the log.
  while (!std::filesystem::exists(kept) && std::chrono::steady_clock::now() < deadline) {
    EXPECT_THROW(query((*cluster)->url(), "SELECT 1 / 0 AS " + std::string(50, 'x')),
                 std::runtime_error);
  }
  EXPECT_TRUE(std::filesystem::exists(kept));
  EXPECT_EQ(query((*cluster)->url(), "SELECT 1"), "1");
  EXPECT_LT(std::filesystem::file_size(log), 1'000'000U);
}

TEST(Cluster, a_long_path_gets_a_short_socket_directory) {
  TemporaryDirectory directory;
  auto const deep = directory.path() / std::string(60, 'a') / std::string(60, 'b');
  std::string socket_directory;
  {
    auto const cluster = start_or_fail(deep);
    EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1");
    socket_directory = query(cluster->url(), "SHOW unix_socket_directories");
  }
  EXPECT_LT(socket_directory.size(), 90U);
  struct stat found = {};
  std::erase(socket_directory, '"');
  ASSERT_EQ(::stat(socket_directory.c_str(), &found), 0) << socket_directory;
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  std::filesystem::remove_all(socket_directory);
}

TEST(Cluster, a_path_with_blanks_quotes_and_a_comma_works) {
  TemporaryDirectory directory;
  auto const cluster = start_or_fail(directory.path() / "it's \"a\" b\\c, d");
  EXPECT_EQ(query(cluster->url(), "SELECT 1"), "1");
  std::string socket_directory = query(cluster->url(), "SHOW unix_socket_directories");
  std::erase(socket_directory, '"');
  std::filesystem::remove_all(socket_directory);
}

TEST(Cluster, missing_programs_are_an_error_that_names_the_package) {
  TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.program_directories = {directory.path() / "no programs here"};
  auto const cluster = Cluster::start(options);
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, ErrorCode::database_unavailable);
  EXPECT_NE(cluster.error().hint.find("apt install postgresql"), std::string::npos);
}

TEST(Cluster, a_server_that_refuses_its_settings_is_an_error_with_its_own_words) {
  TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.settings = {"no_such_setting=1"};
  auto const cluster = Cluster::start(options);
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, ErrorCode::database_unavailable);
  EXPECT_NE(cluster.error().message.find("no_such_setting"), std::string::npos)
      << cluster.error().message;
}

TEST(Cluster, as_root_a_closed_directory_is_an_error_that_names_it_and_nothing_is_made) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root starts the server as another user";
  TemporaryDirectory directory;
  auto const closed = directory.path() / "closed";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  auto const cluster = Cluster::start(options_for(closed / "state"));
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, ErrorCode::database_unavailable);
  EXPECT_NE(cluster.error().hint.find("chmod o+x " + closed.string()), std::string::npos)
      << cluster.error().to_line();
  EXPECT_FALSE(std::filesystem::exists(closed / "state"));
}

TEST(Cluster, as_root_the_server_runs_as_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root starts the server as another user";
  TemporaryDirectory directory;
  auto const cluster = start_or_fail(directory.path());
  struct stat process = {};
  auto const id = std::to_string(server_process(directory.path()));
  ASSERT_EQ(::stat(("/proc/" + id).c_str(), &process), 0);
  EXPECT_NE(process.st_uid, 0U);
}

// As after the installation of a package: its user has the directory, and nobody else may enter it.
TEST(Cluster, as_root_a_cluster_in_a_users_directory_is_that_users) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root starts the server as another user";
  passwd const* const user = ::getpwnam("daemon");
  ASSERT_NE(user, nullptr);
  TemporaryDirectory directory;
  auto const state = directory.path() / "state";
  std::filesystem::create_directory(state);
  ASSERT_EQ(::chown(state.c_str(), user->pw_uid, user->pw_gid), 0);
  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  auto const cluster = start_or_fail(state / "below");
  struct stat found = {};
  for (auto const* made : {"below", "below/lock", "below/postgresql/data"}) {
    ASSERT_EQ(::stat((state / made).c_str(), &found), 0) << made;
    EXPECT_EQ(found.st_uid, user->pw_uid) << made;
  }
  auto const id = std::to_string(server_process(state / "below"));
  ASSERT_EQ(::stat(("/proc/" + id).c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, user->pw_uid);
}

// Root rotates the log in the directory of the server's user, who could write anywhere by that.
TEST(Cluster, a_link_of_the_servers_user_leads_root_nowhere) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root starts the server as another user";
  passwd const* const user = ::getpwnam("daemon");
  ASSERT_NE(user, nullptr);
  TemporaryDirectory directory;
  auto const precious = directory.path() / "precious";
  std::ofstream(precious) << "root's";
  auto const state = directory.path() / "state";
  std::filesystem::create_directory(state);
  ASSERT_EQ(::chown(state.c_str(), user->pw_uid, user->pw_gid), 0);
  start_or_fail(state).reset();
  auto const log = state / "postgresql/server.log";
  auto const kept = state / "postgresql/server.log.1";
  std::filesystem::create_symlink(precious, kept);
  std::filesystem::resize_file(log, 100 << 20);
  start_or_fail(state).reset();
  EXPECT_EQ(text_of(precious), "root's");
  std::filesystem::remove(kept);
  start_or_fail(state).reset();
  EXPECT_GE(std::filesystem::file_size(kept), std::uintmax_t{100} << 20);
  EXPECT_LT(std::filesystem::file_size(log), std::uintmax_t{1} << 20);
  struct stat found = {};
  ASSERT_EQ(::stat(kept.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, user->pw_uid);
}

TEST(Cluster, a_killed_owner_takes_the_server_with_it) {
  TemporaryDirectory directory;
  OwnerProcess owner(directory.path());
  ASSERT_FALSE(owner.url().empty());
  ASSERT_TRUE(answers(owner.url()));
  auto const server = server_process(directory.path());
  owner.kill();
  EXPECT_TRUE(ends_within_patience(server));
  // A clean stop: the next start has nothing to recover.
  auto const log = text_of(directory.path() / "postgresql/server.log");
  EXPECT_NE(log.find("database system is shut down"), std::string::npos) << log;
}

}  // namespace
}  // namespace affsync::embedded::cluster_test
