// Maps stored rows once more, from what their `raw` keeps of the broker's answer: so that what
// another mapping makes of a row can be told from what the broker has changed in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/batch.hpp"
#include "base/clock.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

// Immutable; usable from any thread.
class MappedAnew {
 public:
  explicit MappedAnew(std::shared_ptr<StreamPlan const> plan);

  // Replaces the values of `row`, a stored row of the table, by what the mapping makes of row.raw.
  // A column that `raw` cannot tell takes its value from `sent`, the broker's row as it is mapped
  // now; without one it stays: what is read from personal fields, from fields that were not kept,
  // what depends on the time of the answer, and what cannot be read. Returns false and changes
  // nothing if the row is as the mapping makes it (what is personal or depends on the time does not
  // count), or if no mapping of the stream is known to have made it. `now`: a time after the row
  // was read.
  bool map(RecordTable const& table, Row& row, Row const* sent, TimePoint now) const;

  // Returns whether two texts of `raw` differ at most in volatile fields, in the order of members
  // and in the spelling of numbers.
  bool is_same(std::string_view stored_raw, std::string_view sent_raw) const;

  // Returns the key that each mapping to the table makes of `raw`, whatever its `where` says. Empty
  // if one of them is not known, or names a person.
  std::vector<std::string> keys(RecordTable const& table, std::string_view raw) const;

  // Returns whether the stream has mappings to the table, and the `where` of each of them leaves
  // `raw` out. False if the field that one of them looks at was not kept, or names a person.
  bool leaves_out(RecordTable const& table, std::string_view raw) const;

 private:
  struct Compiled;
  std::shared_ptr<Compiled const> compiled_;
};

}  // namespace affsync::engine
