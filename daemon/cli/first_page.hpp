// Fetches one page of a stream like a run, for `check` and `inspect`. Stores nothing.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/sync/stream_task.hpp"

namespace affsync::cli {

// The longest wait for a broker, since a user waits for `check` and `inspect`.
inline constexpr Duration longest_wait_of_a_look = std::chrono::minutes(1);

struct FirstPage {
  engine::Answer answer;
  engine::PageRead read;
  std::string request;     // method and path
  engine::AskedFor asked;  // by the request
  FirstPage() = default;
};

// Reads the newest slice. If it is empty and `until_found`, reads the whole history slice by slice
// until a page has rows. Errors: those of a run.
boost::asio::awaitable<Result<FirstPage>> fetch_first_page(sync::StreamTask task,
                                                           Clock const& clock, bool until_found,
                                                           RunReport& report);

// Reads the first page of this day alone. Errors: those of a run.
boost::asio::awaitable<Result<FirstPage>> fetch_day(sync::StreamTask task, Clock const& clock,
                                                    Day day, RunReport& report);

}  // namespace affsync::cli
