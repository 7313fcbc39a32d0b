#include "daemon/sync/refusal_guard.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/crash_point.hpp"
#include "daemon/sync/credential_hash.hpp"

namespace affsync::sync {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_login_pause = 24h;
constexpr auto longest_key_pause = 6h;
// The wait for another process that logs in is limited, since that process may hang.
constexpr auto nap = 250ms;
constexpr int most_naps = 240;

ErrorCode code_from(std::string_view word) {
  for (auto const code : {ErrorCode::auth_invalid, ErrorCode::redirected, ErrorCode::clock_skew,
                          ErrorCode::throttled}) {
    if (word == to_string(code)) return code;
  }
  return ErrorCode::login_refused;
}

}  // namespace

class RefusalGuard::Unsaved {
 public:
  explicit Unsaved(RefusalGuard& guard) : guard_(guard) {
    ++guard_.changes_;
    ++guard_.unsaved_;
  }
  Unsaved(Unsaved const&) = delete;
  Unsaved& operator=(Unsaved const&) = delete;
  ~Unsaved() { --guard_.unsaved_; }

 private:
  RefusalGuard& guard_;
};

Duration pause_after(int refusals, bool is_login) {
  if (is_login) {
    if (refusals <= 1) return 1h;
    return refusals == 2 ? Duration(6h) : Duration(longest_login_pause);
  }
  Duration pause = 5min;
  for (int i = 1; i < refusals && pause < longest_key_pause; ++i) pause *= 3;
  return std::min<Duration>(pause, longest_key_pause);
}

RefusalGuard::RefusalGuard(engine::SourcePlan const& plan, Clock& clock, async::Sleeper& sleeper,
                           Observer& observer, async::Workers* workers, Logger log)
    : plan_(plan),
      clock_(clock),
      sleeper_(sleeper),
      observer_(observer),
      workers_(workers),
      log_(std::move(log)),
      is_login_(std::holds_alternative<engine::LoginTokenAuth>(plan.auth)) {}

void RefusalGuard::keep_in(schema::BlockStore* store, schema::BlockKey key) {
  store_ = store;
  key_ = std::move(key);
}

std::optional<TimePoint> RefusalGuard::until() const {
  if (!active_block_error()) return std::nullopt;
  return block_->until;
}

std::string RefusalGuard::advice(TimePoint until) const {
  auto const time = format_time(std::chrono::ceil<std::chrono::seconds>(until));
  std::string const ways =
      "reload the daemon (SIGHUP) or use `--retry-login` of `sync` and `check`.";
  if (held()) return "Requests are sent again after " + time + ". To try it now, " + ways;
  return std::string(is_login_ ? "The login" : "The key") + " is tried again after " + time +
         ". To try it now, change the credentials, " + ways;
}

Error RefusalGuard::held_back() const {
  Error error(code_from(block_->code), block_->reason, advice(block_->until));
  error.message += " (first refused at " +
                   format_time(std::chrono::floor<std::chrono::seconds>(block_->since)) +
                   "; nothing is sent until " +
                   format_time(std::chrono::ceil<std::chrono::seconds>(block_->until)) + ")";
  error.at(place_);
  return error;
}

std::optional<Error> RefusalGuard::active_block_error() const {
  if (!block_ || try_anyway_) return std::nullopt;
  auto const left = over_at_ - clock_.now();
  // If more is left than the longest pause, our clock was set back: the block no longer counts.
  if (left <= Duration::zero() || left > longest_login_pause) return std::nullopt;
  return held_back();
}

void RefusalGuard::tell() const {
  if (block_) {
    observer_.on_blocked(plan_.source, block_->code, block_->until);
  } else {
    observer_.on_unblocked(plan_.source);
  }
}

void RefusalGuard::take(std::optional<schema::SourceBlock> block) {
  bool const had = block_.has_value();
  block_ = std::move(block);
  if (block_) {
    bool const may_be_long = is_login_ || held();
    auto const longest = may_be_long ? Duration(longest_login_pause) : Duration(longest_key_pause);
    over_at_ = clock_.now() + std::min(block_->remaining, longest);
  }
  if (block_ || had) tell();
}

asio::awaitable<std::string> RefusalGuard::own_hash() const {
  if (workers_ == nullptr) co_return hash_credentials(plan_);
  auto work = [this] { return hash_credentials(plan_); };
  co_return co_await workers_->run(std::move(work));
}

asio::awaitable<bool> RefusalGuard::is_ours(std::string hash) const {
  if (workers_ == nullptr) co_return is_hash_of(hash, plan_);
  auto work = [this, &hash] { return is_hash_of(hash, plan_); };
  co_return co_await workers_->run(std::move(work));
}

