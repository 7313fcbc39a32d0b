#include "schema/store/migration_watch.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace affsync::schema {

void MigrationWatch::cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (auto* session : sessions_) {
    try {
      session->connection().cancel_query();
    } catch (std::exception const&) {
      // If the server is gone, the statement fails anyway.
    }
  }
}

std::string MigrationWatch::progress() {
  std::lock_guard lock(mutex_);
  return progress_;
}

void MigrationWatch::set_progress(std::string text) {
  std::lock_guard lock(mutex_);
  progress_ = std::move(text);
}

void MigrationWatch::set_changing() {
  std::lock_guard lock(mutex_);
  changing_ = true;
}

void MigrationWatch::look() {
  std::lock_guard lock(mutex_);
  if (!cancelled_) return;
  if (!changing_) throw Failure(ErrorCode::cancelled, "stopped before the database had answered");
  throw Failure(ErrorCode::cancelled, "stopped while the database schema was brought up to date",
                "Unfinished changes were rolled back; the next start continues from there.");
}

void MigrationWatch::pause(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds step{50};
  for (auto waited = std::chrono::milliseconds{0}; waited < time; waited += step) {
    look();
    std::this_thread::sleep_for(step);
  }
  look();
}

MigrationWatch::Session::Session(MigrationWatch& watch, PgSession& session)
    : watch_(watch), session_(session) {
  std::lock_guard lock(watch_.mutex_);
  watch_.sessions_.push_back(&session_);
}

MigrationWatch::Session::~Session() {
  std::lock_guard lock(watch_.mutex_);
  std::erase(watch_.sessions_, &session_);
}

}  // namespace affsync::schema
