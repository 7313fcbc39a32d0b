// The output of `affsync connectors`. Performs no I/O, except known_connector.
#pragma once

#include <string>
#include <vector>

#include "connectors/engine/manifest/manifest.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {

struct CommonOptions;

// Returns the connector of this name, built in or of the user's own. Throws Failure(usage).
engine::Manifest known_connector(CommonOptions const& common, std::string const& name);

// Returns a table with one line for each connector.
std::string connector_list(std::vector<engine::Manifest> const& manifests,
                           log::Terminal const& terminal);
// Returns credentials, settings and streams of a connector, and a configuration to paste.
std::string connector_details(engine::Manifest const& manifest, log::Terminal const& terminal);
// Returns the addresses of logins at other hosts than base_url.
std::vector<std::string> login_urls(engine::Manifest const& manifest);
// A request of a connector that is sent with POST; all others are sent with GET.
struct PostRequest {
  std::string path;     // a login at another host: its whole address
  std::string purpose;  // "login", "renews the login's token", or the stream that it reads
};
std::vector<PostRequest> post_requests(engine::Manifest const& manifest);
// Returns a window's first day: "2025-01-31", or "-180d" if it slides.
std::string first_day_text(engine::WindowSpec const& window);
// Returns the environment variable that a credential is taken from: exness, api_key ->
// EXNESS_API_KEY.
std::string credential_variable(std::string const& connector, std::string const& credential);
// Returns a `sources:` entry for a source of this connector, as YAML that the loader accepts.
std::string example_source(engine::Manifest const& manifest);

std::string connectors_json(std::vector<engine::Manifest> const& manifests);  // {"connectors": […]}
std::string connector_json(engine::Manifest const& manifest);                 // the object alone

}  // namespace affsync::cli
