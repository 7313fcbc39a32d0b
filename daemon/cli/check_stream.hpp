// What `affsync check` finds out about one stream: it reads one page, and stores nothing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/sync/stream_task.hpp"

namespace affsync::cli {

SourceCheck failed_check(std::string source, std::string stream, Error error);

// Of a question to the database that it did not answer: nothing if its schema is an earlier one,
// which knows nothing of what was asked; else that the check failed.
std::optional<SourceCheck> failed_question(Error const& error);

boost::asio::awaitable<SourceCheck> check_stream(sync::StreamTask task, Clock const& clock);

}  // namespace affsync::cli
