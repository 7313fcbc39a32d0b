// One of the loops that make up the running daemon.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/log.hpp"

namespace affsync {

// Runs `work` and returns normally when it is cancelled, since that is how these loops end. If it
// fails, logs that and throws Failure(internal): the group of the loops then ends the others, since
// a daemon without one of them would look alive and do only a part of its work.
boost::asio::awaitable<void> daemon_task(std::string name, boost::asio::awaitable<void> work,
                                         Logger log);

}  // namespace affsync
