// Helpers for the tests of the private PostgreSQL: directories, queries, a process to kill.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/embedded/cluster.hpp"

namespace affsync::embedded {

// A directory below /tmp, accessible to the server's user, removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

ClusterOptions options_for(std::filesystem::path const& state_dir);

// Starts a cluster; throws with the error's text if it cannot.
std::unique_ptr<Cluster> start_or_fail(std::filesystem::path const& state_dir);

// The first value of the result, "" if there is none; throws with the server's message.
std::string query(std::string const& url, std::string const& sql);
bool answers(std::string const& url);

// The process id in postmaster.pid.
pid_t server_process(std::filesystem::path const& state_dir);
std::string text_of(std::filesystem::path const& file);
// Waits until a process that is not a child of this program is gone; false after the test's
// timeout.
bool ends_within_patience(pid_t process);

// Collects the events of a cluster.
class Events {
 public:
  std::function<void(std::string const&)> listener();
  // Waits for an event that contains `part`; false after the test's timeout.
  bool wait_for(std::string const& part);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> texts_;
};

// Another process that owns a cluster and can be killed.
class OwnerProcess {
 public:
  explicit OwnerProcess(std::filesystem::path const& state_dir);
  ~OwnerProcess();
  std::string const& url() const { return url_; }
  void kill();

 private:
  pid_t process_ = -1;
  std::string url_;
};

}  // namespace affsync::embedded
