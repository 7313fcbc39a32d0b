// What a service manager's socket receives.
#include "daemon/serve/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace affsync::serve::service_manager_test {
namespace {

// Receives notifications like systemd: datagrams on a socket that the environment names.
class ServiceManagerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/affsync-notify-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path().c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    ::close(socket_);
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  std::string path() const { return directory_ + "/socket"; }
  std::string received() const {
    char buffer[512];
    auto const size = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
  }

  ServiceManager manager_;
  std::string directory_;
  int socket_ = -1;
};

TEST_F(ServiceManagerTest, ready_comes_with_a_status_of_one_line) {
  manager_.ready("3 sources\n12 streams");
  EXPECT_EQ(received(), "READY=1\nSTATUS=3 sources 12 streams");
}

TEST_F(ServiceManagerTest, reloading_carries_the_monotonic_time) {
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  manager_.reloading();
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  auto const text = received();
  std::string const start = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(text.substr(0, start.size()), start);
  auto const sent = std::stoll(text.substr(start.size()));
  EXPECT_GE(sent, before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
  EXPECT_LE(sent, after.tv_sec * 1'000'000LL + after.tv_nsec / 1000);
}

TEST_F(ServiceManagerTest, stopping_status_and_alive_say_so) {
  manager_.stopping("finishing pages");
  EXPECT_EQ(received(), "STOPPING=1\nSTATUS=finishing pages");
  manager_.status("idle");
  EXPECT_EQ(received(), "STATUS=idle");
  manager_.alive();
  EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, alive_is_due_twice_a_watchdog_time_of_this_process) {
  EXPECT_EQ(manager_.alive_interval(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(manager_.alive_interval(), std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_EQ(manager_.alive_interval(), std::nullopt);
}

TEST_F(ServiceManagerTest, without_a_manager_nothing_is_sent) {
  ::unsetenv("NOTIFY_SOCKET");
  manager_.ready("idle");
  EXPECT_EQ(received(), "nothing");
}

}  // namespace
}  // namespace affsync::serve::service_manager_test
