#include "daemon/withdrawn_streams.hpp"

#include <optional>

#include "schema/store/pg_session.hpp"
#include "schema/store/withdrawn.hpp"

namespace affsync {

namespace asio = boost::asio;

asio::awaitable<std::vector<WithdrawnStream>> withdrawn_streams(
    schema::Store& store, std::vector<std::pair<int, std::string>> streams) {
  std::vector<WithdrawnStream> all;
  if (streams.empty()) co_return all;
  schema::ArrayText ids, names;
  for (auto const& [id, name] : streams) {
    ids.add(std::to_string(id));
    names.add(name);
  }
  std::vector<std::optional<std::string>> parameters{ids.take(), names.take()};
  auto const sql = schema::withdrawn_sql(
      "SELECT source_id, stream FROM unnest($1::int[], $2::text[]) u (source_id, stream)");
  auto const found = co_await store.query(sql, std::move(parameters));
  for (auto const& row : found.rows) {
    WithdrawnStream one;
    one.source_id = std::stoi(row[0].value());
    one.stream = row[1].value();
    one.lacks = lacking_text(row[2].value(), row[3].value());
    all.push_back(std::move(one));
  }
  co_return all;
}

std::string lacking_text(std::string const& rows, std::string const& amounts) {
  return rows + (rows == "1" ? " row" : " rows") + (amounts.empty() ? "" : " (" + amounts + ")");
}

}  // namespace affsync
