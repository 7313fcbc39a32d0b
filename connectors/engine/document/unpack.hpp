// Unpacks gzip and zip in memory, within bounds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

// Errors of all: malformed_answer, also for bytes that are cut or do not fit their checksum;
// answer_too_large.
Result<std::string> unpack_gzip(std::string_view bytes, DocumentLimits const& limits);

// Returns the only file of an archive. Directories and what macOS adds do not count.
Result<std::string> unpack_zip(std::string_view bytes, DocumentLimits const& limits);

struct ArchiveMember {
  std::string name;
  std::string bytes;
};
// Returns the files of an archive that `wanted` selects by their names.
Result<std::vector<ArchiveMember>> read_zip(std::string_view bytes, DocumentLimits const& limits,
                                            std::function<bool(std::string_view)> const& wanted);

}  // namespace affsync::engine
