#include "schema/store/answer_times.hpp"

#include <libpq-events.h>
#include <libpq-fe.h>

#include <stdexcept>

#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {
namespace {

using std::chrono::steady_clock;

using Shared = std::shared_ptr<std::atomic<steady_clock::rep>>;

void note_now(std::atomic<steady_clock::rep>& ticks) {
  ticks = steady_clock::now().time_since_epoch().count();
}

// Called by libpq for each result, and when the connection ends.
int on_event(PGEventId event, void*, void* shared) {
  auto* const ticks = static_cast<Shared*>(shared);
  if (event == PGEVT_RESULTCREATE) note_now(**ticks);
  if (event == PGEVT_CONNDESTROY) delete ticks;
  return 1;
}

}  // namespace

void AnswerTimes::listen_to(pqxx::connection& connection) {
  ticks_ = std::make_shared<Ticks>(0);
  note_now(*ticks_);
  auto mine = std::make_unique<Shared>(ticks_);
  if (PQregisterEventProc(raw_connection(connection), on_event, "affsync answers", mine.get()) ==
      0) {
    throw std::runtime_error("libpq takes no event procedure");
  }
  [[maybe_unused]] auto* const kept = mine.release();  // until the connection ends
}

std::chrono::steady_clock::time_point AnswerTimes::last() const {
  return steady_clock::time_point(steady_clock::duration(ticks_->load()));
}

}  // namespace affsync::schema
