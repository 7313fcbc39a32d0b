// Bytes as gzip and as a zip archive.
//
// For any bytes: what is unpacked is within its bounds.
#include "connectors/engine/document/unpack.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {

void packed(std::string_view input) {
  using namespace engine;
  DocumentLimits limits;
  limits.bytes = 256 * 1024;
  limits.members = 20;
  if (auto const text = unpack_gzip(input, limits)) {
    require(text->size() <= limits.bytes, "gzip is unpacked within its bound");
  }
  std::size_t total = 0;
  auto const members = read_zip(input, limits, [](std::string_view) { return true; });
  if (members) {
    for (auto const& member : *members) total += member.bytes.size();
    require(members->size() <= limits.members, "an archive has no more members than its bound");
  }
  require(total <= limits.bytes, "an archive is unpacked within its bound");
  if (auto const text = unpack_zip(input, limits)) {
    // A damaged member that is not the file does not matter.
    require(text->size() <= limits.bytes, "the only file is unpacked within its bound");
  }
}

}  // namespace affsync::fuzz
