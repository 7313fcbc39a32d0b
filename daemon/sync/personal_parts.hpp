// The columns and members of a stream's rows that hold personal data, in the form the store needs.
#pragma once

#include <memory>

#include "connectors/engine/plan/stream_plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

std::shared_ptr<schema::PersonalParts const> personal_parts(engine::StreamPlan const& plan);

}  // namespace affsync::sync
