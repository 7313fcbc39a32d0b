#include "schema/store/lease.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "base/crash_point.hpp"
#include "base/encodings.hpp"
#include "base/random.hpp"
#include "schema/store/server_clock.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr std::chrono::seconds longest_pause{5};

// Only the server's clock counts. If it is set back, the leases of dead processes would last longer
// by that much, unless a renewal in the future ends them.
constexpr auto is_free =
    "(l.until <= clock_timestamp() OR l.renewed_at > clock_timestamp() + interval '1 minute')";

// An item of FROM with the server's clock as `c.now`: two readings in one statement may differ.
std::string const one_clock = "(SELECT clock_timestamp() AS now OFFSET 0) c";

// $1 source, $2 stream, $3 token, $4 milliseconds, $5 host, $6 process, $7 its key. A second
// attempt, after the connection broke, finds what the first one took.
std::string const take_sql =
    "INSERT INTO affsync.lease AS l (source_id, stream, token, taken_at, renewed_at, until,"
    " host, process_id, process_key) SELECT $1::int, $2, $3::uuid, c.now, c.now,"
    " c.now + $4::int * interval '1 millisecond', $5, $6::int, $7 FROM " +
    one_clock +
    " ON CONFLICT (source_id, stream) DO UPDATE SET token = excluded.token,"
    " taken_at = excluded.taken_at, renewed_at = excluded.renewed_at, until = excluded.until,"
    " host = excluded.host, process_id = excluded.process_id,"
    " process_key = excluded.process_key WHERE l.token = excluded.token OR " +
    is_free;

// $1 sources, $2 streams, $3 tokens, $4 milliseconds. A join would read the clock for each row.
std::string const renew_sql =
    "WITH c AS MATERIALIZED (SELECT clock_timestamp() AS now)"
    " UPDATE affsync.lease l SET renewed_at = c.now,"
    " until = c.now + $4::int * interval '1 millisecond'"
    " FROM c, unnest($1::int[], $2::text[], $3::uuid[]) AS k (source_id, stream, token)"
    " WHERE l.source_id = k.source_id AND l.stream = k.stream AND l.token = k.token"
    " RETURNING l.source_id, l.stream, " +
    epoch_sql("l.renewed_at");

constexpr auto end_sql =
    "UPDATE affsync.lease SET until = clock_timestamp()"
    " WHERE source_id = $1::int AND stream = $2 AND token = $3::uuid";

// The tokens that rows of this process may have.
struct OwnTokens {
  std::mutex mutex;
  std::set<std::string, std::less<>> all;
};

OwnTokens& own_tokens() {
  static OwnTokens tokens;
  return tokens;
}

// Whether it is a token of this process, as the database writes it.
bool is_own_token(std::string_view text) {
  std::string token(text);
  std::erase(token, '-');
  std::lock_guard guard(own_tokens().mutex);
  return own_tokens().all.contains(token);
}

template <class Work>
auto in_transaction(PgSession& session, Work const& work) {
  Transaction tx(session, Transaction::Kind::statements);
  auto result = work(tx);
  tx.commit();
  return result;
}

// Frees the lease if its process ran on this machine and has ended; or if it is this process, which
// no longer has it: a server that crashes may lose that it was given back, or taken anew.
bool free_if_ended(pqxx::transaction_base& tx, std::string const& source, std::string const& stream,
                   ProcessMark const& own) {
  SqlParams const params{source, stream};
  auto const rows = exec(tx,
                         "SELECT token, process_id, process_key FROM affsync.lease"
                         " WHERE source_id = $1::int AND stream = $2",
                         params);
  if (rows.empty() || rows[0][2].is_null()) return false;
  auto const process = static_cast<int>(int_of(rows[0][1]));
  bool const is_own = process == own.process_id && own.key == rows[0][2].c_str();
  if (is_own ? is_own_token(rows[0][0].c_str()) : !has_ended(process, rows[0][2].c_str())) {
    return false;
  }
  SqlParams const dead{source, stream, std::string(rows[0][0].c_str())};
  return exec(tx, end_sql, dead).affected_rows() == 1;
}

}  // namespace

LeaseToken::LeaseToken() : text(hex_of(random_bytes(16))) {
  std::lock_guard guard(own_tokens().mutex);
  own_tokens().all.insert(text);
}

LeaseToken::~LeaseToken() {
  std::lock_guard guard(own_tokens().mutex);
  own_tokens().all.erase(text);
}

std::string to_text(LeaseHolder const& holder) {
  return "process " + std::to_string(holder.process_id) + " on " + holder.host;
}

