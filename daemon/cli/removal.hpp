// Removes a source from the database, with its data or without.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "daemon/backup/plain_connection.hpp"

namespace affsync::cli {

struct TableCount {
  std::string table;
  std::int64_t rows = 0;
};

struct SourceInDatabase {
  std::int64_t id = 0;
  std::string name, connector, base_url;
  std::string retired_on;              // empty: in use
  std::vector<std::string> instances;  // configurations that contain it
};

struct WithdrawnInDatabase {
  std::int64_t source = 0;
  std::string stream, rows, amounts;  // see schema::withdrawn_sql()
};

// Streams that have left their connector, and whose rows reports lack; none of an earlier schema.
std::vector<WithdrawnInDatabase> withdrawn_in(PlainConnection& connection);

Result<std::vector<SourceInDatabase>> sources_in(PlainConnection& connection);

// A configuration other than `own` that contains the source; nullopt if there is none.
std::optional<std::string> other_instance(SourceInDatabase const& source, std::string const& own);

// Returns true if a running daemon's configuration contains the source.
Result<bool> is_read_by_daemon(PlainConnection& connection, std::string const& source);

// Returns what the database has of the source, by table, in an order in which it can be deleted.
Result<std::vector<TableCount>> rows_of(PlainConnection& connection, std::int64_t source);

// The source counts as removed: status, health and metrics leave it out. Its rows stay, and stay in
// the reports.
Result<void> retire(PlainConnection& connection, std::int64_t source);

// What erase() leaves in the database: exchange rates, which amounts of all sources are converted
// at. They get a number behind those of all sources, since of several rates of a day the one with
// the lowest number counts: what another source says, also later, goes before what nobody reads any
// more.
inline constexpr std::string_view stays_when_erased = "fx_rate";
constexpr std::int64_t number_when_erased(std::int64_t source) {
  return std::numeric_limits<std::int32_t>::max() - source;
}

// Deletes the source, every row of it but these and the messages about its alerts, all or nothing.
Result<void> erase(PlainConnection& connection, std::int64_t source);

}  // namespace affsync::cli
