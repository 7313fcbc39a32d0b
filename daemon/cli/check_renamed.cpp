#include "daemon/cli/check_renamed.hpp"

#include <utility>

#include "daemon/chosen_names.hpp"
#include "daemon/cli/check_stream.hpp"
#include "daemon/instance.hpp"
#include "daemon/source_plans.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::cli {

namespace asio = boost::asio;
namespace {

// Pairs of names and numbers; no number of a source that was never read. $1 to $5: the configured
// sources; $6: the name of this configuration. Citus cannot look into distributed tables once for
// each row of a copied one.
constexpr auto much_alike_sql =
    "WITH read AS MATERIALIZED (SELECT DISTINCT z.source_id FROM affsync.stream_state z"
    " WHERE z.live_rows > 0)"
    " SELECT g.name, o.name, n.source_id, o.source_id"
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],"
    " $5::boolean[]) g (name, connector, base_url, account, by_login)"
    " JOIN affsync.source o ON o.connector = g.connector AND o.name <> ALL ($1::text[])"
    " AND (o.account = g.account AND o.base_url <> g.base_url"
    " OR o.base_url = g.base_url AND o.account <> g.account AND NOT g.by_login)"
    " LEFT JOIN affsync.source n ON n.name = g.name"
    " WHERE (n.source_id IS NOT NULL OR o.retired_at IS NULL"
    " AND EXISTS (SELECT FROM read WHERE read.source_id = o.source_id))"
    " AND NOT EXISTS (SELECT FROM affsync.program p WHERE p.process <> '' AND p.ended_at IS NULL"
    " AND p.seen_at > now() - interval '5 minutes' AND p.instance <> $6"
    " AND o.name = ANY (p.sources)) ORDER BY 1, 2";

// Whether two sources have a row in common.
constexpr auto same_rows_sql =
    "SELECT EXISTS (SELECT FROM affsync.commission a WHERE a.source_id = $1::int"
    " AND a.deleted_at IS NULL AND (a.stream, a.external_id) IN (SELECT b.stream, b.external_id"
    " FROM affsync.commission b WHERE b.source_id = $2::int AND b.deleted_at IS NULL))";

asio::awaitable<bool> have_same_rows(schema::Store& store, std::string one, std::string other) {
  std::vector<std::optional<std::string>> parameters{std::move(one), std::move(other)};
  auto const found = co_await store.query(same_rows_sql, std::move(parameters));
  co_return found.rows.at(0).at(0) == "t";
}

}  // namespace

asio::awaitable<std::vector<SourceCheck>> check_renamed(App& app,
                                                        std::vector<std::string> chosen_sources) {
  std::vector<SourceCheck> lines;
  schema::ArrayText names, connectors, addresses, accounts, by_login;
  for (auto const& source : app.config().sources) {
    auto const prepared = prepare_source(source, app.manifests());
    if (!prepared) continue;
    auto const registration = registration_of(*prepared);
    names.add(registration.identity.name);
    connectors.add(registration.identity.connector);
    addresses.add(registration.identity.base_url);
    accounts.add(registration.identity.account);
    by_login.add(std::string_view(registration.account_by_login ? "true" : "false"));
  }
  auto const& instance = app.config().instance;
  std::vector<std::optional<std::string>> parameters{
      names.take(),     connectors.take(),
      addresses.take(), accounts.take(),
      by_login.take(),  instance.empty() ? instance_of(app.config().file) : instance};
  schema::Store::Table found;
  try {
    found = co_await app.store().query(much_alike_sql, std::move(parameters));
  } catch (Failure const& failure) {
    if (auto failed = failed_question(failure.error())) lines.push_back(std::move(*failed));
    co_return lines;
  }
  for (auto const& row : found.rows) {
    if (!chosen(chosen_sources, row[0].value_or(""))) continue;
    if (row[2] && !co_await have_same_rows(app.store(), *row[3], *row[2])) continue;
    SourceCheck line;
    line.source = row[0].value_or("");
    line.result = "warning";
    line.detail = "may be the account of " + row[1].value_or("");
    line.remarks.push_back(
        "the source " + row[1].value_or("") +
        ", which is no longer configured, has the same connector and the same login or address. If"
        " it is the same account, its money counts twice: give the source that name again (after"
        " `affsync sources remove " +
        line.source + " --with-data`, if it was read already), and change one thing at a time");
    lines.push_back(std::move(line));
  }
  co_return lines;
}

}  // namespace affsync::cli
