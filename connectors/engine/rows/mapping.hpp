// Maps one JSON row to the columns of a batch, or returns the reason for its quarantine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/batch.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

// Maps rows of one table of one stream. Immutable; usable from any thread.
class RowMapper {
 public:
  RowMapper(StreamPlan const& plan, TableMapping const& mapping);

  // Returns the external id, or nullopt with `reason` if a part of the key is missing. A key of the
  // content lacks the number of the row among equal ones. `secrets`: *** takes their place in the
  // key, as it does in the row's text, so that both give the same key.
  std::optional<std::string> key_of(Json const& row, std::string& reason,
                                    Redactor const* secrets = nullptr) const;
  // The same into `key`, whose memory is used again; false if a part is missing.
  bool read_key(Json const& row, std::string& key, std::string& reason,
                Redactor const* secrets = nullptr) const;

  // Fills `out`, after resetting it. Returns the reason if the row must be quarantined; then
  // out.raw and, if it is known, out.external_id are filled too. `now` is the time of the answer by
  // the broker's clock, for relative times and observed_at. `ours` is the time by our clock, if it
  // differs; times that are ahead of both are rejected. `key`: the row's external id, if the caller
  // has it already.
  std::optional<std::string> map(Json const& row, TimePoint now, Row& out, TimePoint ours = {},
                                 std::string_view key = {},
                                 Redactor const* secrets = nullptr) const;

  // For `inspect`: what each mapping found. `found` is false if none of its paths exists in the
  // row.
  struct Trace {
    std::string column;
    std::string from;
    bool found = false;
    std::optional<std::string> value;
    std::string problem;
  };
  std::vector<Trace> trace(Json const& row, TimePoint now) const;

  // Returns the paths of fields of `row` that no mapping of this table reads. For an object that is
  // partly read, they are the members that are not read.
  std::vector<std::string> unmapped_fields(Json const& row) const;

 private:
  std::optional<std::string> map_columns(Json const& row, TimePoint now, TimePoint ours,
                                         Row& out) const;

  struct Compiled;
  std::shared_ptr<Compiled const> compiled_;
};

// Returns the row's JSON text with the privacy setting applied: personal fields are removed, hashed
// or kept.
std::string private_raw(StreamPlan const& plan, Json const& row);

}  // namespace affsync::engine
