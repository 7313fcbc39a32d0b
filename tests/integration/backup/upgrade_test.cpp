// An embedded database moves to another version of PostgreSQL. The machine of the test may have one
// version only: then it moves to a new cluster of the same.
#include "daemon/backup/upgrade.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "daemon/backup/plain_connection.hpp"
#include "daemon/embedded/cluster.hpp"
#include "schema/store/migrate.hpp"

namespace affsync::backup::upgrade_test {
namespace {

namespace fs = std::filesystem;
using embedded::Cluster;
using embedded::ClusterOptions;

class UpgradeDatabase : public testing::Test {
 protected:
  UpgradeDatabase() {
    std::string name = "/tmp/affsync-upgrade-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = name;
    fs::permissions(directory_, fs::perms(0755));  // PostgreSQL may run as another user
  }
  ~UpgradeDatabase() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  std::unique_ptr<Cluster> start() const {
    ClusterOptions options;
    options.state_dir = directory_;
    options.durable = false;
    return Cluster::start(std::move(options)).value();
  }

  // A database with a source.
  void create() const {
    auto const cluster = start();
    schema::StoreOptions store;
    store.url = cluster->url();
    ASSERT_TRUE(schema::migrate(store, false));
    auto connection = PlainConnection::open(cluster->url()).value();
    connection
        .run("INSERT INTO affsync.source (name, connector, base_url) VALUES ('kept', 'c', 'u')")
        .value();
  }

  std::string sources() const {
    auto const cluster = start();
    auto connection = PlainConnection::open(cluster->url()).value();
    return connection.run("SELECT string_agg(name, ' ') FROM affsync.source").value();
  }

  UpgradeOptions to_the_same() const {
    UpgradeOptions options;
    options.state_dir = directory_;
    options.to_the_same = true;
    return options;
  }

  // A folder with programs that claim to be of that version.
  fs::path pretended_version(std::string const& version) const {
    auto const folder = directory_ / ("bin" + version);
    fs::create_directories(folder);
    for (auto const* name : {"initdb", "postgres"}) {
      std::ofstream(folder / name)
          << "#!/bin/sh\necho '" << name << " (PostgreSQL) " << version << ".1'\n";
      fs::permissions(folder / name, fs::perms(0755));
    }
    return folder;
  }

  fs::path directory_;
};

TEST_F(UpgradeDatabase, takes_the_data_along_and_keeps_the_old_cluster) {
  create();
  auto const done = upgrade_cluster(to_the_same());
  ASSERT_TRUE(done) << done.error().to_line();
  EXPECT_EQ(sources(), "kept");
  EXPECT_EQ(done->kept.parent_path(), directory_ / "postgresql");
  EXPECT_TRUE(fs::exists(done->kept / "PG_VERSION"));
  EXPECT_FALSE(fs::exists(directory_ / "upgrade"));
  // Once more: the older one is not overwritten.
  auto const again = upgrade_cluster(to_the_same());
  ASSERT_TRUE(again) << again.error().to_line();
  EXPECT_NE(again->kept, done->kept);
  EXPECT_EQ(sources(), "kept");
}

TEST_F(UpgradeDatabase, what_an_interrupted_one_left_is_in_nobodys_way) {
  create();
  fs::create_directories(directory_ / "upgrade/postgresql/data");
  std::ofstream(directory_ / "upgrade/affsync.dump") << "half";
  fs::permissions(directory_ / "upgrade/postgresql", fs::perms(0700));
  auto const done = upgrade_cluster(to_the_same());
  ASSERT_TRUE(done) << done.error().to_line();
  EXPECT_EQ(sources(), "kept");
}

TEST_F(UpgradeDatabase, by_root_the_service_has_the_new_cluster_too) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act for another user";
  passwd const* const user = ::getpwnam("daemon");
  ASSERT_NE(user, nullptr);
  ASSERT_EQ(::chown(directory_.c_str(), user->pw_uid, user->pw_gid), 0);
  fs::permissions(directory_, fs::perms::owner_all);
  create();
  auto const done = upgrade_cluster(to_the_same());
  ASSERT_TRUE(done) << done.error().to_line();
  for (auto const* made : {"lock", "postgresql/data"}) {
    struct stat found = {};
    ASSERT_EQ(::stat((directory_ / made).c_str(), &found), 0) << made;
    EXPECT_EQ(found.st_uid, user->pw_uid) << made;
  }
  EXPECT_EQ(sources(), "kept");
}

TEST_F(UpgradeDatabase, is_refused_while_somebody_uses_the_database) {
  create();
  auto const other = start();
  auto const refused = upgrade_cluster(to_the_same());
  ASSERT_FALSE(refused);
  EXPECT_FALSE(fs::exists(directory_ / "upgrade"));
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_NE(refused.error().hint.find("systemctl stop affsync"), std::string::npos);
}

TEST_F(UpgradeDatabase, does_nothing_without_a_newer_version) {
  create();
  UpgradeOptions options;
  options.state_dir = directory_;
  auto const done = upgrade_cluster(options);
  ASSERT_TRUE(done) << done.error().to_line();
  EXPECT_EQ(done->from, done->to);
  EXPECT_TRUE(done->kept.empty());
}

TEST_F(UpgradeDatabase, needs_the_programs_of_the_old_version_too) {
  create();
  auto options = to_the_same();
  options.program_directories = {pretended_version("99")};
  auto const failed = upgrade_cluster(options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::database_unavailable);
  EXPECT_NE(failed.error().hint.find("Install the package postgresql-"), std::string::npos);
  EXPECT_EQ(sources(), "kept");
}

TEST_F(UpgradeDatabase, a_dry_run_names_the_versions) {
  create();
  UpgradeOptions options;
  options.state_dir = directory_;
  options.dry_run = true;
  for (auto const& version : fs::directory_iterator("/usr/lib/postgresql")) {
    options.program_directories.push_back(version.path() / "bin");
  }
  options.program_directories.push_back(pretended_version("99"));
  auto const shown = upgrade_cluster(options);
  ASSERT_TRUE(shown) << shown.error().to_line();
  EXPECT_EQ(shown->to, 99);
  EXPECT_LT(shown->from, 99);
  EXPECT_TRUE(shown->kept.empty());
}

}  // namespace
}  // namespace affsync::backup::upgrade_test