LeaseHolder lease_holder_of(pqxx::row const& row, int first_column) {
  LeaseHolder holder;
  holder.host = row[first_column].c_str();
  holder.process_id = static_cast<int>(int_of(row[first_column + 1]));
  holder.since = time_of(row[first_column + 2]).value_or(TimePoint());
  holder.until = time_of(row[first_column + 3]).value_or(TimePoint());
  return holder;
}

class LeaseKeeper::Held final : public Lease {
 public:
  Held(std::shared_ptr<LeaseKeeper> keeper, Key key)
      : keeper_(std::move(keeper)), key_(std::move(key)) {}
  ~Held() override { keeper_->give_back(key_); }

 private:
  std::shared_ptr<LeaseKeeper> keeper_;
  Key key_;
};

LeaseKeeper::LeaseKeeper(StoreOptions options)
    : options_(options),
      executor_(std::move(options), 1),
      renewer_([this] { renew_now_and_then(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    std::lock_guard guard(mutex_);
    ending_ = true;
  }
  end_.notify_all();
  renewer_.join();
}

// A thread of its own: a lease must not end because the I/O thread is busy.
void LeaseKeeper::renew_now_and_then() {
  std::unique_lock lock(mutex_);
  auto const pause = std::min<std::chrono::milliseconds>(options_.lease_time / 3, longest_pause);
  while (!end_.wait_for(lock, pause, [this] { return ending_; })) {
    bool const any = !taken_.empty();
    lock.unlock();
    renew();
    // The end of a wait is told as well, though nothing may be read by then.
    if ((any || commits_wait_) && options_.on_event) {
      post_once(looking_waits_, [this](PgSession& session) { look_at_commits(session); }, 1);
    }
    lock.lock();
  }
}

void LeaseKeeper::renew() {
  {
    std::lock_guard guard(mutex_);
    if (taken_.empty()) return;
  }
  post_once(renewal_waits_, [this](PgSession& session) { renew_all(session); }, 2);
}

void LeaseKeeper::post_once(std::atomic<bool>& waits, std::function<void(PgSession&)> work,
                            int attempts) {
  if (waits.exchange(true)) return;
  // Others may wait from the beginning of the work on, also if it never comes to that.
  struct Waiting {
    explicit Waiting(std::atomic<bool>& told) : waits(&told) {}
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;
    ~Waiting() { end(); }
    void end() {
      if (waits != nullptr) *std::exchange(waits, nullptr) = false;
    }
    std::atomic<bool>* waits;
  };
  auto task = [work = std::move(work),
               waiting = std::make_shared<Waiting>(waits)](PgSession& session) {
    waiting->end();
    work(session);
  };
  executor_.post(std::move(task), attempts);
}

std::optional<std::string> LeaseKeeper::token_of(StreamId const& id) {
  std::lock_guard guard(mutex_);
  auto const taken = taken_.find({id.source_id, id.stream});
  if (taken == taken_.end()) return std::nullopt;
  return taken->second.first;
}

std::size_t LeaseKeeper::held() {
  std::lock_guard guard(mutex_);
  return taken_.size();
}

asio::awaitable<std::unique_ptr<Lease>> LeaseKeeper::try_take(StreamId id) {
  Key const key(id.source_id, std::move(id.stream));
  {
    std::lock_guard guard(mutex_);
    if (!taken_.try_emplace(key).second) co_return nullptr;
  }
  // From here on the destructor releases the key, whatever happens.
  std::unique_ptr<Lease> lease = std::make_unique<Held>(shared_from_this(), key);
  auto work = [this, key, token = std::make_shared<LeaseToken const>()](PgSession& session) {
    bool const taken = take(session, key, token->text);
    std::lock_guard guard(mutex_);
    auto const known = taken_.find(key);
    if (taken && known != taken_.end()) known->second = Tokens{token->text, token};
    return taken;
  };
  auto const taken = co_await executor_.run(std::move(work), 2);
  if (!taken) lease.reset();
  co_return lease;
}

bool LeaseKeeper::take(PgSession& session, Key const& key, std::string const& token) {
  SqlParams params{std::to_string(key.first),
                   key.second,
                   token,
                   std::to_string(options_.lease_time.count()),
                   mark_.host,
                   std::to_string(mark_.process_id),
                   std::nullopt};
  if (!mark_.key.empty()) params.back() = mark_.key;
  auto const try_once = [&](pqxx::transaction_base& tx) {
    return exec(tx, take_sql, params).affected_rows() == 1;
  };
  return in_transaction(session, [&](pqxx::transaction_base& tx) {
    return try_once(tx) || (free_if_ended(tx, *params[0], key.second, mark_) && try_once(tx));
  });
}

void LeaseKeeper::renew_all(PgSession& session) {
  std::map<Key, std::shared_ptr<LeaseToken const>> held;
  {
    std::lock_guard guard(mutex_);
    for (auto const& [key, tokens] : taken_) {
      if (tokens.latest) held.emplace(key, tokens.latest);
    }
  }
  if (held.empty()) return;
  ArrayText sources, streams, tokens;
  for (auto const& [key, token] : held) {
    sources.add(std::string_view(std::to_string(key.first)));
    streams.add(std::string_view(key.second));
    tokens.add(std::string_view(token->text));
  }
  SqlParams const params{sources.take(), streams.take(), tokens.take(),
                         std::to_string(options_.lease_time.count())};
  Duration asked{};
  auto const rows = in_transaction(session, [&](pqxx::transaction_base& tx) {
    asked = ServerClock::elapsed();
    return exec(tx, renew_sql, params);
  });
  for (auto const& row : rows) {
    held.erase(Key(static_cast<int>(int_of(row[0])), row[1].c_str()));
  }
  if (!rows.empty() && options_.clock) options_.clock->note(time_of(rows[0][2]).value(), asked);
  for (auto const& [key, token] : held) take_again(session, key, token);
}

// The lease ended while the server could not be reached, or a standby that lagged behind has been
// promoted. If another instance holds it by now, the fence stops our run.
void LeaseKeeper::take_again(PgSession& session, Key const& key,
                             std::shared_ptr<LeaseToken const> const& lost) {
  auto const is_lost = [&](auto const& taken) {
    return taken != taken_.end() && taken->second.latest == lost;
  };
  {
    std::lock_guard guard(mutex_);
    if (!is_lost(taken_.find(key))) return;  // given back meanwhile
  }
  auto const again = std::make_shared<LeaseToken const>();
  if (!take(session, key, again->text)) return;
  std::lock_guard guard(mutex_);
  if (auto const taken = taken_.find(key); is_lost(taken)) taken->second.latest = again;
}

void LeaseKeeper::look_at_commits(PgSession& session) {
  bool const wait = in_transaction(session, [](pqxx::transaction_base& tx) {
    return tx
        .exec(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND wait_event = 'SyncRep'"
            " AND query_start < clock_timestamp() - interval '2 seconds')")[0][0]
        .as<bool>();
  });
  if (wait) waited_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
  if (wait == commits_wait_) return;
  commits_wait_ = wait;
  options_.on_event(
      wait ? "commits wait for a synchronous standby that does not answer: start it, or change"
             " synchronous_standby_names of the server. Runs neither begin nor end until then"
           : "the synchronous standby answers again");
}

bool LeaseKeeper::commits_wait() const {
  using std::chrono::steady_clock;
  constexpr std::chrono::seconds recently{30};
  return waited_at_ != 0 &&
         steady_clock::now() - steady_clock::time_point(steady_clock::duration(waited_at_)) <
             recently;
}

asio::awaitable<std::optional<LeaseHolder>> LeaseKeeper::holder_of(StreamId id) {
  auto work = [key = std::move(id)](PgSession& session) -> std::optional<LeaseHolder> {
    Transaction tx(session, Transaction::Kind::statements);
    SqlParams const params{std::to_string(key.source_id), key.stream};
    auto const rows = exec(tx,
                           "SELECT l.host, l.process_id, " + epoch_sql("l.taken_at") + ", " +
                               epoch_sql("l.until") +
                               " FROM affsync.lease l WHERE l.source_id = $1::int"
                               " AND l.stream = $2 AND NOT " +
                               is_free,
                           params);
    if (rows.empty()) return std::nullopt;
    return lease_holder_of(rows[0], 0);
  };
  co_return co_await executor_.run(std::move(work), 2);
}

void LeaseKeeper::give_back(Key const& key) {
  std::shared_ptr<LeaseToken const> token;
  {
    std::lock_guard guard(mutex_);
    // From now on this process may take the lease again: the executor has a single thread, so the
    // new request runs after this one.
    auto const taken = taken_.extract(key);
    if (taken.empty() || !taken.mapped().latest) return;
    token = taken.mapped().latest;
  }
  // Capture no owner of this object: the last one, released on the executor's thread, would make
  // the thread join itself.
  auto work = [key, token](PgSession& session) {
    SqlParams const params{std::to_string(key.first), key.second, token->text};
    in_transaction(session, [&](pqxx::transaction_base& tx) { return exec(tx, end_sql, params); });
    crash_point(CrashPoint::lease_returned);
  };
  executor_.post(std::move(work), 2);
}

}  // namespace affsync::schema
