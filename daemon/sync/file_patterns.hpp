// Which stream reads a file, where the names that several streams read overlap. Performs no I/O.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::sync {

// Returns whether a file name can fit both patterns (`*` is any text, `?` and `[…]` any character).
bool may_share_a_name(std::string_view left, std::string_view right);

// Returns the stream of the source that reads a file of this name instead of `plan`: one that is on
// and whose pattern says more of the name, or as much and earlier in the connector; null: none. So
// a file is read once, and not by whichever stream looks first.
engine::StreamPlan const* better_reader(engine::SourcePlan const& source,
                                        engine::StreamPlan const& plan, std::string const& name);

}  // namespace affsync::sync
