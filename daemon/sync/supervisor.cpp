#include "daemon/sync/supervisor.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <numeric>
#include <utility>

#include "base/process_limits.hpp"
#include "connectors/engine/pace/backoff.hpp"
#include "daemon/sync/file_run.hpp"

namespace affsync::sync {
namespace {

// The wall clock may jump while a timer runs, so it is checked at least this often.
constexpr auto longest_nap = std::chrono::seconds(30);
// While runs wait for a place, one may become free without a run ending: its source begins to wait.
constexpr auto nap_for_a_place = std::chrono::seconds(1);
constexpr auto between_memory_returns = std::chrono::seconds(5);

engine::BackoffSpec outage_backoff() {
  engine::BackoffSpec spec;
  spec.first = std::chrono::seconds(2);
  spec.cap = std::chrono::seconds(60);
  return spec;
}

// The report of a run that threw an unexpected exception; the stream runs again at its next time.
RunReport unforeseen(StreamTask const& task, std::string const& what) {
  RunReport report;
  report.status = RunStatus::failed;
  report.error = Error(ErrorCode::internal, "the run ended without a report: " + what);
  report.error->in(task.source(), task.stream());
  return report;
}

std::pair<std::string_view, std::string_view> name_of(StreamTask const& task) {
  return {task.source(), task.stream()};
}

}  // namespace

Supervisor::Supervisor(asio::any_io_executor executor, RunParts parts, std::size_t most_runs,
                       std::function<double()> random, Logger log)
    : parts_(parts),
      random_(std::move(random)),
      log_(std::move(log)),
      runs_(executor),
      places_(most_runs) {}

void Supervisor::set_tasks(std::vector<StreamTask> tasks) {
  std::vector<SlotPtr> slots;
  slots.reserve(tasks.size());
  for (auto& task : tasks) {
    SlotPtr kept = find(task.source(), task.stream());
    if (!kept || kept->task.session != task.session) kept = std::make_shared<Slot>();
    kept->task = std::move(task);
    slots.push_back(std::move(kept));
  }
  for (auto const& slot : slots_) slot->index.reset();
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i]->index = i;
  for (auto const& slot : slots_) {
    if (!slot->index && slot->running) runs_.cancel(slot->run);
  }
  slots_ = std::move(slots);
  by_name_.resize(slots_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::ranges::sort(by_name_, {}, [this](std::size_t i) { return name_of(slots_[i]->task); });
  scheduler_ = Scheduler(slots_.size());
  held_.clear();
  held_as_silent_.clear();
  auto const now = parts_.clock->now();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto& slot = *slots_[i];
    if (!slot.running) scheduler_.set(i, std::max(now, slot.task.due_at.value_or(now)));
  }
  wake_.tell();
}

Supervisor::SlotPtr Supervisor::find(std::string_view source, std::string_view stream) const {
  auto const name = std::pair(source, stream);
  auto const at = std::ranges::lower_bound(
      by_name_, name, {}, [this](std::size_t i) { return name_of(slots_[i]->task); });
  if (at == by_name_.end() || name_of(slots_[*at]->task) != name) return nullptr;
  return slots_[*at];
}

void Supervisor::look_at_all(TimePoint now) {
  held_.clear();
  held_as_silent_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    // The run itself checks under the lease, from the database, whether it really is due.
    if (!slots_[i]->running) scheduler_.set(i, now);
  }
}

// A run of the source has ended: the first stream that was held for it is due, and the first one
// that was held since its broker is silent, or all of a broker that answers again.
void Supervisor::release_held(SourceSession const& session) {
  auto const now = parts_.clock->now();
  bool released = false;
  std::erase_if(held_as_silent_, [&](SlotPtr const& slot) {
    bool const answers = !slot->task.session->is_silent();
    if (!answers && std::exchange(released, true)) return false;
    scheduler_.set(*slot->index, now);
    return true;
  });
  auto const found = held_.find(&session);
  if (found == held_.end()) return;
  auto& waiting = found->second;
  auto const first = waiting.front();
  waiting.erase(waiting.begin());
  if (waiting.empty()) held_.erase(found);
  scheduler_.set(*first->index, now);
}

