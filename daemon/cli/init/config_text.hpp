// The text of the configuration that `affsync init` writes. Performs no I/O.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "daemon/cli/init/answers.hpp"

namespace affsync::cli {

// How the values of secrets are written, as YAML: a file, or a variable while they are only tried.
struct WrittenSecrets {
  std::map<std::string, std::string> credentials;  // by name
  std::string database_url;
};

// Returns `text` as a YAML value in double quotes, which the loader reads as exactly this text.
std::string yaml_text(std::string const& text);

// Returns a whole configuration with comments. `today`: YYYY-MM-DD.
std::string new_config_text(SourceAnswers const& source, DatabaseAnswer const& database,
                            WrittenSecrets const& secrets, std::string const& today);

// Returns the configuration `text` with one source more, everything else unchanged; nullopt if its
// list of sources is written in a form that cannot be continued.
std::optional<std::string> with_source(std::string const& text, SourceAnswers const& source,
                                       DatabaseAnswer const& database,
                                       WrittenSecrets const& secrets);

}  // namespace affsync::cli
