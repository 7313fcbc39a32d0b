// What a stream's mapping makes of stored rows, in the form the store needs.
#pragma once

#include <memory>

#include "connectors/engine/plan/stream_plan.hpp"
#include "schema/store/map_anew.hpp"

namespace affsync::sync {

std::shared_ptr<schema::MapAnew const> map_anew(std::shared_ptr<engine::StreamPlan const> plan);

}  // namespace affsync::sync
