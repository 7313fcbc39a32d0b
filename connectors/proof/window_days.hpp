// Reads the two parameters of a window as a server does: which days does a request ask for?
#pragma once

#include <optional>
#include <string>

#include "base/day_span.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::proof {

// Returns the first and the last day, both inclusive; nullopt if the values are not in the form
// that the window declares.
std::optional<DaySpan> days_asked(engine::WindowSpec const& window, std::string const& from,
                                  std::string const& to);

}  // namespace affsync::proof
