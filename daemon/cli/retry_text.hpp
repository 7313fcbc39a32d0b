// The result of `affsync quarantine retry` by stream, as a table with the reasons below it, as CSV
// or as one JSON object. Performs no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {

// The result for the rows of one stream.
struct Retried {
  std::string source, stream;
  std::int64_t rows = 0;  // rows that were mapped again
  std::int64_t inserted = 0, updated = 0, unchanged = 0;
  std::int64_t superseded = 0;                  // a later version of the row exists
  std::int64_t left_out = 0;                    // the connector now leaves the row out
  std::int64_t failing = 0;                     // the row still fails
  std::int64_t accepted = 0;                    // the row still fails, but is accepted as known
  std::int64_t unreadable = 0;                  // only invalid JSON was kept as text
  std::map<std::string, std::int64_t> reasons;  // reasons of the rows that still fail
  std::optional<Error> error;                   // why the stream was not retried completely

  std::int64_t stored() const { return inserted + updated + unchanged; }
};

// Returns a table with one line for each stream, and below it why rows still fail or why the stream
// was not retried.
std::string retry_table(std::vector<Retried> const& all, log::Terminal const& terminal);

// Returns the columns of the table as CSV.
std::string retry_csv(std::vector<Retried> const& all);

// Returns one object on one line, without a line feed.
std::string retry_json(std::vector<Retried> const& all);

}  // namespace affsync::cli
