#include "daemon/sync/personal_parts.hpp"

#include <utility>

namespace affsync::sync {

std::shared_ptr<schema::PersonalParts const> personal_parts(engine::StreamPlan const& plan) {
  auto names = engine::personal_names(plan);
  auto parts = std::make_shared<schema::PersonalParts>();
  parts->columns = std::move(names.columns);
  parts->members = std::move(names.members);
  parts->privacy = to_string(plan.privacy);
  return parts;
}

}  // namespace affsync::sync
