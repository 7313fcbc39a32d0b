// What `affsync quarantine retry` has done, stream by stream: as a table with the reasons below it,
// as CSV or as one JSON object. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {

// What became of the rows of one stream.
struct Retried {
  std::string source, stream;
  std::int64_t rows = 0;  // that were looked at
  std::int64_t inserted = 0, updated = 0, unchanged = 0;
  std::int64_t superseded = 0;                  // a later form of the row is stored
  std::int64_t left_out = 0;                    // the connector no longer wants them
  std::int64_t failing = 0;                     // still
  std::int64_t accepted = 0;                    // fail as well, but are known
  std::int64_t unreadable = 0;                  // only a broken text was kept
  std::map<std::string, std::int64_t> reasons;  // of those that fail still
  std::optional<Error> error;                   // why the stream was not, or not wholly, looked at

  std::int64_t stored() const { return inserted + updated + unchanged; }
};

// A line a stream, and below it why rows fail still, or why the stream was not looked at.
std::string retry_table(std::vector<Retried> const& all, log::Terminal const& terminal);

// The columns of the table, as report_csv writes them.
std::string retry_csv(std::vector<Retried> const& all);

// One object on one line, without a line feed.
std::string retry_json(std::vector<Retried> const& all);

}  // namespace affsync::cli
