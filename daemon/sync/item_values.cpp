#include "daemon/sync/item_values.hpp"

#include <optional>
#include <utility>

namespace affsync::sync {

boost::asio::awaitable<std::vector<std::string>> item_values(StreamTask const& task,
                                                             schema::Store& store) {
  std::vector<std::string> values;
  auto const& each = task.plan->spec->for_each;
  if (!each || each->stream.empty()) co_return values;
  // Table and column are names of the connector language's closed sets.
  std::string sql = "select distinct " + each->column + "::text from affsync." + each->table +
                    " where source_id = (select source_id from affsync.source where name = $1)"
                    " and stream = $2 and deleted_at is null and " +
                    each->column + " is not null order by 1 limit $3::integer";
  std::vector<std::optional<std::string>> parameters;
  parameters.emplace_back(task.source());
  parameters.emplace_back(each->stream);
  parameters.emplace_back(std::to_string(each->most + 1));
  auto const table = co_await store.query(std::move(sql), std::move(parameters));
  for (auto const& row : table.rows) {
    if (row.at(0)) values.push_back(*row[0]);
  }
  co_return values;
}

boost::asio::awaitable<void> find_items(StreamTask& task, schema::Store& store) {
  try {
    task.items = co_await item_values(task, store);
  } catch (Failure const&) {
    task.items.clear();
  }
}

std::optional<Error> lack_of_values(StreamTask const& task, std::vector<std::string> const& found) {
  auto const& each = task.plan->spec->for_each;
  if (!each || each->stream.empty() || !found.empty()) return std::nullopt;
  return Error(ErrorCode::usage,
               "it is requested for each `" + each->column + "` of the stream `" + each->stream +
                   "`, but none is stored yet",
               "Read that stream first: `affsync sync " + task.source() + " --stream " +
                   each->stream + "`.");
}

boost::asio::awaitable<std::optional<Error>> unread_values(StreamTask const& task,
                                                           std::vector<std::string> const& found,
                                                           schema::Store& store) {
  auto lack = lack_of_values(task, found);
  if (!lack) co_return std::nullopt;
  auto giver = task.id;
  giver.stream = task.stream_of_items();
  auto const state = co_await store.load_state(std::move(giver));
  if (state.last_success_at) co_return std::nullopt;
  for (auto const refusal :
       {ErrorCode::permission_denied, ErrorCode::not_found, ErrorCode::path_unknown}) {
    if (state.last_error_code == to_string(refusal)) lack->code = refusal;
  }
  co_return lack;
}

}  // namespace affsync::sync
