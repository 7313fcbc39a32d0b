#include "daemon/alerts/command_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "daemon/async/task_group.hpp"
#include "daemon/async/until_cancelled.hpp"
#include "daemon/async/with_timeout.hpp"

namespace affsync::alerts {
namespace {

using Descriptor = asio::posix::stream_descriptor;

constexpr std::size_t most_output = 4096;

// Programs that outlived their kill: what has become another user cannot be killed, and what hangs
// in the kernel ends later. Looked at when the next one is started; used on the I/O thread only.
std::vector<pid_t>& left_running() {
  static std::vector<pid_t> pids;
  return pids;
}

// A started program. The destructor kills its group unless it has ended, and waits for nothing.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {
    std::erase_if(left_running(),
                  [](pid_t left) { return ::waitpid(left, nullptr, WNOHANG) != 0; });
  }
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;
  ~Child() {
    int status = 0;
    if (ended_) return;
    kill_group();
    if (!poll(status)) left_running().push_back(pid_);
  }

  void kill_group() const { ::kill(-pid_, SIGKILL); }

  // True once the program has ended; then `status` is as of a shell.
  bool poll(int& status) {
    int raw = 0;
    if (ended_ || ::waitpid(pid_, &raw, WNOHANG) != pid_) return ended_;
    ended_ = true;
    constexpr int by_signal = 128;
    status = WIFEXITED(raw) ? WEXITSTATUS(raw) : by_signal + WTERMSIG(raw);
    return true;
  }

 private:
  pid_t pid_;
  bool ended_ = false;
};

// The attributes and actions of posix_spawn, freed at the end.
class Spawn {
 public:
  Spawn() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
  }
  Spawn(Spawn const&) = delete;
  Spawn& operator=(Spawn const&) = delete;
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  // Returns 0 or the error number.
  int start(pid_t& pid, std::vector<std::string>& arguments, std::vector<std::string>& environment,
            int input, int output) {
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    auto const program = pointers(arguments);
    auto const variables = pointers(environment);
    return ::posix_spawn(&pid, program.front(), &actions_, &attributes_, program.data(),
                         variables.data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (auto& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  }

  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    // Above the standard descriptors, which the program's are moved onto.
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read = lifted(ends[0]);
    write = lifted(ends[1]);
  }
  Pipe(Pipe const&) = delete;
  Pipe& operator=(Pipe const&) = delete;
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  bool valid() const { return read >= 0 && write >= 0; }
  int give_read() { return std::exchange(read, -1); }
  int give_write() { return std::exchange(write, -1); }
  void close_read() { ::close(give_read()); }
  void close_write() { ::close(give_write()); }

 private:
  static int lifted(int descriptor) {
    if (descriptor > STDERR_FILENO) return descriptor;
    int const higher = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(descriptor);
    return higher;
  }
};

// Writes the text and closes. A program that does not read it is no failure.
asio::awaitable<void> feed(Descriptor& input, std::string const& text) {
  boost::system::error_code ignored;
  co_await asio::async_write(input, asio::buffer(text),
                             asio::redirect_error(asio::use_awaitable, ignored));
  input.close(ignored);
}

// Reads until the end, and keeps the beginning.
asio::awaitable<void> drain(Descriptor& pipe, std::string& output) {
  char buffer[1024];
  for (;;) {
    boost::system::error_code ended;
    auto const count = co_await pipe.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ended));
    output.append(buffer, std::min(count, most_output - output.size()));
    if (ended) co_return;
  }
}

// Waits for the end of the program: by a descriptor of its process, or, where the system has none,
// by looking.
asio::awaitable<void> until_ended(Child& child, pid_t pid, int& status) {
  auto const executor = co_await asio::this_coro::executor;
  int const number = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (number >= 0) {
    Descriptor process(executor, number);
    while (!child.poll(status)) {
      co_await process.async_wait(Descriptor::wait_read, asio::use_awaitable);
    }
    co_return;
  }
  constexpr std::chrono::milliseconds look_again{20};
  asio::steady_timer timer(executor);
  while (!child.poll(status)) {
    timer.expires_after(look_again);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// Returns whether the program ended soon after its kill. Cancelled already, it waits all the same.
asio::awaitable<bool> dies(Child& child) {
  constexpr std::chrono::milliseconds look_again{5}, longest{500};
  asio::steady_timer timer(co_await asio::this_coro::executor);
  int status = 0;
  for (auto waited = look_again; !child.poll(status); waited += look_again) {
    if (waited > longest) co_return false;
    boost::system::error_code ignored;
    timer.expires_after(look_again);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return true;
}

// What is left in the pipe after the program's end.
void read_rest(Descriptor& pipe, std::string& output) {
  char buffer[1024];
  boost::system::error_code ended;
  pipe.non_blocking(true, ended);
  while (!ended && output.size() < most_output) {
    auto const count = pipe.read_some(asio::buffer(buffer), ended);
    output.append(buffer, std::min(count, most_output - output.size()));
  }
}

}  // namespace

asio::awaitable<CommandEnd> run_command(std::vector<std::string> arguments,
                                        std::vector<std::string> environment, std::string input,
                                        std::chrono::milliseconds limit) {
  CommandEnd end;
  auto const executor = co_await asio::this_coro::executor;
  Pipe in, out;
  if (!in.valid() || !out.valid()) {
    end.problem = std::string("cannot make a pipe: ") + std::strerror(errno);
    co_return end;
  }
  pid_t pid = -1;
  int const failed = Spawn().start(pid, arguments, environment, in.read, out.write);
  if (failed != 0) {
    end.problem = arguments.front() + " cannot be started: " + std::strerror(failed);
    co_return end;
  }
  Child child(pid);
  in.close_read();
  out.close_write();
  Descriptor to_program(executor, in.give_write());
  Descriptor from_program(executor, out.give_read());

  async::TaskGroup group(executor);
  group.spawn(async::until_cancelled(feed(to_program, input)));
  group.spawn(async::until_cancelled(drain(from_program, end.output)));
  std::exception_ptr cancelled;
  try {
    co_await async::with_timeout(until_ended(child, pid, end.status), limit, "the command");
  } catch (Failure const&) {
    end.timed_out = true;
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  if (end.timed_out || cancelled) {
    child.kill_group();
    end.killed = co_await dies(child);
  }
  group.cancel_all();
  co_await group.join();
  if (cancelled) std::rethrow_exception(cancelled);
  read_rest(from_program, end.output);
  co_return end;
}

}  // namespace affsync::alerts
