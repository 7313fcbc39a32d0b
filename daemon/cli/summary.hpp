// The result of `sync`: a table with the errors below it, or the JSON object that
// docs/operations.md specifies. Performs no I/O except print_summary.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/run_report.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {

// Returns complete lines: the table, and below it each error with its place and what to do.
// `accepted`: how many of the quarantined rows a user has accepted as known.
std::string summary_table(std::vector<RunReport> const& reports, log::Terminal const& terminal,
                          std::int64_t accepted = 0);

// Returns a run as a JSON object: counters, status, and error as text.
Json run_json(RunReport const& report);

// Writes the table, formatted for the terminal behind stdout.
void print_summary(std::ostream& out, std::vector<RunReport> const& reports);

// Returns one object on one line, without a line feed. `error` is the text of the error with its
// place and hint, or null.
std::string summary_json(TimePoint started_at, TimePoint finished_at,
                         std::vector<RunReport> const& reports);

}  // namespace affsync::cli
