// What ended a run, in the words of its report. Without I/O.
#pragma once

#include <exception>

#include "base/error.hpp"
#include "base/run_report.hpp"

namespace affsync::sync {

// What a run is that ended with `error`: one that could not begin, or whose stream is closed to us,
// was skipped.
RunStatus status_of(Error const& error);

// The error that an exception stands for; `cancelled` for an operation that was aborted.
Error error_of(std::exception_ptr const& thrown);

}  // namespace affsync::sync
