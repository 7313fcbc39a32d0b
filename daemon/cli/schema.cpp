// `affsync schema`: the JSON schemas of the configuration and of connector files, for editors.
#include <iostream>

#include "base/embedded_file.hpp"
#include "connectors/engine/manifest/schema.hpp"
#include "daemon/cli/commands.hpp"

namespace affsync {
extern EmbeddedFile const config_schema_files[];
}  // namespace affsync

namespace affsync::cli {

int run_schema(std::string const& which) {
  if (which == "connector") {
    std::cout << engine::connector_schema();
  } else {
    std::cout << config_schema_files[0].text;
  }
  std::cout << std::flush;
  return 0;
}

}  // namespace affsync::cli
