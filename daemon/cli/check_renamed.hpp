// Sources that may be the account of one that is no longer configured.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "daemon/app.hpp"
#include "daemon/cli/check.hpp"

namespace affsync::cli {

// Returns a warning for each chosen source that is much like one that has left the configuration:
// whose name and address, or name and key, may have changed at once. Of one that was read already,
// only if both have the same commissions. The database must be there.
boost::asio::awaitable<std::vector<SourceCheck>> check_renamed(App& app,
                                                               std::vector<std::string> chosen);

}  // namespace affsync::cli
