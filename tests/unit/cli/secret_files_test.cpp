// What is said of files with secrets that the wrong users can read, or the right one cannot.
#include "daemon/cli/secret_files.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace affsync::cli::secret_files_test {
namespace {

namespace fs = std::filesystem;

class SecretFiles : public testing::Test {
 protected:
  SecretFiles() {
    std::string name = "/tmp/affsync-secrets-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = name;
    fs::permissions(folder_, fs::perms(0755));
    file_ = folder_ / "token";
    std::ofstream(file_) << "secret\n";
    fs::permissions(file_, fs::perms(0644));
  }
  ~SecretFiles() override { fs::remove_all(folder_); }

  fs::path folder_, file_;
};

TEST_F(SecretFiles, of_its_own_user_one_change_of_the_mode_closes_it) {
  EXPECT_EQ(command_that_closes(file_.string()), "chmod o= " + file_.string());
  auto const odd = folder_ / "it's a token";
  std::ofstream(odd) << "secret\n";
  EXPECT_EQ(command_that_closes(odd.string()),
            "chmod o= '" + folder_.string() + "/it'\\''s a token'");
}

// As `sudo -u affsync affsync check` sees a file that root has written.
TEST_F(SecretFiles, who_reads_it_as_one_of_the_others_gets_it_by_the_group) {
  passwd const* const user = ::getpwnam("daemon");
  if (::geteuid() != 0 || user == nullptr) GTEST_SKIP() << "only root becomes another user";
  ASSERT_EQ(::setegid(user->pw_gid), 0);
  ASSERT_EQ(::seteuid(user->pw_uid), 0);
  auto const said = command_that_closes(file_.string());
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_EQ(::setegid(0), 0);
  EXPECT_EQ(said, "chgrp daemon " + file_.string() + " && chmod g+r,o= " + file_.string());
  ASSERT_EQ(::chown(file_.c_str(), 0, user->pw_gid), 0);
  ASSERT_EQ(::setegid(user->pw_gid), 0);
  ASSERT_EQ(::seteuid(user->pw_uid), 0);
  auto const of_the_group = command_that_closes(file_.string());
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_EQ(::setegid(0), 0);
  EXPECT_EQ(of_the_group, "chmod o= " + file_.string());
}

TEST_F(SecretFiles, a_service_reads_what_its_user_may_and_its_unit_shows) {
  constexpr uid_t nobody = 65534;
  EXPECT_TRUE(is_for_service("/etc/passwd", nobody, nobody));
  EXPECT_FALSE(is_for_service("/etc/shadow", nobody, nobody));
  EXPECT_FALSE(is_for_service(file_, nobody, nobody)) << "it has a /tmp of its own";
  EXPECT_FALSE(is_for_service(folder_ / "missing", nobody, nobody));
}

}  // namespace
}  // namespace affsync::cli::secret_files_test
