#include "daemon/sync/report_fetch.hpp"

#include <chrono>
#include <utility>

#include "base/duration.hpp"
#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::sync {
namespace {

using engine::Answer;
using engine::ReportSpec;

asio::awaitable<Result<Answer>> ask_about(SourceSession& session, HttpRequest request,
                                          RunReport& report) {
  auto answer = co_await session.fetch(std::move(request), report, nullptr,
                                       SourceSession::Asks::about_report);
  if (answer && answer->refusal) answer = Error(*answer->refusal);
  co_return answer;
}

std::string with_id(std::string const& path, std::string const& id) {
  return engine::expand_placeholders(
      path, [&](std::string_view) { return std::optional(engine::encode_query(id)); });
}

Error missing(JsonPath const& path, std::string const& what) {
  return Error(ErrorCode::malformed_answer,
               "the answer has no " + what + " at `" + path.text() + "`",
               "Check `report` of the stream in the connector file.");
}

// The target below base_url that a link leads to; nothing goes to another host. `asked`: the target
// of the request that was answered.
Result<std::string> target_of(JsonPath const& path, Json const& body, std::string const& base_url,
                              std::string const& asked) {
  auto const* value = path.in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text || text->empty()) return missing(path, "link to the report");
  if (auto target = engine::target_of_link(std::string(*text), base_url, asked)) return target;
  // Some brokers write paths without that of `base_url`.
  if (text->starts_with('/') && !text->starts_with("//")) {
    auto below = engine::target_of_link(base_url + std::string(*text), base_url, asked);
    if (below) return below;
  }
  return Error(ErrorCode::malformed_answer,
               "the link to the report leads to another place than `base_url`",
               "Credentials and requests go to no other host. If the report can be fetched below "
               "`base_url` too, write its path as `download`.");
}

std::string shown_state(JsonPath const& path, Json const& body) {
  auto const* value = path.in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return "`" + path.text() + "` is " +
         (text ? "\"" + engine::one_line(*text, 100) + "\"" : "missing");
}

}  // namespace

asio::awaitable<Result<Answer>> fetch_report(SourceSession& session, engine::StreamPlan const& plan,
                                             HttpRequest request, RunReport& report) {
  ReportSpec const& spec = *plan.spec->report;
  auto const begun = std::chrono::steady_clock::now();
  auto asked = request.target;
  auto state = co_await ask_about(session, std::move(request), report);
  if (!state) co_return state.error();
  auto const* value = spec.id.in(state->body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text || text->empty()) co_return missing(spec.id, "id of the report");
  std::string const id(*text);

  while (!spec.until.holds(state->body)) {
    if (spec.failed && spec.failed->holds(state->body)) {
      co_return Error(ErrorCode::server_error, "the broker could not make the report: " +
                                                   shown_state(spec.failed->json, state->body));
    }
    if (std::chrono::steady_clock::now() - begun > spec.most) {
      co_return Error(
          ErrorCode::timeout,
          "the report was not ready after " + duration_text(spec.most) + ": " +
              shown_state(spec.until.json, state->body),
          "If it takes longer, raise `most` of `report`, or shorten `span` of `window`.");
    }
    co_await session.sleep(spec.every);
    HttpRequest poll(Method::get, with_id(spec.poll, id));
    poll.only_reads = true;
    asked = poll.target;
    state = co_await ask_about(session, std::move(poll), report);
    if (!state) co_return state.error();
  }
  std::string target = with_id(spec.download, id);
  if (spec.link) {
    auto found = target_of(*spec.link, state->body, session.plan().base_url, asked);
    if (!found) co_return found.error();
    target = std::move(*found);
  }
  HttpRequest download(Method::get, std::move(target));
  download.only_reads = true;
  download.headers.add("Accept", std::string(engine::accepted(plan.spec->document.format)));
  co_return co_await session.fetch(std::move(download), report);
}

}  // namespace affsync::sync
