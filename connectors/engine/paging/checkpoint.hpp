// What a pass stores so that the next one can continue: the days that are covered and, if the pass
// was interrupted, the position in it.
#pragma once

#include <optional>
#include <string>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

// Position in a pass that was interrupted.
struct PassPlace {
  bool full = false;         // started as a full pass
  Day began{};               // the day on which the pass began
  Slice pass;                // first and last day of the pass
  std::optional<Day> since;  // as the user set them
  std::optional<Day> until;
  Slice slice;           // the slice that is being read
  std::size_t part = 0;  // and the part of it, or the value of `for_each`
  std::string items;     // identity of those values
  PagePosition position;
  bool doubted = false;   // a slice of the pass was in doubt
  bool reads_on = false;  // see PassDays::read_on()
};

struct Checkpoint {
  TimePoint written_at{};
  // Without windows, or with a window of changes: the day on which the last pass began.
  Coverage done;
  // The first day that the next pass reads again, where that is earlier than the lookback from the
  // last covered day: a pass that was interrupted for days read its first days when it began, and
  // one since a day of the user's choice did not read those before.
  std::optional<Day> reread_from;
  std::optional<int> gives_days;  // how many days back the broker gave data when this was probed
  std::optional<PassPlace> place;
};

// Returns the checkpoint as JSON text. It records `plan`, so that a checkpoint of another request
// is not used.
std::string write_checkpoint(Checkpoint const& checkpoint, StreamPlan const& plan);

// Returns nullopt if the text is not a checkpoint, or belongs to another stream, path or filter.
// Then the pass starts from scratch, which is safe: stored rows are only compared again.
std::optional<Checkpoint> read_checkpoint(std::string_view text, StreamPlan const& plan);

}  // namespace affsync::engine
