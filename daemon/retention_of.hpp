// How long the configuration says to keep what grows with time alone.
#pragma once

#include "config/model.hpp"
#include "schema/store/retention.hpp"

namespace affsync {

inline schema::Retention retention_of(config::RetentionConfig const& config) {
  schema::Retention retention;
  retention.runs = config.runs;
  retention.quarantine = config.quarantine;
  retention.alerts = config.alerts;
  return retention;
}

}  // namespace affsync
