// Plans of the streams of the built-in connectors and of everything.yaml, for the fuzz targets.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "connectors/engine/rows/mapping.hpp"

namespace affsync::fuzz {

struct StreamUnderTest {
  std::string name;  // connector/stream
  std::shared_ptr<engine::StreamPlan const> plan;
  std::vector<engine::RowMapper> mappers;  // that of the main table, then those of `also`
};

// Returns the stream of that name, or an arbitrary one for an unknown name. `privacy`: drop, hash,
// or keep.
StreamUnderTest const& stream_under_test(std::string_view name, std::string_view privacy);

// Settings and credentials that allow a plan of the connector, where one is possible.
SourceSettings settings_for(engine::Manifest const& manifest);

}  // namespace affsync::fuzz
