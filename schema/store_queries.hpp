// The small requests of the store: sources, streams, health, reports. Blocking; used on an
// executor's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/pg_session.hpp"
#include "schema/store.hpp"

namespace affsync::schema {

int find_source(PgSession& session, std::string const& name, std::string const& connector,
                std::string const& base_url);
// The old name, when the row has got this one instead; see Store::adopt_source.
std::optional<std::string> take_in_source(PgSession& session, SourceIdentity const& source,
                                          std::vector<std::string> const& configured);
void retire_other_streams(PgSession& session, int source_id,
                          std::vector<std::string> const& streams);
void retire_others(PgSession& session, std::vector<std::string> const& names);
void note_stream(PgSession& session, StreamId const& id, std::string const& table, bool in_reports,
                 std::optional<bool> has_paid_state);
std::vector<StreamHealth> read_health(PgSession& session);
Store::Table read_table(PgSession& session, std::string const& sql, SqlParams const& parameters);

}  // namespace affsync::schema
