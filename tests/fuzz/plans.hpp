// Plans of the built-in connectors' streams, and of everything.yaml's, for the fuzz targets.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "connectors/engine/rows/mapping.hpp"

namespace affsync::fuzz {

struct StreamUnderTest {
  std::string name;  // connector/stream
  std::shared_ptr<engine::StreamPlan const> plan;
  std::vector<engine::RowMapper> mappers;  // the main table's, then those of `also`
};

// The stream of that name; of a name that there is not, any. `privacy`: drop, hash, or keep.
StreamUnderTest const& stream_under_test(std::string_view name, std::string_view privacy);

// Settings and credentials that make a plan of a connector, if they can.
SourceSettings settings_for(engine::Manifest const& manifest);

}  // namespace affsync::fuzz
