// A program under test as a child process: its output is captured all the time, every wait has a
// deadline, and it never outlives the test program.
//
// Start processes from the main thread: the kernel kills the child when the thread that started it
// ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace affsync::test {

struct ProcessOptions {
  std::filesystem::path program;                   // without a slash: looked up in PATH
  std::vector<std::string> arguments;              // without the program's own name
  std::map<std::string, std::string> environment;  // set on top of the parent's
  std::vector<std::string> unset;   // variables taken out of the parent's environment
  std::filesystem::path directory;  // to run in; empty: where the test runs
  std::string input;                // for stdin; then end of file
};

class Process {
 public:
  using Seconds = std::chrono::duration<double>;

  // Throws std::system_error when the program cannot be started.
  explicit Process(ProcessOptions options);
  ~Process();  // kills it, if it still runs, and waits for its end
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  pid_t pid() const { return pid_; }

  // What came so far.
  std::string out() const;
  std::string err() const;

  // Waits until `text` has come on stdout (or stderr). Throws std::runtime_error with all the
  // output when it has not within the limit or the program ended without it.
  void wait_for_out(std::string const& text, Seconds limit = Seconds(30));
  void wait_for_err(std::string const& text, Seconds limit = Seconds(30));
  // The whole first line of stdout that holds `text`; waits like wait_for_out.
  std::string wait_for_line(std::string const& text, Seconds limit = Seconds(30));

  // Waits for the end and gives the exit status; 128 + N when signal N ended it. Throws
  // std::runtime_error with all the output when it still runs after the limit.
  int wait(Seconds limit = Seconds(60));
  // The exit status if it has ended.
  std::optional<int> poll();
  // The most memory that was resident, once poll() or wait() has seen the end; 0 before. Counts
  // from the fork on, so it is at least what this program has itself.
  long peak_memory_kib() const { return peak_memory_kib_; }

  void signal(int number);
  // SIGTERM, then wait.
  int stop(Seconds limit = Seconds(20));

 private:
  struct Stream {
    int descriptor = -1;
    std::string text;
    bool closed = false;
  };
  void read_output();
  void wait_for_end(Seconds limit);
  void wait_for(Stream const& stream, std::string const& text, Seconds limit);
  std::string describe() const;  // needs mutex_

  std::string name_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  long peak_memory_kib_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Stream out_, err_;
  int end_reading_ = -1;  // an eventfd: a grandchild may hold the pipes open for ever
  std::thread reader_;
};

// Runs a program to its end.
struct Finished {
  int status;
  std::string out, err;
  long peak_memory_kib = 0;
};
Finished run(ProcessOptions options, Process::Seconds limit = Process::Seconds(60));

}  // namespace affsync::test
