#include "daemon/sync/past_requests.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace affsync::sync {
namespace {

// Shorter limits are over before a run of another process could matter.
constexpr auto least_worth = std::chrono::minutes(10);

std::int64_t number(std::optional<std::string> const& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

Duration SourceSession::wants_past_requests() const {
  auto const longest = turns_.longest_limit();
  return knows_past_ || longest < least_worth ? Duration() : longest;
}

void SourceSession::note_past_requests(std::vector<PastRequests> const& past) {
  knows_past_ = true;
  constexpr auto most = std::numeric_limits<int>::max();
  for (auto const& one : past) {
    auto const cost = static_cast<std::int64_t>(one.count) * cost_of(one.stream);
    turns_.note_past(one.at, one.stream, static_cast<int>(std::min<std::int64_t>(cost, most)));
  }
}

void SourceSession::begin_with(std::optional<LearnedRate> const& stored) {
  if (std::exchange(knows_rate_, true) || !stored) return;
  stored_rate_ = stored;
  turns_.begin_with(*stored);
}

std::optional<LearnedRate> SourceSession::rate_to_store() {
  auto learned = turns_.learned();
  if (!learned || !learned->differs_from(stored_rate_)) return std::nullopt;
  stored_rate_ = learned;
  return learned;
}

boost::asio::awaitable<void> count_past_requests(std::map<int, SourceSession*> sessions,
                                                 schema::Store& store) {
  std::erase_if(sessions,
                [](auto const& one) { return one.second->wants_past_requests() == Duration(); });
  if (sessions.empty()) co_return;
  Duration back{};
  std::string ids = "{";
  for (auto const& [id, session] : sessions) {
    back = std::max(back, session->wants_past_requests());
    ids += (ids.size() > 1 ? "," : "") + std::to_string(id);
  }
  std::string sql =
      // Ages, since the database's clock dates runs.
      "select source_id, stream,"
      " extract(epoch from now() - coalesce(finished_at, started_at))::bigint,"
      " least(requests, 1000000000) from affsync.sync_run"
      " where source_id = any ($1::integer[]) and requests > 0"
      " and coalesce(finished_at, started_at) > now() - make_interval(secs => $2::bigint)"
      // No run takes a month; so older months are not read.
      " and started_at > now() - make_interval(days => 31, secs => $2::bigint)"
      " order by 3 desc";
  std::vector<std::optional<std::string>> parameters;
  parameters.emplace_back(ids + "}");
  parameters.emplace_back(
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(back).count()));
  auto const table = co_await store.query(std::move(sql), std::move(parameters));
  auto const now = SystemClock().now();
  std::map<int, std::vector<SourceSession::PastRequests>> past;
  for (auto const& row : table.rows) {
    SourceSession::PastRequests one;
    one.stream = row.at(1).value_or("");
    one.at = now - std::chrono::seconds(number(row.at(2)));
    one.count = static_cast<int>(number(row.at(3)));
    past[static_cast<int>(number(row.at(0)))].push_back(std::move(one));
  }
  for (auto const& [id, session] : sessions) session->note_past_requests(past[id]);
}

}  // namespace affsync::sync
