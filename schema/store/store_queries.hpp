// Small queries of the store: sources, health, reports. Blocking; used on an executor's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

int find_source(PgSession& session, std::string const& name, std::string const& connector,
                std::string const& base_url);
std::vector<StreamHealth> read_health(PgSession& session);
std::vector<StreamHealth> read_standing(PgSession& session);
Store::Table read_table(PgSession& session, std::string const& sql, SqlParams const& parameters);

}  // namespace affsync::schema
