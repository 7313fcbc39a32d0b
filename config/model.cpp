#include "config/model.hpp"

namespace affsync::config {

SourceConfig const* Config::find_source(std::string_view name) const {
  for (auto const& source : sources) {
    if (source.name == name) return &source;
  }
  return nullptr;
}

}  // namespace affsync::config
