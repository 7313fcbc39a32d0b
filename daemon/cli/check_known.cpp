#include "daemon/cli/check_known.hpp"

#include <map>
#include <set>
#include <utility>

#include "daemon/chosen_names.hpp"
#include "daemon/cli/check_stream.hpp"
#include "daemon/instance.hpp"
#include "daemon/source_plans.hpp"
#include "daemon/withdrawn_streams.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/programs.hpp"
#include "schema/store/registration.hpp"

namespace affsync::cli {

namespace asio = boost::asio;
namespace {

// Of affsync.source what decides whose rows they are; $1: the name of this configuration, $2: of
// its process, which a command has not. Citus cannot look into distributed tables once for each row
// of a copied one.
std::string known_sql() {
  return "WITH read AS MATERIALIZED (SELECT DISTINCT z.source_id FROM affsync.stream_state z"
         " WHERE z.live_rows > 0 OR z.last_success_at IS NOT NULL)"
         " SELECT source_id, name, connector, base_url, account,"
         " EXISTS (SELECT FROM read WHERE read.source_id = s.source_id), " +
         schema::others_name_sql("s.name", 1, 2, " AND p.instance <> $1::text") +
         " FROM affsync.source s ORDER BY source_id";
}

std::vector<schema::KnownSource> known_sources(schema::Store::Table const& table) {
  std::vector<schema::KnownSource> all;
  for (auto const& row : table.rows) {
    schema::KnownSource source;
    source.source_id = std::stoi(row[0].value());
    source.name = row[1].value();
    source.connector = row[2].value();
    source.base_url = row[3].value();
    source.account = row[4];
    source.read = row[5] == "t";
    source.held = row[6] == "t";
    all.push_back(std::move(source));
  }
  return all;
}

// Streams that are in reports or were until they were withdrawn. $1 and $2: the streams that the
// connectors of these sources have, by the source's name.
constexpr auto not_there_sql =
    "SELECT s.name, st.source_id, st.stream FROM affsync.stream st"
    " JOIN affsync.source s ON s.source_id = st.source_id"
    " WHERE s.name = ANY ($1::text[]) AND (st.in_reports OR st.retired_at IS NOT NULL)"
    " AND (s.name, st.stream) NOT IN (SELECT n, x FROM unnest($1::text[], $2::text[]) g (n, x))"
    " ORDER BY 1, 3";

}  // namespace

asio::awaitable<std::optional<SourceCheck>> check_known_names(
    App& app, std::vector<std::string> chosen_sources) {
  std::vector<schema::SourceRegistration> wanted;
  std::set<std::string> configured;
  for (auto const& source : app.config().sources) {
    configured.insert(source.name);
    if (!chosen(chosen_sources, source.name)) continue;
    if (auto const prepared = prepare_source(source, app.manifests())) {
      wanted.push_back(registration_of(*prepared));
    }
  }
  auto const& instance = app.config().instance;
  std::vector<std::optional<std::string>> parameters{
      instance.empty() ? instance_of(app.config().file) : instance, std::string()};
  schema::Store::Table table;
  try {
    table = co_await app.store().query(known_sql(), std::move(parameters));
  } catch (Failure const& failure) {
    co_return failed_question(failure.error());
  }
  try {
    decide_sources(known_sources(table), wanted, configured);
  } catch (Failure const& failure) {
    co_return failed_check(failure.error().source, "", failure.error());
  }
  co_return std::nullopt;
}

asio::awaitable<std::vector<SourceCheck>> check_withdrawn(App& app,
                                                          std::vector<std::string> chosen_sources) {
  std::vector<SourceCheck> lines;
  schema::ArrayText names, there;
  for (auto const& source : app.config().sources) {
    if (!chosen(chosen_sources, source.name)) continue;
    auto const prepared = prepare_source(source, app.manifests());
    if (!prepared) continue;
    for (auto const& stream : prepared->plan.streams) {
      names.add(source.name);
      there.add(stream->stream);
    }
  }
  std::vector<std::optional<std::string>> parameters{names.take(), there.take()};
  std::map<int, std::string> name_of;
  std::vector<WithdrawnStream> lacking;
  try {
    auto const table = co_await app.store().query(not_there_sql, std::move(parameters));
    std::vector<std::pair<int, std::string>> streams;
    for (auto const& row : table.rows) {
      auto const id = std::stoi(row[1].value());
      name_of[id] = row[0].value();
      streams.emplace_back(id, row[2].value());
    }
    lacking = co_await withdrawn_streams(app.store(), std::move(streams));
  } catch (Failure const& failure) {
    if (auto failed = failed_question(failure.error())) lines.push_back(std::move(*failed));
    co_return lines;
  }
  for (auto const& one : lacking) {
    SourceCheck line;
    line.source = name_of.at(one.source_id);
    line.stream = one.stream;
    line.result = "warning";
    line.detail = "no longer in the connector; reports omit its " + one.lacks;
    line.remarks.push_back("the stream is no longer in the connector of " + line.source +
                           ", so reports omit what it has brought: " + one.lacks + ". " +
                           std::string(advice_for_withdrawn));
    lines.push_back(std::move(line));
  }
  co_return lines;
}

}  // namespace affsync::cli
