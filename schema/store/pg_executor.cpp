#include "schema/store/pg_executor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

namespace affsync::schema {

namespace {
// How often a statement is cancelled before its connection is cut.
constexpr int cancels = 3;
}  // namespace

void PgExecutor::Socket::reset(int socket) {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = socket < 0 ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

void PgExecutor::Socket::shut_down() const {
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

PgExecutor::PgExecutor(StoreOptions options, int sessions)
    : options_(std::move(options)),
      slots_(static_cast<std::size_t>(sessions)),
      pool_(static_cast<std::size_t>(sessions)) {}

PgExecutor::~PgExecutor() {
  pool_.join();
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  idle_.notify_all();
  if (canceller_.joinable()) canceller_.join();
}

PgExecutor::Slot& PgExecutor::take() {
  std::lock_guard lock(mutex_);
  if (refusing_) {
    throw Failure(ErrorCode::cancelled, "affsync is shutting down");
  }
  Slot* closed = nullptr;
  for (auto& slot : slots_) {
    if (slot.busy) continue;
    if (slot.session) {
      slot.busy = true;
      return slot;
    }
    closed = &slot;
  }
  closed->busy = true;  // there are as many slots as threads
  return *closed;
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
  };
  auto const on_socket = [&](int socket) {
    std::lock_guard lock(mutex_);
    // Thrown to the session that is being set up, which then does not try again.
    if (refusing_) throw Failure(ErrorCode::cancelled, "affsync is shutting down");
    slot.socket.reset(socket);
  };

  // A server that is being replaced may end the new session as well, before it was of any use.
  auto const patient_until = std::chrono::steady_clock::now() + options_.patience;
  bool const may_retry = attempts > 1;
  for (;; --attempts) {
    PgProblem problem;
    try {
      if (!slot.session) replace_session(std::make_unique<PgSession>(options_, on_socket));
      work(*slot.session);
      return;
    } catch (std::exception const&) {
      problem = current_problem();
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
  canceller_ = std::thread([this, patience] { cancel_all(patience); });
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
      if (!slot.session) continue;
      try {
        slot.session->connection().cancel_query();
      } catch (std::exception const&) {
        // If the server is gone, the statement fails anyway.
      }
    }
    if (!any) return;
    // A cancel between two statements of a transaction has no effect: repeat it.
    idle_.wait_for(lock, std::chrono::milliseconds{100});
  }
}

}  // namespace affsync::schema
