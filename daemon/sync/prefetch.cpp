#include "daemon/sync/prefetch.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <iterator>
#include <utility>

namespace affsync::sync {
namespace {

// What an answer says is not to be much older than what is read around it.
constexpr auto kept_for = std::chrono::minutes(5);

bool may_come_of_haste(ErrorCode code) {
  return code == ErrorCode::connect_failed || code == ErrorCode::timeout ||
         code == ErrorCode::truncated || code == ErrorCode::server_error;
}

}  // namespace

struct Prefetch::Entry {
  HttpRequest request;  // as the reader made it, without secrets
  std::shared_ptr<bool> is_asked = std::make_shared<bool>(false);
  async::TaskGroup::TaskPtr task;
  bool is_dropped = false;
  bool is_kept = false;  // for later
  std::optional<Fetched> fetched;
  std::exception_ptr failure;
  std::size_t bytes = 0;  // counted in the budget
  bool has_ended() const { return fetched || failure; }
  bool has_failed() const { return failure || (fetched && !fetched->answer); }
};

Prefetch::Prefetch(asio::any_io_executor executor, Fetch fetch, Clock& clock,
                   std::size_t concurrency, std::shared_ptr<AheadBudget> budget)
    : fetch_(std::move(fetch)),
      clock_(clock),
      concurrency_(std::max<std::size_t>(1, concurrency)),
      budget_(std::move(budget)),
      tasks_(executor) {}

Prefetch::~Prefetch() = default;

Prefetch::EntryPtr Prefetch::find(HttpRequest const& request) const {
  auto const found = std::ranges::find_if(
      entries_, [&](auto const& one) { return one->request.asks_the_same_as(request); });
  return found == entries_.end() ? nullptr : *found;
}

asio::awaitable<void> Prefetch::fetch(EntryPtr entry, HttpRequest request) {
  std::optional<Result<engine::Answer>> answer;
  try {
    auto const is_asked = entry->is_asked;
    answer = co_await fetch_(std::move(request), is_asked);
  } catch (...) {
    entry->failure = std::current_exception();
  }
  if (answer) {
    if (*answer) typical_bytes_ = (*answer)->bytes;
    if (!entry->is_dropped) hold(*entry, *answer ? (*answer)->bytes : 0);
    entry->fetched = Fetched(std::move(*answer), clock_.now());
  }
  arrived_.tell();
  if (!entry->is_dropped) send_ahead();
}

Prefetch::EntryPtr Prefetch::start(HttpRequest request, bool is_asked) {
  auto entry = std::make_shared<Entry>();
  *entry->is_asked = is_asked;
  entry->request = request;
  hold(*entry, typical_bytes_);
  entries_.push_back(entry);
  entry->task = tasks_.spawn(fetch(entry, std::move(request)));
  return entry;
}

void Prefetch::hold(Entry& entry, std::size_t bytes) {
  budget_->held += bytes - entry.bytes;
  held_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

void Prefetch::drop(EntryPtr const& entry) {
  entry->is_dropped = true;
  hold(*entry, 0);
  // A request that is still being spawned has no task yet; it ends by itself.
  if (entry->task) tasks_.cancel(entry->task);
}

void Prefetch::drop_others(HttpRequest const* request) {
  auto const is_wanted = [&](EntryPtr const& entry) {
    auto const is_its = [&](HttpRequest const& one) {
      return one.asks_the_same_as(entry->request);
    };
    entry->is_kept =
        !(request != nullptr && is_its(*request)) && std::ranges::none_of(ahead_, is_its);
    if (!entry->is_kept) return true;
    bool const is_old = entry->fetched && clock_.now() - entry->fetched->arrived_at > kept_for;
    return !is_old && std::ranges::any_of(later_, is_its);
  };
  // A request that ends at its cancellation must not find a list that is being changed.
  auto const all = entries_;
  std::list<EntryPtr> others;
  for (auto const& entry : all) {
    if (!is_wanted(entry)) others.push_back(entry);
  }
  for (auto const& entry : others) entries_.remove(entry);
  for (auto const& entry : others) drop(entry);
}

bool Prefetch::drop_kept() {
  auto const found = std::find_if(entries_.rbegin(), entries_.rend(), [](EntryPtr const& entry) {
    return entry->is_kept && entry->has_ended();
  });
  if (found == entries_.rend()) return false;
  auto const entry = std::move(*found);
  entries_.erase(std::next(found).base());
  drop(entry);
  return true;
}

bool Prefetch::has_turn() const {
  // After an error the requests behind it may never be needed, or may be refused as well. What is
  // kept for later is behind them.
  auto const failed = [](EntryPtr const& entry) { return !entry->is_kept && entry->has_failed(); };
  if (std::ranges::any_of(entries_, failed)) return false;
  auto const under_way =
      std::ranges::count_if(entries_, [](EntryPtr const& entry) { return !entry->has_ended(); });
  auto const in_line =
      std::ranges::count_if(entries_, [](EntryPtr const& entry) { return !entry->is_kept; });
  return static_cast<std::size_t>(under_way) < concurrency_ &&
         static_cast<std::size_t>(in_line) < reach();
}

bool Prefetch::has_memory() const {
  return held_ + typical_bytes_ <= budget_->always_for_a_run ||
         budget_->held + typical_bytes_ <= budget_->most;
}

void Prefetch::send_ahead() {
  for (auto const& request : ahead_) {
    if (find(request)) continue;
    if (!has_turn()) return;
    while (!has_memory()) {
      if (!drop_kept()) return;
    }
    auto copy = request;
    start(std::move(copy), false);
  }
}

asio::awaitable<void> Prefetch::wait_for(EntryPtr entry) {
  while (!entry->has_ended()) co_await arrived_.told();
}

asio::awaitable<Prefetch::Fetched> Prefetch::answer_to(HttpRequest request,
                                                       std::vector<HttpRequest> ahead,
                                                       std::vector<HttpRequest> later) {
  ahead_ = std::move(ahead);
  later_ = std::move(later);
  if (one_at_a_time_) cease();
  drop_others(&request);
  auto entry = find(request);
  bool const was_sent_ahead = entry != nullptr;
  if (!entry) entry = start(request, true);
  *entry->is_asked = true;
  send_ahead();
  co_await wait_for(entry);
  if (was_sent_ahead && entry->fetched && !entry->fetched->answer &&
      may_come_of_haste(entry->fetched->answer.error().code)) {
    one_at_a_time_ = true;
    cease();
    drop_others(nullptr);
    entry = start(std::move(request), true);
    co_await wait_for(entry);
  }
  std::erase(entries_, entry);
  hold(*entry, 0);
  if (entry->failure) std::rethrow_exception(entry->failure);
  co_return std::move(*entry->fetched);
}

void Prefetch::cease() {
  ahead_.clear();
  later_.clear();
}

void Prefetch::cancel() {
  cease();
  drop_others(nullptr);
}

asio::awaitable<void> Prefetch::stop() {
  cancel();
  co_await tasks_.join();
}

}  // namespace affsync::sync
