// fork and exec, with pipes and a reading thread.
#include "tests/support/process.hpp"

#include "tests/support/hand_over.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace affsync::test {
namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    read = ends[0];
    write = ends[1];
  }
};

std::vector<std::string> environment_of(ProcessOptions const& options) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; *entry; ++entry) {
    std::string const text = *entry;
    auto const equals = text.find('=');
    if (equals != std::string::npos) merged[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (auto const& name : options.unset) merged.erase(name);
  for (auto const& [name, value] : options.environment) merged[name] = value;
  std::vector<std::string> out;
  for (auto const& [name, value] : merged) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Runs in the child: only async-signal-safe calls are allowed between fork and exec.
[[noreturn]] void exec_child(char* const* arguments, char* const* environment,
                             char const* directory, int in, int out, int err, int failure,
                             pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (*directory == '\0' || chdir(directory) == 0) execvpe(arguments[0], arguments, environment);
  int const reason = errno;
  [[maybe_unused]] auto const written = write(failure, &reason, sizeof reason);
  _exit(127);
}

int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

Process::Process(ProcessOptions options) : name_(options.program.filename().string()) {
  Pipe const in, out, err, failure;
  std::vector<std::string> words{options.program.string()};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  auto environment = environment_of(options);
  auto const argument_pointers = pointers(words);
  auto const environment_pointers = pointers(environment);
  auto const directory = options.directory.string();
  pid_t const parent = getpid();
  hand_over();
  pid_ = fork();
  if (pid_ == 0)
    exec_child(argument_pointers.data(), environment_pointers.data(), directory.c_str(), in.read,
               out.write, err.write, failure.write, parent);
  int const fork_error = errno;
  for (int const descriptor : {in.read, out.write, err.write, failure.write}) close(descriptor);
  int reason = pid_ < 0 ? fork_error : 0;
  if (pid_ > 0 && read(failure.read, &reason, sizeof reason) == sizeof reason)
    waitpid(pid_, nullptr, 0);
  close(failure.read);
  if (reason != 0) {
    for (int const descriptor : {in.write, out.read, err.read}) close(descriptor);
    throw std::system_error(reason, std::generic_category(), "cannot start " + words[0]);
  }
  // Test inputs are smaller than the pipe buffer, so this write does not block.
  if (write(in.write, options.input.data(), options.input.size()) < 0)
    std::perror("write to the child's stdin");
  close(in.write);
  out_.descriptor = out.read;
  err_.descriptor = err.read;
  end_reading_ = eventfd(0, EFD_CLOEXEC);
  reader_ = std::thread([this] { read_output(); });
}

Process::~Process() {
  if (!poll()) {
    signal(SIGKILL);
    int wait_status = 0;
    waitpid(pid_, &wait_status, 0);
    std::lock_guard const lock(mutex_);
    status_ = exit_status(wait_status);
  }
  kill(-pid_, SIGKILL);  // processes that the program left in its group
  eventfd_write(end_reading_, 1);
  reader_.join();
  close(end_reading_);
}

void Process::read_output() {
  std::array<Stream*, 2> const streams{&out_, &err_};
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    std::array<pollfd, 3> waits{};
    waits[2] = {end_reading_, POLLIN, 0};
    bool any = false;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      waits[i] = {streams[i]->closed ? -1 : streams[i]->descriptor, POLLIN, 0};
      any |= !streams[i]->closed;
    }
    if (!any) break;
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    // Output written before the end is still in the pipes; read it first.
    bool const more = waits[0].revents != 0 || waits[1].revents != 0;
    if (waits[2].revents != 0 && !more) break;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (waits[i].revents == 0) continue;
      auto const count = read(streams[i]->descriptor, buffer.data(), buffer.size());
      std::lock_guard const lock(mutex_);
      if (count > 0)
        streams[i]->text.append(buffer.data(), static_cast<std::size_t>(count));
      else if (count == 0 || errno != EINTR)
        streams[i]->closed = true;
      changed_.notify_all();
    }
  }
  for (auto* stream : streams) close(stream->descriptor);
}

std::string Process::out() const {
  std::lock_guard const lock(mutex_);
  return out_.text;
}

std::string Process::err() const {
  std::lock_guard const lock(mutex_);
  return err_.text;
}

std::string Process::describe() const {
  return name_ + (status_ ? " (ended with " + std::to_string(*status_) + ")" : "") + "\nstdout:\n" +
         out_.text + "\nstderr:\n" + err_.text;
}

void Process::wait_for(Stream const& stream, std::string const& text, Seconds limit) {
  std::unique_lock lock(mutex_);
  auto const found = [&] { return stream.text.find(text) != std::string::npos; };
  changed_.wait_for(lock, limit, [&] { return found() || stream.closed; });
  if (!found()) throw std::runtime_error("no '" + text + "' from " + describe());
}

void Process::wait_for_out(std::string const& text, Seconds limit) {
  wait_for(out_, text, limit);
}
void Process::wait_for_err(std::string const& text, Seconds limit) {
  wait_for(err_, text, limit);
}

std::string Process::wait_for_line(std::string const& text, Seconds limit) {
  wait_for(out_, text, limit);
  std::unique_lock lock(mutex_);
  auto const at = out_.text.find(text);
  auto const line_ended = [&] { return out_.text.find('\n', at) != std::string::npos; };
  changed_.wait_for(lock, limit, [&] { return line_ended() || out_.closed; });
  auto const newline = out_.text.rfind('\n', at);
  auto const begin = newline == std::string::npos ? 0 : newline + 1;
  return out_.text.substr(begin, out_.text.find('\n', at) - begin);
}

std::optional<int> Process::poll() {
  std::lock_guard const lock(mutex_);
  if (status_) return status_;
  int wait_status = 0;
  rusage used{};
  if (wait4(pid_, &wait_status, WNOHANG, &used) == pid_) {
    status_ = exit_status(wait_status);
    peak_memory_kib_ = used.ru_maxrss;
  }
  return status_;
}

void Process::wait_for_end(Seconds limit) {
  if (poll()) return;
  auto const handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  pollfd waits{handle, POLLIN, 0};
  auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  int const ready = ::poll(&waits, 1, static_cast<int>(milliseconds));
  close(handle);
  if (ready > 0) return;
  std::lock_guard const lock(mutex_);
  throw std::runtime_error("still running after " + std::to_string(milliseconds) +
                           " ms: " + describe());
}

int Process::wait(Seconds limit) {
  wait_for_end(limit);
  auto const status = poll().value();
  hand_over();
  // All output has arrived once both pipes are closed. A grandchild may keep them open longer.
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(2), [&] { return out_.closed && err_.closed; });
  return status;
}

void Process::signal(int number) {
  if (!poll()) kill(pid_, number);
}

int Process::stop(Seconds limit) {
  signal(SIGTERM);
  return wait(limit);
}

Finished run(ProcessOptions options, Process::Seconds limit) {
  Process process(std::move(options));
  int const status = process.wait(limit);
  return {status, process.out(), process.err(), process.peak_memory_kib()};
}

}  // namespace affsync::test
