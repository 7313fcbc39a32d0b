#include "daemon/serve/status_json.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "daemon/reports/json_text.hpp"
#include "version_info.hpp"

namespace affsync::serve {

Json reasons_json(std::vector<NotReady> const& not_ready) {
  Json::Array reasons;
  for (auto const& entry : not_ready) {
    reasons.push_back(Json::object({{"reason", Json::string(entry.reason)},
                                    {"source", reports::json_text_or_null(entry.source)},
                                    {"stream", reports::json_text_or_null(entry.stream)},
                                    {"message", Json::string(entry.message)}}));
  }
  return Json::array(std::move(reasons));
}

std::string readiness_json(std::vector<NotReady> const& not_ready) {
  return Json::object(
             {{"ready", Json::boolean(not_ready.empty())}, {"reasons", reasons_json(not_ready)}})
      .dump();
}

std::string bare_readiness_json(bool ready) {
  return Json::object({{"ready", Json::boolean(ready)}}).dump();
}

std::string status_json(PageState const& state) {
  Json::Array streams;
  for (auto const& stream : state.streams) streams.push_back(stream_json(stream, state.now));
  return Json::object({{"version", Json::string(AFFSYNC_VERSION)},
                       {"commit", Json::string(AFFSYNC_COMMIT)},
                       {"started_at", Json::string(format_time(state.started_at))},
                       {"now", Json::string(format_time(state.now))},
                       {"ready", Json::boolean(state.not_ready.empty())},
                       {"reasons", reasons_json(state.not_ready)},
                       {"streams", Json::array(std::move(streams))}})
      .dump();
}

std::string error_json(Error const& error) {
  auto const described =
      Json::object({{"code", Json::string(std::string(to_string(error.code)))},
                    {"message", Json::string(printable_utf8(error.message))},
                    {"hint", reports::json_text_or_null(printable_utf8(error.hint))}});
  return Json::object({{"error", described}}).dump();
}

}  // namespace affsync::serve
