#include "daemon/embedded/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "daemon/embedded/file_descriptor.hpp"

namespace affsync::embedded {

namespace {

constexpr std::size_t output_limit = 64 * 1024;

Error process_error(std::string const& what, int code) {
  return Error(ErrorCode::database_unavailable, what + ": " + std::strerror(code));
}

// Duplicates a descriptor to a number above the three standard ones.
FileDescriptor above_standard(int number) {
  return FileDescriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3));
}

// The functions from here to exec_in_child run between fork and exec, where only async-signal-safe
// calls are allowed: the other threads do not exist there, but one may have held the allocator's
// lock.
bool become(ServerUser const& user) {
  if (!user.other) return true;
  return ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
         ::setresgid(user.gid, user.gid, user.gid) == 0 &&
         ::setresuid(user.uid, user.uid, user.uid) == 0;
}

void reset_signals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The server must not inherit sockets and files of this program.
void close_others_at_exec() {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int number = 3; number < 1024; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

struct ExecPlan {
  char* const* arguments;
  char* const* environment;
  ServerUser const* user;
  bool ends_with_thread;
  int input;
  int output;
  int report;
  pid_t parent;
};

[[noreturn]] void exec_in_child(ExecPlan const& plan) {
  reset_signals();
  ::umask(077);
  if (plan.ends_with_thread) ::setsid();
  close_others_at_exec();
  bool ready = ::dup2(plan.input, 0) == 0 && ::dup2(plan.output, 1) == 1 &&
               ::dup2(plan.output, 2) == 2 && ::chdir("/") == 0 && become(*plan.user);
  if (ready && plan.ends_with_thread) {
    // Set it after the change of user, which clears it. The parent may have ended already.
    ready = ::prctl(PR_SET_PDEATHSIG, SIGINT) == 0;
    if (::getppid() != plan.parent) ::_exit(1);
  }
  if (ready) ::execve(plan.arguments[0], plan.arguments, plan.environment);
  int const code = errno;
  // The parent reads either these bytes or the end of the pipe. A failed write cannot be reported.
  (void)!::write(plan.report, &code, sizeof code);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Does not pass on this process's environment, since PG* variables must not reach these programs.
std::vector<std::string> environment_for(ServerUser const& user) {
  std::vector<std::string> environment{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"};
  if (!user.home.empty()) environment.push_back("HOME=" + user.home);
  return environment;
}

void keep_tail(std::string& text) {
  if (text.size() > 2 * output_limit) text.erase(0, text.size() - output_limit);
}

// Reads until the end of the pipe. Returns false at the timeout.
bool read_all(int pipe, std::string& output, std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  char buffer[4096];
  while (true) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{pipe, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(left.count())) <= 0) continue;
    auto const count = ::read(pipe, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    output.append(buffer, static_cast<std::size_t>(count));
    keep_tail(output);
  }
}

}  // namespace

Result<pid_t> spawn(Command const& command) {
  auto arguments = command.arguments;
  auto environment = environment_for(command.user);
  environment.insert(environment.end(), command.environment.begin(), command.environment.end());
  auto const argument_pointers = pointers(arguments);
  auto const environment_pointers = pointers(environment);

  FileDescriptor const null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto const input = above_standard(null.get());
  auto const output = above_standard(command.output);
  int ends[2];
  if (!input.valid() || !output.valid() || ::pipe2(ends, O_CLOEXEC) != 0) {
    return process_error("Cannot start " + arguments.front(), errno);
  }
  FileDescriptor report(ends[0]);
  FileDescriptor report_end(ends[1]);
  auto child_report = above_standard(report_end.get());

  ExecPlan const plan{argument_pointers.data(),
                      environment_pointers.data(),
                      &command.user,
                      command.ends_with_thread,
                      input.get(),
                      output.get(),
                      child_report.get(),
                      ::getpid()};
  pid_t const child = ::fork();
  if (child == 0) exec_in_child(plan);
  int const fork_error = errno;
  if (child < 0) return process_error("Cannot start " + arguments.front(), fork_error);

  report_end.reset();
  child_report.reset();
  int code = 0;
  ssize_t count = 0;
  do {
    count = ::read(report.get(), &code, sizeof code);
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof code)) {
    ::waitpid(child, nullptr, 0);
    return process_error("Cannot run " + arguments.front() + " as user " + command.user.name, code);
  }
  return child;
}

Result<Outcome> run(Command command, std::chrono::milliseconds limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return process_error("Cannot make a pipe", errno);
  FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  command.output = write_end.get();
  auto const name = command.arguments.front();
  auto const child = spawn(command);
  if (!child) return child.error();
  write_end.reset();

  Outcome outcome;
  outcome.finished = read_all(read_end.get(), outcome.output, limit);
  if (!outcome.finished) ::kill(*child, SIGKILL);
  pid_t reaped = -1;
  do {
    reaped = ::waitpid(*child, &outcome.status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return process_error("Cannot tell how " + name + " ended", errno);
  return outcome;
}

Result<int> as_user(ServerUser const& user, std::function<int()> const& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return process_error("Cannot make a pipe", errno);
  FileDescriptor answer(ends[0]);
  FileDescriptor answer_end(ends[1]);
  pid_t const child = ::fork();
  if (child == 0) {
    if (become(user)) {
      int const found = work();
      (void)!::write(answer_end.get(), &found, sizeof found);
    }
    ::_exit(0);
  }
  if (child < 0) return process_error("Cannot start a process", errno);
  answer_end.reset();
  int found = 0;
  ssize_t count = 0;
  do {
    count = ::read(answer.get(), &found, sizeof found);
  } while (count < 0 && errno == EINTR);
  ::waitpid(child, nullptr, 0);
  if (count == static_cast<ssize_t>(sizeof found)) return found;
  return Error(ErrorCode::database_unavailable, "Cannot switch to the user " + user.name);
}

Result<std::optional<std::filesystem::path>> first_closed_directory(
    ServerUser const& user, std::filesystem::path const& directory) {
  std::vector<std::string> prefixes;
  std::filesystem::path prefix;
  for (auto const& part : directory) {
    prefix /= part;
    prefixes.push_back(prefix.string());
  }
  auto const paths = pointers(prefixes);
  constexpr int all_open = -1;
  auto const found = as_user(user, [&paths] {
    for (int index = 0; paths[static_cast<std::size_t>(index)] != nullptr; ++index) {
      auto const* const path = paths[static_cast<std::size_t>(index)];
      if (::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) return index;
    }
    return all_open;
  });
  if (!found) return found.error();
  if (*found == all_open) return std::optional<std::filesystem::path>{};
  return std::optional<std::filesystem::path>{prefixes[static_cast<std::size_t>(*found)]};
}

}  // namespace affsync::embedded
