#include "schema/store/pg_executor.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <system_error>

#include "base/process_limits.hpp"
#include "schema/store/read_only.hpp"

namespace affsync::schema {

namespace {
// How often a statement is cancelled before its connection is cut.
constexpr int cancels = 3;
}  // namespace

void PgExecutor::Socket::reset() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  cancel_.reset();
}

void PgExecutor::Socket::reset(pqxx::connection& connection) {
  reset();
  descriptor_ = ::fcntl(connection.sock(), F_DUPFD_CLOEXEC, 0);
  answers_.listen_to(connection);
  cancel_ = std::make_shared<StatementCancel>(connection);
}

void PgExecutor::Socket::shut_down() const {
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

bool PgExecutor::Socket::is_silent(std::chrono::milliseconds time) const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (descriptor_ < 0) return false;
  if (::getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return std::chrono::steady_clock::now() - answers_.last() >= time;
  }
  auto const latest = std::min(info.tcpi_last_data_sent, info.tcpi_last_data_recv);
  return std::chrono::milliseconds(latest) >= time;
}

PgExecutor::PgExecutor(StoreOptions options, int sessions)
    : options_(std::move(options)),
      longest_answer_(limits_statements(options_)
                          ? std::optional(options_.statement_timeout + options_.answer_grace)
                          : std::nullopt),
      slots_(static_cast<std::size_t>(sessions)),
      pool_(startable_threads(static_cast<std::size_t>(sessions))) {}

PgExecutor::~PgExecutor() {
  pool_.join();
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  idle_.notify_all();
  busy_.notify_all();
  if (canceller_.joinable()) canceller_.join();
  if (watcher_.joinable()) watcher_.join();
}

PgExecutor::Slot& PgExecutor::take() {
  std::lock_guard lock(mutex_);
  if (refusing_) {
    throw Failure(ErrorCode::cancelled, "affsync is shutting down");
  }
  // There are as many slots as threads. One that has a session goes first.
  Slot* free = nullptr;
  for (auto& slot : slots_) {
    if (!slot.busy && (free == nullptr || !free->session)) free = &slot;
  }
  free->busy = true;
  free->busy_since = std::chrono::steady_clock::now();
  busy_.notify_all();
  return *free;
}

void PgExecutor::give_back(Slot& slot) {
  {
    std::lock_guard lock(mutex_);
    slot.busy = false;
  }
  idle_.notify_all();
}

void PgExecutor::execute(int attempts, std::function<void(PgSession&)> const& work) {
  auto& slot = take();
  struct GiveBack {
    PgExecutor& executor;
    Slot& slot;
    ~GiveBack() { executor.give_back(slot); }
  } const guard{*this, slot};

  auto replace_session = [&](std::unique_ptr<PgSession> session) {
    std::unique_ptr<PgSession> old;  // destroyed after the mutex is unlocked
    std::lock_guard lock(mutex_);
    old = std::exchange(slot.session, std::move(session));
    if (!slot.session) slot.socket.reset();
    slot.cut = false;
  };
  auto const on_open = [&](pqxx::connection& connection) {
    std::lock_guard lock(mutex_);
    // Thrown to the session that is being set up, which then does not try again.
    if (refusing_) throw Failure(ErrorCode::cancelled, "affsync is shutting down");
    slot.socket.reset(connection);
    slot.age = renewed_;
    slot.opened_at = std::chrono::steady_clock::now();
    slot.cut = false;
    if (longest_answer_ && !watcher_.joinable()) watcher_ = std::thread([this] { cut_silent(); });
  };

  // A server that is being replaced may end the new session as well, before it was of any use.
  auto const patient_until = std::chrono::steady_clock::now() + options_.patience;
  bool const may_retry = attempts > 1;
  for (;; --attempts) {
    PgProblem problem;
    try {
      if (slot.session && is_old(slot)) replace_session(nullptr);  // closed before another opens
      if (!slot.session) replace_session(std::make_unique<PgSession>(options_, on_open));
      work(*slot.session);
      return;
    } catch (std::exception const&) {
      problem = current_problem();
    }
    if (was_cut(slot)) {
      auto const seconds = std::chrono::ceil<std::chrono::seconds>(*longest_answer_).count();
      problem.error.message = "PostgreSQL has not answered for " + std::to_string(seconds) +
                              " s: the connection is cut";
      problem.error.hint = "Look whether the server, or a proxy in front of it, stands still.";
    }
    if (slot.session && (problem.recovery == Recovery::reconnect || !slot.session->is_open())) {
      replace_session(nullptr);
      if (problem.recovery == Recovery::none) problem.recovery = Recovery::reconnect;
    }
    {
      std::lock_guard lock(mutex_);
      if (refusing_ && problem.error.code != ErrorCode::lease_lost) {
        throw Failure(ErrorCode::cancelled, "affsync is shutting down");
      }
    }
    if (problem.read_only && slot.session) {
      if (auto hint = hint_of_read_only(*slot.session); !hint.empty()) {
        problem.error.hint = std::move(hint);
      }
      renew_sessions();
      if (on_read_only_) on_read_only_();
    }
    bool const patient = may_retry && problem.recovery == Recovery::reconnect &&
                         std::chrono::steady_clock::now() < patient_until;
    if ((attempts <= 1 && !patient) || problem.recovery == Recovery::none) {
      throw Failure(std::move(problem.error));
    }
  }
}

