// Status and error of a run that ended early. Performs no I/O.
#pragma once

#include <exception>
#include <optional>

#include "base/error.hpp"
#include "base/run_report.hpp"
#include "schema/store/held_lease.hpp"

namespace affsync::sync {

// Returns the status of a run that ended with `error`. It is `skipped` if another instance reads
// the stream or the broker does not offer it to this account.
RunStatus status_of(Error const& error);

// Returns the error of a run whose lease another process holds; nullopt if it has ended meanwhile.
Error held_by(std::optional<schema::LeaseHolder> const& holder);

// Returns the error of an exception; `cancelled` for an aborted operation.
Error error_of(std::exception_ptr const& thrown);

}  // namespace affsync::sync
