#include "daemon/serve/page_state.hpp"

#include <algorithm>
#include <utility>

#include "daemon/reports/json_text.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::serve {

namespace {

using reports::json_count;
using reports::json_count_or_null;
using reports::json_day_or_null;
using reports::json_text;
using reports::json_text_or_null;
using reports::json_time_or_null;
using schema::StreamHealth;

Json gaps_json(StreamHealth const& health) {
  Json::Array items;
  for (auto const& gap : health.gaps) {
    bool const lost = gap.state == schema::DayState::lost;
    items.push_back(Json::object({{"state", Json::string(lost ? "lost" : "doubtful")},
                                  {"from", json_day_or_null(gap.from)},
                                  {"to", json_day_or_null(gap.to)}}));
  }
  return Json::array(std::move(items));
}

Json differences_json(StreamHealth const& health) {
  Json::Array items;
  for (auto const& difference : health.differences) {
    items.push_back(Json::object({{"metric", json_text(difference.metric)},
                                  {"from", json_day_or_null(difference.from)},
                                  {"to", json_day_or_null(difference.to)},
                                  {"broker_value", json_text(difference.broker_value)},
                                  {"our_value", json_text(difference.our_value)},
                                  {"difference", json_text(difference.difference)},
                                  {"since", json_time_or_null(difference.since)}}));
  }
  return Json::array(std::move(items));
}

Json words_json(StreamHealth const& health) {
  Json::Array items;
  for (auto const& word : health.unknown_words) {
    items.push_back(
        Json::object({{"word", json_text_or_null(word.word)}, {"rows", json_count(word.rows)}}));
  }
  return Json::array(std::move(items));
}

Json complaints_json(StreamView const& stream, TimePoint now) {
  Json::Array items;
  if (stream.is_run_here()) {
    for (auto const& text : complaints(stream.health, stream.late, now)) {
      items.push_back(json_text(text));
    }
  }
  return Json::array(std::move(items));
}

// Whole percent of the days of the pass, else of the rows that the broker announced.
std::optional<std::int64_t> percent_of(RunReport const& run) {
  auto const share = [](std::int64_t done, std::int64_t all) {
    return std::clamp<std::int64_t>(all <= 0 ? 0 : 100 * done / all, 0, 100);
  };
  if (run.window_from && run.window_to && run.reached) {
    auto const done = (*run.reached - *run.window_from).count() + 1;
    return share(done, (*run.window_to - *run.window_from).count() + 1);
  }
  if (run.broker_total && *run.broker_total > 0) return share(run.rows_read, *run.broker_total);
  return std::nullopt;
}

}  // namespace

char const* state_of(StreamView const& stream, TimePoint now) {
  auto const& health = stream.health;
  if (!stream.is_run_here()) return "none";
  if (health.is_blocked(now) || stream.late || health.ended_status == "failed") return "bad";
  if (!complaints(health, false, now).empty() || !health.unknown_words.empty()) return "warn";
  return health.ended_status.empty() ? "none" : "good";
}

Json running_json(RunReport const& run, TimePoint now) {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now - run.started_at);
  auto const rate = run.rows_read / std::max<std::int64_t>(1, seconds.count());
  bool const waits = run.waiting_until && *run.waiting_until > now;
  return Json::object(
      {{"source", json_text(run.source)},
       {"stream", json_text(run.stream)},
       {"started_at",
        Json::string(format_time(std::chrono::floor<std::chrono::seconds>(run.started_at)))},
       {"running_seconds", json_count(std::max<std::int64_t>(0, seconds.count()))},
       {"rows_read", json_count(run.rows_read)},
       {"rows_per_second", json_count(rate)},
       {"pages", json_count(run.pages)},
       {"requests", json_count(run.requests)},
       {"window_from", json_day_or_null(run.window_from)},
       {"window_to", json_day_or_null(run.window_to)},
       {"reached", json_day_or_null(run.reached)},
       {"percent", json_count_or_null(percent_of(run))},
       {"waiting_seconds",
        waits
            ? json_count(std::chrono::ceil<std::chrono::seconds>(*run.waiting_until - now).count())
            : Json()}});
}

Json stream_json(StreamView const& stream, TimePoint now) {
  auto const& health = stream.health;
  auto const& every = stream.every;
  // Runs of a blocked source send nothing, so its next run is after the block.
  auto const next = health.is_blocked(now) ? health.blocked_until : health.next_run_at;
  return Json::object({
      {"source", json_text(health.source)},
      {"connector", json_text(health.connector)},
      {"stream", json_text(health.stream)},
      {"table", json_text_or_null(health.table)},
      {"last_success_at", json_time_or_null(health.last_success_at)},
      {"lag_seconds", json_count_or_null(reports::whole_seconds(health.lag_seconds))},
      {"next_run_at", json_time_or_null(health.next_run_at)},
      {"interval_seconds", every ? json_count(every->count()) : Json()},
      {"last_status", json_text_or_null(health.last_status)},
      {"last_error_code", json_text_or_null(health.last_error_code)},
      {"last_error", json_text_or_null(health.last_error)},
      {"consecutive_failures", json_count(health.consecutive_failures)},
      {"rows", json_count(health.rows)},
      {"quarantined", json_count(health.quarantined)},
      {"unreconciled", json_count(health.unreconciled)},
      {"ended_status", json_text_or_null(health.ended_status)},
      {"accepted", json_count(health.accepted)},
      {"blocked_until", json_time_or_null(health.blocked_until)},
      {"blocked_code", json_text_or_null(health.blocked_code)},
      {"blocked_reason", json_text_or_null(health.blocked_reason)},
      {"proven_days", json_count(health.proven_days)},
      {"doubtful_days", json_count(health.doubtful_days)},
      {"lost_days", json_count(health.lost_days)},
      {"clock_skew_seconds", json_count_or_null(health.clock_skew_seconds)},
      {"asked_next_at", stream.is_run_here() ? json_time_or_null(next) : Json()},
      {"last_finished_at", json_time_or_null(health.last_finished_at)},
      {"compared", json_count(health.compared)},
      {"proven_from", json_day_or_null(health.proven_from)},
      {"proven_to", json_day_or_null(health.proven_to)},
      {"differences", differences_json(health)},
      {"gaps", gaps_json(health)},
      {"unknown_words", words_json(health)},
      {"state", Json::string(state_of(stream, now))},
      {"complaints", complaints_json(stream, now)},
      {"running", stream.running ? running_json(*stream.running, now) : Json()},
  });
}

}  // namespace affsync::serve
