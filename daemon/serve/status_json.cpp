#include "daemon/serve/status_json.hpp"

#include "base/json.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/spans.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

Json reasons_of(std::vector<NotReady> const& not_ready) {
  Json::Array reasons;
  for (auto const& entry : not_ready) {
    reasons.push_back(Json::object({{"reason", Json::string(entry.reason)},
                                    {"source", reports::json_text_or_null(entry.source)},
                                    {"stream", reports::json_text_or_null(entry.stream)},
                                    {"message", Json::string(entry.message)}}));
  }
  return Json::array(std::move(reasons));
}

Json stream_of(schema::StreamHealth const& health, IntervalOf const& interval) {
  auto const every = interval(health.source, health.stream);
  return Json::object({
      {"source", Json::string(health.source)},
      {"connector", Json::string(health.connector)},
      {"stream", Json::string(health.stream)},
      {"table", reports::json_text_or_null(health.table)},
      {"last_success_at", reports::json_time_or_null(health.last_success_at)},
      {"lag_seconds", reports::json_count_or_null(reports::whole_seconds(health.lag_seconds))},
      {"next_run_at", reports::json_time_or_null(health.next_run_at)},
      {"interval_seconds", every ? reports::json_count(every->count()) : Json()},
      {"last_status", reports::json_text_or_null(health.last_status)},
      {"last_error_code", reports::json_text_or_null(health.last_error_code)},
      {"last_error", reports::json_text_or_null(health.last_error)},
      {"consecutive_failures", reports::json_count(health.consecutive_failures)},
      {"rows", reports::json_count(health.rows)},
      {"quarantined", reports::json_count(health.quarantined)},
      {"unreconciled", reports::json_count(health.unreconciled)},
      {"ended_status", reports::json_text_or_null(health.ended_status)},
      {"accepted", reports::json_count(health.accepted)},
      {"blocked_until", reports::json_time_or_null(health.blocked_until)},
      {"blocked_code", reports::json_text_or_null(health.blocked_code)},
      {"blocked_reason", reports::json_text_or_null(health.blocked_reason)},
      {"proven_days", reports::json_count(health.proven_days)},
      {"doubtful_days", reports::json_count(health.doubtful_days)},
      {"lost_days", reports::json_count(health.lost_days)},
      {"clock_skew_seconds", reports::json_count_or_null(health.clock_skew_seconds)},
  });
}

}  // namespace

std::string readiness_json(std::vector<NotReady> const& not_ready) {
  return Json::object(
             {{"ready", Json::boolean(not_ready.empty())}, {"reasons", reasons_of(not_ready)}})
      .dump();
}

std::string status_json(StatusView const& view, IntervalOf const& interval) {
  Json::Array streams;
  for (auto const& health : view.streams) streams.push_back(stream_of(health, interval));
  return Json::object({{"version", Json::string(AFFSYNC_VERSION)},
                       {"commit", Json::string(AFFSYNC_COMMIT)},
                       {"started_at", Json::string(format_time(view.started_at))},
                       {"now", Json::string(format_time(view.now))},
                       {"ready", Json::boolean(view.not_ready.empty())},
                       {"reasons", reasons_of(view.not_ready)},
                       {"streams", Json::array(std::move(streams))}})
      .dump();
}

std::string error_json(Error const& error) {
  auto const described = Json::object({{"code", Json::string(std::string(to_string(error.code)))},
                                       {"message", Json::string(error.message)},
                                       {"hint", reports::json_text_or_null(error.hint)}});
  return Json::object({{"error", described}}).dump();
}

}  // namespace affsync::serve