// Gives back what ended runs have freed, now and then, and once more when all have ended.
void Supervisor::return_memory() {
  if (ended_ == 0) return;
  auto const now = std::chrono::steady_clock::now();
  bool const recently = now - memory_returned_ < between_memory_returns;
  if (recently && !runs_.empty()) return;
  release_memory();
  memory_returned_ = now;
  ended_ = 0;
}

TimePoint Supervisor::next_time(Slot const& slot, RunReport const& report) const {
  auto const now = parts_.clock->now();
  bool const outage = report.error && report.error->code == ErrorCode::database_unavailable;
  if (outage) return now + engine::backoff_wait(outage_backoff(), slot.outages, random_());
  bool const held_by_other = report.error && report.error->code == ErrorCode::lease_lost;
  // The instance that holds the lease may die: try again soon, at the latest after the stream's own
  // interval.
  if (held_by_other) {
    return now + std::min<Duration>(slot.task.every.interval(), std::chrono::seconds(15));
  }
  // The clock may have been set back during the run: never wait for more than one interval.
  return std::min(report.next_run_at.value_or(slot.task.every.next(now, random_())),
                  slot.task.every.next(now, 1));
}

asio::awaitable<void> Supervisor::guard_slot(SlotPtr slot) {
  try {
    co_await run_slot(std::move(slot));
  } catch (boost::system::system_error const& error) {
    if (error.code() == asio::error::operation_aborted) throw;
    failure_ = std::current_exception();
  } catch (...) {
    failure_ = std::current_exception();
  }
  if (failure_) wake_.tell();
}

asio::awaitable<void> Supervisor::run_slot(SlotPtr slot) {
  RunOptions options;
  options.scheduled = true;
  options.jitter = random_();
  slot->running = true;
  auto const session = slot->task.session;
  RunReport report;
  bool cancelled = false;
  try {
    RunPlaces::Place const place(places_, session);
    report = co_await run_task(slot->task, options, parts_, log_);
  } catch (boost::system::system_error const& error) {
    slot->running = false;
    cancelled = error.code() == asio::error::operation_aborted;
    report = unforeseen(slot->task, error.what());
  } catch (std::exception const& error) {
    report = unforeseen(slot->task, error.what());
  } catch (...) {
    report = unforeseen(slot->task, "an exception of an unknown type");
  }
  slot->running = false;
  if (cancelled) {
    // Unless somebody cancelled it, the stream must run again like after any other failure.
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
  ++ended_;
  bool const unreported = report.source.empty();
  if (unreported && report.error) log_.error(*report.error);
  bool const outage = report.error && report.error->code == ErrorCode::database_unavailable;
  slot->outages = outage ? slot->outages + 1 : 0;
  if (slot->index && report.status != RunStatus::cancelled) {
    scheduler_.set(*slot->index, next_time(*slot, report));
  }
  release_held(*session);
  wake_.tell();
}

void Supervisor::start_due() {
  auto const now = parts_.clock->now();
  for (;;) {
    waits_for_place_ = places_.are_taken(now);
    if (waits_for_place_) return;
    auto const index = scheduler_.pop(now);
    if (!index) return;
    auto const& slot = slots_[*index];
    if (slot->task.session->is_silent() && !places_.has_place_for_silent(now)) {
      held_as_silent_.push_back(slot);
    } else if (places_.has_place(slot->task.session)) {
      // Runs up to its first wait, and so has its place before the next one is looked at.
      slot->run = runs_.spawn(guard_slot(slot));
    } else {
      held_[slot->task.session.get()].push_back(slot);
    }
  }
}

asio::awaitable<void> Supervisor::run() {
  for (;;) {
    auto const now = parts_.clock->now();
    // The clock was set back, so all due times are too far away now: check every stream again.
    if (now + longest_nap < looked_at_) look_at_all(now);
    looked_at_ = now;
    if (failure_) break;
    start_due();
    return_memory();
    Duration nap = longest_nap;
    if (auto const next = scheduler_.next()) nap = std::clamp<Duration>(*next - now, {}, nap);
    if (waits_for_place_) nap = nap_for_a_place;
    co_await wake_.told_before(std::chrono::steady_clock::now() + nap);
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) break;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  runs_.cancel_all();
  co_await runs_.join();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

std::optional<std::chrono::seconds> Supervisor::interval(std::string const& source,
                                                         std::string const& stream) const {
  auto const slot = find(source, stream);
  return slot ? std::optional(slot->task.every.interval()) : std::nullopt;
}

}  // namespace affsync::sync