asio::awaitable<std::optional<Error>> RefusalGuard::check_database_block() {
  // Asking a database that is unavailable costs its timeout: do not ask again soon.
  if (store_ == nullptr || clock_.now() < deaf_until_) co_return active_block_error();
  schema::BlockState state;
  std::optional<Error> flaw;
  bool const ahead = unsaved_ > 0;
  int const changes = changes_;
  try {
    state = co_await store_->load_block(key_);
  } catch (Failure const& failure) {
    flaw = failure.error();
  }
  if (flaw) {
    deaf_until_ = clock_.now() + 30s;
    log_.debug("cannot read from the database whether the login was refused",
               {{"error", flaw->message}});
    co_return active_block_error();
  }
  if (state.now) database_skew_ = clock_.now() - *state.now;
  worked_ = worked_ || state.worked_before;
  bool of_others = false;
  bool const is_known =
      !state.block || (block_ && block_->credential_hash == state.block->credential_hash);
  if (!is_known) {
    auto const& hash = state.block->credential_hash;
    of_others = hash == other_hash_;
    if (!of_others) {
      bool const ours = co_await is_ours(hash);
      of_others = !ours;
    }
  }
  // What was refused or accepted here meanwhile is newer than what the database said.
  if (ahead || changes != changes_) co_return active_block_error();
  others_block_ = of_others;
  if (of_others) {
    other_hash_ = state.block->credential_hash;
    state.block.reset();
  }
  if (!state.block && active_block_error()) {
    // Another process was accepted and removed our block. It may have used other credentials, so
    // that ours are still wrong: try ours once.
    if (given_back_) co_return active_block_error();
    given_back_ = true;
    carried_ = block_->refusals;
  }
  take(std::move(state.block));
  co_return active_block_error();
}

asio::awaitable<void> RefusalGuard::refused(Error& error) {
  ++recorded_;
  schema::SourceBlock block;
  block.code = std::string(to_string(error.code));
  block.reason = error.message;
  block.refusals = (block_ ? block_->refusals : carried_) + 1;
  block.remaining = pause_after(block.refusals, is_login_);
  place_ = error.where;
  bool const goes_on = block_.has_value() && !held();
  co_await keep(std::move(block), goes_on);
  auto const next = advice(block_ ? block_->until : clock_.now());
  error.hint = error.hint.empty() ? next : error.hint + " " + next;
}

asio::awaitable<void> RefusalGuard::block_for(Error const& error, Duration pause) {
  schema::SourceBlock block;
  block.code = std::string(to_string(ErrorCode::throttled));
  block.reason = error.message;
  block.refusals = block_ ? block_->refusals : 0;
  block.remaining = std::min<Duration>(pause, longest_login_pause);
  place_ = error.where;
  co_await keep(std::move(block), false);
}

asio::awaitable<void> RefusalGuard::keep(schema::SourceBlock block, bool goes_on) {
  auto const now = clock_.now();
  block.since = goes_on ? block_->since : now;
  block.until = now + block.remaining;
  try_anyway_ = false;
  Unsaved const unsaved(*this);
  int const change = changes_;
  // Set it in memory first, so that other streams of this process wait neither for the hash nor for
  // the database.
  take(block);
  if (store_ == nullptr) co_return;
  auto key = key_;
  key.of_trial = only_tries_ && worked_;
  std::optional<Error> flaw;
  // A run that is cancelled meanwhile must store it all the same: the next process would log in.
  bool const throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  try {
    block.credential_hash = co_await own_hash();
    std::optional<schema::SourceBlock> stored;
    // If an answer was accepted meanwhile, or refused again, that is what the database has to know.
    if (change == changes_) {
      if (block_) block_->credential_hash = block.credential_hash;
      stored = co_await store_->save_block(key, block, block.remaining, goes_on);
    }
    if (stored) take(stored);
  } catch (Failure const& failure) {
    flaw = failure.error();
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  crash_point(CrashPoint::login_refused);
  if (flaw) {
    log_.warn("the refusal could not be stored, so other processes will try the login as well",
              {{"error", flaw->message}});
  }
}

asio::awaitable<void> RefusalGuard::accepted() {
  worked_ = true;
  try_anyway_ = false;
  if (block_ || others_block_) co_await forget();
}

void RefusalGuard::forget_here() {
  ++changes_;  // an answer of the database that is under way now is older than this
  given_back_ = others_block_ = false;
  carried_ = 0;
  take(std::nullopt);
}

asio::awaitable<void> RefusalGuard::forget() {
  Unsaved const unsaved(*this);
  forget_here();
  if (store_ == nullptr) co_return;
  std::optional<Error> flaw;
  try {
    co_await store_->clear_block(key_);
  } catch (Failure const& failure) {
    flaw = failure.error();
  }
  if (flaw) {
    log_.warn("the stored refusal of the login could not be removed", {{"error", flaw->message}});
  }
}

asio::awaitable<std::unique_ptr<schema::Lease>> RefusalGuard::login_turn() {
  std::unique_ptr<schema::Lease> turn;
  bool const deaf = store_ == nullptr || clock_.now() < deaf_until_;
  for (int i = 0; !deaf && i < most_naps; ++i) {
    bool failed = false;
    try {
      turn = co_await store_->try_login(key_);
    } catch (Failure const&) {
      failed = true;  // go on without a lease; what needs the database reports the error itself
    }
    if (turn || failed) break;
    co_await sleeper_.sleep(nap);
  }
  co_return turn;
}

}  // namespace affsync::sync
