#include "daemon/sync/item_values.hpp"

#include <optional>
#include <utility>

namespace affsync::sync {

boost::asio::awaitable<std::vector<std::string>> item_values(StreamTask const& task,
                                                             schema::Store& store) {
  std::vector<std::string> values;
  auto const& each = task.plan->spec.for_each;
  if (!each || each->stream.empty()) co_return values;
  // Table and column are names of the connector language's closed sets.
  std::string sql = "select distinct " + each->column + "::text from affsync." + each->table +
                    " where source_id = $1::integer and stream = $2 and deleted_at is null and " +
                    each->column + " is not null order by 1 limit $3::integer";
  std::vector<std::optional<std::string>> parameters;
  parameters.emplace_back(std::to_string(task.id.source_id));
  parameters.emplace_back(each->stream);
  parameters.emplace_back(std::to_string(each->most + 1));
  auto const table = co_await store.query(std::move(sql), std::move(parameters));
  for (auto const& row : table.rows) {
    if (row.at(0)) values.push_back(*row[0]);
  }
  co_return values;
}

}  // namespace affsync::sync
