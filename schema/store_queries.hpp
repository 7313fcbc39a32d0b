// The small requests of the store: sources, streams, health, reports. Blocking; used on an
// executor's thread.
#pragma once

#include <string>
#include <vector>

#include "schema/pg_session.hpp"
#include "schema/store.hpp"

namespace affsync::schema {

int find_source(PgSession& session, std::string const& name, std::string const& connector,
                std::string const& base_url);
void retire_others(PgSession& session, std::vector<std::string> const& names);
void note_stream(PgSession& session, StreamId const& id, std::string const& table, bool in_reports);
std::vector<StreamHealth> read_health(PgSession& session);
Store::Table read_table(PgSession& session, std::string const& sql, SqlParams const& parameters);

}  // namespace affsync::schema
