// What `affsync check` finds out about one stream: it reads one page, and stores nothing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/clock.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/sync/stream_task.hpp"

namespace affsync::cli {

SourceCheck failed_check(std::string source, std::string stream, Error error);

boost::asio::awaitable<SourceCheck> check_stream(sync::StreamTask task, Clock const& clock);

}  // namespace affsync::cli
