// Fetches a report that the broker makes on request: asks for it, asks for its state until it is
// ready, and fetches it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "daemon/sync/source_session.hpp"

namespace affsync::sync {

// `request` asks for the report of the plan. Errors: those of a request; server_error if the broker
// says that it cannot make the report; timeout if it takes too long; malformed_answer.
asio::awaitable<Result<engine::Answer>> fetch_report(SourceSession& session,
                                                     engine::StreamPlan const& plan,
                                                     HttpRequest request, RunReport& report);

}  // namespace affsync::sync
