// What a pass leaves behind so that the next one can go on: the days that are covered, and, in the
// middle of a pass, the place in it.
#pragma once

#include <optional>
#include <string>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

// A pass that has not come to its end.
struct PassPlace {
  bool full = false;         // started as a full pass
  Day began{};               // the day on which it began
  Slice pass;                // its first and last day
  std::optional<Day> since;  // as the user gave them
  std::optional<Day> until;
  Slice slice;           // the slice it is in
  std::size_t part = 0;  // … and the part of it
  PagePosition position;
  bool doubted = false;  // a slice of it was in doubt
};

struct Checkpoint {
  TimePoint written_at{};
  Coverage done;  // without windows, or with one of changes: the day on which the last pass began
  std::optional<int> gives_days;  // so far back the broker gave days when it was found out
  std::optional<PassPlace> place;
};

// JSON text. `plan` is recorded so that a checkpoint of another request is not taken for its own.
std::string write_checkpoint(Checkpoint const& checkpoint, StreamPlan const& plan);

// nullopt when the text is none of ours, or of another stream, path or filter: then everything
// begins anew, which is safe, since stored rows are only compared again.
std::optional<Checkpoint> read_checkpoint(std::string_view text, StreamPlan const& plan);

}  // namespace affsync::engine
