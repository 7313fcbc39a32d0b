#include "daemon/serve/readings.hpp"

#include <algorithm>

namespace affsync::serve {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A result is repeated after this time at the earliest, and a query that takes long after so many
// times its duration: all queries together then take a small part of one session.
constexpr std::chrono::seconds least_age{10};
constexpr int ages_per_duration = 20;
constexpr std::size_t most_entries = 200;

std::string key_of(PageQuery const& query) {
  std::string key = query.sql;
  for (auto const& parameter : query.parameters) {
    key += '\0';
    key += parameter ? "'" + *parameter : std::string("-");
  }
  return key;
}

milliseconds left_until(steady_clock::time_point end) {
  auto const left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
  return std::max(left, milliseconds(0));
}

}  // namespace

struct Readings::Entry {
  Reading reading;
  std::shared_ptr<QueryLane::Call> call;  // not collected yet
  std::optional<TimePoint> asked_at;
  steady_clock::duration took{};
  std::uint64_t used = 0;

  bool is_due(TimePoint now) const {
    if (call) return false;
    if (!asked_at || now < *asked_at) return true;
    auto const pause = std::max<steady_clock::duration>(least_age, ages_per_duration * took);
    return now - *asked_at >= pause;
  }

  // Takes the result of a call that has ended.
  void collect() {
    if (!call || !call->done()) return;
    try {
      auto const& result = call->result();
      reading.table = result.table;
      reading.known_at = result.at;
      reading.problem.reset();
      took = result.took;
    } catch (Failure const& failure) {
      reading.problem = failure.error();
      // Whatever ended it, the database may have worked on it all the time.
      took = failure.error().code == ErrorCode::timeout ? schema::page_query_limit : took;
    }
    call.reset();
  }
};

Readings::Readings(asio::any_io_executor executor, schema::Store& store, Clock const& clock)
    : clock_(clock), lane_(std::move(executor), store, clock) {}

Readings::~Readings() = default;

std::shared_ptr<Readings::Entry> Readings::entry_of(PageQuery const& query) {
  auto& entry = entries_[key_of(query)];
  if (!entry) entry = std::make_shared<Entry>();
  entry->used = ++uses_;
  auto const found = entry;
  while (entries_.size() > most_entries) {
    auto const oldest = std::min_element(
        entries_.begin(), entries_.end(),
        [](auto const& one, auto const& other) { return one.second->used < other.second->used; });
    entries_.erase(oldest);
  }
  return found;
}

asio::awaitable<std::vector<Reading>> Readings::read(std::vector<PageQuery> queries,
                                                     milliseconds patience) {
  auto const end = steady_clock::now() + patience;
  std::vector<std::shared_ptr<Entry>> entries;
  for (auto& query : queries) {
    auto entry = entry_of(query);
    entry->collect();
    if (entry->is_due(clock_.now())) {
      entry->asked_at = clock_.now();
      entry->call = lane_.ask(std::move(query));
    }
    entries.push_back(std::move(entry));
  }
  std::vector<Reading> readings;
  for (auto const& entry : entries) {
    // Another request may collect the call meanwhile.
    if (auto const call = entry->call) co_await call->ended(left_until(end));
    entry->collect();
    auto reading = entry->reading;
    if (!reading.table && !reading.problem) {
      reading.problem = Error(ErrorCode::timeout, "the database has not answered this yet",
                              "It is still being read; look again in a moment.");
    }
    readings.push_back(std::move(reading));
  }
  co_return readings;
}

std::vector<Reading> Readings::known(std::vector<PageQuery> const& queries, Error const& why) {
  std::vector<Reading> readings;
  for (auto const& query : queries) {
    auto const entry = entry_of(query);
    entry->collect();
    readings.push_back(entry->reading);
    readings.back().problem = why;
  }
  return readings;
}

asio::awaitable<Readings::Tables> Readings::read_once(std::vector<PageQuery> queries,
                                                      milliseconds patience) {
  auto const end = steady_clock::now() + patience;
  std::vector<std::shared_ptr<QueryLane::Call>> calls;
  for (auto& query : queries) {
    calls.push_back(query.sql.empty() ? nullptr : lane_.ask_report(std::move(query)));
  }
  Tables tables;
  for (auto const& call : calls) {
    if (!call) {
      tables.push_back(std::make_shared<schema::Store::Table const>());
      continue;
    }
    co_await call->ended(left_until(end));
    if (!call->done()) {
      throw Failure(ErrorCode::timeout, "the report took longer than " + async::to_text(patience),
                    "Other reports may be running; try again in a few seconds, or ask for less.");
    }
    tables.push_back(call->result().table);
  }
  co_return tables;
}

}  // namespace affsync::serve
