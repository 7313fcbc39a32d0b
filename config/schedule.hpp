// When a stream is due, as the configuration and the connector files write it: see
// base/schedule.hpp.
#pragma once

#include "base/schedule.hpp"

namespace affsync::config {

using affsync::CronLine;
using affsync::parse_cron;
using affsync::parse_duration;
using affsync::parse_schedule;
using affsync::Schedule;

}  // namespace affsync::config
