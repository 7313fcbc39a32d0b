// One JSON row -> columns of a batch, or the reason why it goes to quarantine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/batch.hpp"
#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

// Maps rows of one table of one stream. Immutable; usable from any thread.
class RowMapper {
 public:
  RowMapper(StreamPlan const& plan, TableMapping const& mapping);

  // The external id, or nullopt with `reason` when a part of the key is missing.
  std::optional<std::string> key_of(Json const& row, std::string& reason) const;

  // Fills `out` (reset first). Returns the reason when the row has to go to quarantine; then
  // out.raw and, where it could be found, out.external_id are filled all the same.
  // `now` is the broker's time of the answer, for relative times and observed_at.
  // `ours`: our clock, when it is known to be another; times that are ahead of both are refused.
  std::optional<std::string> map(Json const& row, TimePoint now, Row& out,
                                 TimePoint ours = {}) const;

  // For `inspect`: what each mapping found. `found` is false when no alternative exists in the row.
  struct Trace {
    std::string column;
    std::string from;
    bool found = false;
    std::optional<std::string> value;
    std::string problem;
  };
  std::vector<Trace> trace(Json const& row, TimePoint now) const;

  // Fields of `row` that no mapping of this table reads, as paths: of an object that a mapping
  // reads something in, the members that none reads.
  std::vector<std::string> unmapped_fields(Json const& row) const;

 private:
  std::optional<std::string> map_columns(Json const& row, TimePoint now, TimePoint ours,
                                         Row& out) const;

  struct Compiled;
  std::shared_ptr<Compiled const> compiled_;
};

// The row's JSON text with privacy applied: fields marked personal are removed, hashed or kept.
std::string private_raw(StreamPlan const& plan, Json const& row);

}  // namespace affsync::engine
