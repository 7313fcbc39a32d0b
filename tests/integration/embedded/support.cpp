#include "tests/integration/embedded/support.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace affsync::embedded {

namespace {

constexpr std::chrono::seconds patience{60};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = "/tmp/affsync-embedded-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
  std::filesystem::permissions(path_, std::filesystem::perms(0755));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ClusterOptions options_for(std::filesystem::path const& state_dir) {
  ClusterOptions options;
  options.state_dir = state_dir;
  options.durable = false;
  options.settings = {"shared_buffers=16MB"};
  return options;
}

std::unique_ptr<Cluster> start_or_fail(std::filesystem::path const& state_dir) {
  return Cluster::start(options_for(state_dir)).value();
}

std::string query(std::string const& url, std::string const& sql) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> const connection(PQconnectdb(url.c_str()),
                                                                &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  std::unique_ptr<PGresult, decltype(&PQclear)> const answer(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  auto const status = PQresultStatus(answer.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return PQntuples(answer.get()) == 0 ? "" : PQgetvalue(answer.get(), 0, 0);
}

bool answers(std::string const& url) {
  return PQping(url.c_str()) == PQPING_OK;
}

pid_t server_process(std::filesystem::path const& state_dir) {
  std::ifstream file(state_dir / "postgresql/data/postmaster.pid");
  pid_t id = -1;
  file >> id;
  return id;
}

std::string text_of(std::filesystem::path const& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

bool ends_within_patience(pid_t process) {
  int const descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (descriptor < 0) return true;  // the process is already gone
  pollfd wait{descriptor, POLLIN, 0};
  auto const limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  bool const ended = ::poll(&wait, 1, static_cast<int>(limit)) == 1;
  ::close(descriptor);
  return ended;
}

std::function<void(std::string const&)> Events::listener() {
  return [this](std::string const& text) {
    std::lock_guard const guard(mutex_);
    texts_.push_back(text);
    arrived_.notify_all();
  };
}

bool Events::wait_for(std::string const& part) {
  std::unique_lock guard(mutex_);
  return arrived_.wait_for(guard, patience, [&] {
    return std::any_of(texts_.begin(), texts_.end(), [&](std::string const& text) {
      return text.find(part) != std::string::npos;
    });
  });
}

OwnerProcess::OwnerProcess(std::filesystem::path const& state_dir) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  process_ = ::fork();
  if (process_ == 0) {
    ::close(ends[0]);
    auto const cluster = Cluster::start(options_for(state_dir));
    std::string const url = cluster ? (*cluster)->url() : "";
    (void)!::write(ends[1], url.data(), url.size());
    ::close(ends[1]);
    if (cluster) ::pause();  // wait to be killed
    ::_exit(1);
  }
  ::close(ends[1]);
  char buffer[1024];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    url_.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
}

OwnerProcess::~OwnerProcess() {
  if (process_ > 0) kill();
}

void OwnerProcess::kill() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace affsync::embedded
