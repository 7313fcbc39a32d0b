// What of a stream's rows is about people, as the store has to know it.
#pragma once

#include <memory>

#include "connectors/engine/plan/stream_plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

std::shared_ptr<schema::PersonalParts const> personal_parts(engine::StreamPlan const& plan);

}  // namespace affsync::sync
