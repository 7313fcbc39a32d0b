#include "daemon/sync/stream_task.hpp"

#include <utility>

#include "daemon/sync/inbox.hpp"
#include "daemon/sync/report_fetch.hpp"

namespace affsync::sync {

bool StreamTask::is_beside_api() const {
  return file && !folder_of(plan->base_url);
}

schema::RunInput StreamTask::input() const {
  if (is_beside_api()) return schema::RunInput::file_beside_api;
  return file_name.empty() ? schema::RunInput::broker : schema::RunInput::file;
}

std::string const& StreamTask::stream_of_items() const {
  static std::string const none;
  auto const& each = plan->spec->for_each;
  return each ? each->stream : none;
}

asio::awaitable<Result<engine::Answer>> StreamTask::fetch(
    HttpRequest request, RunReport& report, std::shared_ptr<bool const> is_asked) const {
  if (file) co_return **file;
  if (plan->spec->report)
    co_return co_await fetch_report(*session, *plan, std::move(request), report);
  co_return co_await session->fetch(std::move(request), report, std::move(is_asked));
}

}  // namespace affsync::sync
