// How `affsync connectors` shows what the binary knows. Pure.
#pragma once

#include <string>
#include <vector>

#include "connectors/engine/manifest/manifest.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {

// One line a connector.
std::string connector_list(std::vector<engine::Manifest> const& manifests,
                           log::Terminal const& terminal);
// Credentials, settings and streams of one, and a configuration to paste.
std::string connector_details(engine::Manifest const& manifest, log::Terminal const& terminal);
// The `sources:` entry that makes a source of this connector, as YAML that the loader takes.
std::string example_source(engine::Manifest const& manifest);

std::string connectors_json(std::vector<engine::Manifest> const& manifests);  // {"connectors": […]}
std::string connector_json(engine::Manifest const& manifest);                 // the object alone

}  // namespace affsync::cli
