// Names of base/schedule.hpp for the readers of the configuration and of connector files.
#pragma once

#include "base/schedule.hpp"

namespace affsync::config {

using affsync::CronLine;
using affsync::parse_cron;
using affsync::parse_duration;
using affsync::parse_schedule;
using affsync::Schedule;

}  // namespace affsync::config
