#include "tests/support/places/places.hpp"

namespace affsync::test {

std::filesystem::path in_source(std::string const& below) {
  return std::filesystem::path(AFFSYNC_SOURCE_DIR) / below;
}

std::filesystem::path in_build(std::string const& below) {
  return std::filesystem::path(AFFSYNC_BINARY_DIR) / below;
}

}  // namespace affsync::test