void PgExecutor::post(std::function<void(PgSession&)> work, int attempts) {
  asio::post(pool_, [this, attempts, task = std::move(work)] {
    try {
      execute(attempts, task);
    } catch (std::exception const&) {
      // A lease that is not given back ends by itself.
    }
  });
}

void PgExecutor::shut_down(std::chrono::milliseconds patience) {
  std::lock_guard lock(mutex_);
  if (canceller_.joinable()) return;
  try {
    canceller_ = std::thread([this, patience] { cancel_all(patience); });
  } catch (std::system_error const&) {
    // The system starts no more threads: whoever ends waits until the server ends what runs, by the
    // time limit of each statement. To be told here would end a process that only leaves.
  }
}

bool PgExecutor::was_cut(Slot& slot) {
  std::lock_guard lock(mutex_);
  return std::exchange(slot.cut, false);
}

bool PgExecutor::is_old(Slot const& slot) {
  std::lock_guard lock(mutex_);
  if (slot.age != renewed_) return true;
  // What only reads is never told that its server takes no writes, and would show a standby for as
  // long as it lives. From PostgreSQL 14 on the server reports both.
  return slot.session->is_read_only() &&
         std::chrono::steady_clock::now() - slot.opened_at >= options_.longest_read_only;
}

void PgExecutor::renew_sessions() {
  std::lock_guard lock(mutex_);
  ++renewed_;
}

void PgExecutor::cut_silent() {
  constexpr std::chrono::milliseconds often{1000};
  auto const look = std::min(often, *longest_answer_ / 4);
  auto const is_busy = [](Slot const& slot) { return slot.busy; };
  std::unique_lock lock(mutex_);
  while (!ending_) {
    auto const now = std::chrono::steady_clock::now();
    bool const is_known = known_wait_ && known_wait_();
    for (auto& slot : slots_) {
      if (is_known || !slot.busy || slot.cut || now - slot.busy_since < *longest_answer_) continue;
      slot.cut = slot.socket.is_silent(*longest_answer_);
      if (slot.cut) slot.socket.shut_down();
    }
    if (std::ranges::any_of(slots_, is_busy)) {
      idle_.wait_for(lock, look, [&] { return ending_; });
    } else {
      busy_.wait(lock, [&] { return ending_ || std::ranges::any_of(slots_, is_busy); });
    }
  }
}

void PgExecutor::cancel_all(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  idle_.wait_for(lock, patience, [&] { return ending_; });
  refusing_ = true;
  for (int round = 0; !ending_; ++round) {
    bool any = false;
    for (auto& slot : slots_) {
      if (!slot.busy) continue;
      any = true;
      if (round >= cancels) slot.socket.shut_down();
      if (slot.session) slot.session->ask_to_end();
      if (slot.socket.cancel()) StatementCancel::start(slot.socket.cancel());
    }
    if (!any) return;
    // A cancel between two statements of a transaction has no effect: repeat it.
    idle_.wait_for(lock, std::chrono::milliseconds{100});
  }
}

}  // namespace affsync::schema
