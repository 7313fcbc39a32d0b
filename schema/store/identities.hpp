// What identifies a stream, a run that owns it, rows of a table and the rows of a slice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/batch.hpp"
#include "base/clock.hpp"

namespace affsync::schema {

// Identifies one stream of one source in the database.
struct StreamId {
  int source_id = 0;
  std::string stream;
  // SourceRegistered::created_at of the source, so that no run begins for another one that got its
  // number; empty: of no registered source.
  std::string created_at;
  StreamId() = default;
  StreamId(int id, std::string name, std::string since = {})
      : source_id(id), stream(std::move(name)), created_at(std::move(since)) {}
};

// Identifies a run that owns its stream. Every write passes it and fails with lease_lost once
// another run has begun on the same stream (a fence: checked in the transaction of the write).
struct RunKey {
  StreamId id;
  std::int64_t run_id = 0;
  TimePoint started_at{};  // as given to begin_run(): with it, the run is looked for in one month
  std::string token;       // random, since a promoted standby may give out the same run_id again
  RunKey() = default;
};

// Keys of rows of one table.
struct TableKeys {
  RecordTable const* table = nullptr;
  std::vector<std::string> external_ids;
  TableKeys() = default;
  TableKeys(RecordTable const* of, std::vector<std::string> keys)
      : table(of), external_ids(std::move(keys)) {}
};

// The rows that belong to a slice: those whose day in `column` is between `from` and `to`, both
// inclusive; without `column` every row of the stream.
struct SliceScope {
  RecordTable const* table = nullptr;
  std::string column;
  std::optional<Day> from, to;
  SliceScope() = default;
  friend bool operator==(SliceScope const&, SliceScope const&) = default;
};

}  // namespace affsync::schema
