// `affsync schema`: the JSON schemas of the configuration and of connector files, for editors.
#include <iostream>

#include "base/embedded_file.hpp"
#include "daemon/cli/commands.hpp"

namespace affsync {
extern EmbeddedFile const config_schema_files[];
extern EmbeddedFile const connector_schema_files[];
}  // namespace affsync

namespace affsync::cli {

int run_schema(std::string const& which) {
  bool const connector = which == "connector";
  std::cout << (connector ? connector_schema_files[0] : config_schema_files[0]).text << std::flush;
  return 0;
}

}  // namespace affsync::cli
