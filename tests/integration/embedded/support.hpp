// What the tests of the private PostgreSQL share: directories, queries, a process to kill.
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

// Below /tmp, open for the server's user, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

ClusterOptions options_for(std::filesystem::path const& state_dir);

// Throws with the error's text when it cannot be started.
std::unique_ptr<Cluster> start_or_fail(std::filesystem::path const& state_dir);

// The first value of the answer, "" when there is none; throws with the server's message.
std::string query(std::string const& url, std::string const& sql);
bool answers(std::string const& url);

// The process id in postmaster.pid.
pid_t server_process(std::filesystem::path const& state_dir);
std::string text_of(std::filesystem::path const& file);
// Waits until a process that is no child of ours is gone; false after the patience of a test.
bool ends_within_patience(pid_t process);

// Collects what a cluster tells.
class Events {
 public:
  std::function<void(std::string const&)> listener();
  // Until a text with `part` has come; false after the patience of a test.
  bool wait_for(std::string const& part);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> texts_;
};

// Another process that owns a cluster, to be killed.
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
