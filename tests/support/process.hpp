// A program under test as a child process. Its output is captured continuously, every wait has a
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
  std::filesystem::path program;                   // looked up in PATH if it has no slash
  std::vector<std::string> arguments;              // without the program's own name
  std::map<std::string, std::string> environment;  // added to the parent's
  std::vector<std::string> unset;   // variables removed from the parent's environment
  std::filesystem::path directory;  // working directory; empty: the test's own
  std::string input;                // written to stdin, which is then closed
};

class Process {
 public:
  using Seconds = std::chrono::duration<double>;

  // Throws std::system_error if the program cannot be started.
  explicit Process(ProcessOptions options);
  ~Process();  // kills the process if it still runs, and waits for its end
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  pid_t pid() const { return pid_; }

  // The output so far.
  std::string out() const;
  std::string err() const;

  // Waits until `text` appears on stdout (or stderr). Throws std::runtime_error with all the output
  // if the limit passes or the program ends first.
  void wait_for_out(std::string const& text, Seconds limit = Seconds(30));
  void wait_for_err(std::string const& text, Seconds limit = Seconds(30));
  // Returns the whole first line of stdout that contains `text`; waits like wait_for_out.
  std::string wait_for_line(std::string const& text, Seconds limit = Seconds(30));

  // Waits for the end and returns the exit status; 128 + N if signal N ended the process. Throws
  // std::runtime_error with all the output if it still runs after the limit.
  int wait(Seconds limit = Seconds(60));
  // The exit status, if the process has ended.
  std::optional<int> poll();
  // Peak resident memory, known once poll() or wait() has seen the end; 0 before. Counts from the
  // fork, so it is at least the test program's own size.
  long peak_memory_kib() const { return peak_memory_kib_; }

  void signal(int number);
  // Sends SIGTERM, then waits.
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
  int end_reading_ = -1;  // an eventfd: a grandchild may hold the pipes open forever
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
