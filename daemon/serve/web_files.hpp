// The files of the page: templates, styles, scripts (daemon/serve/web), compiled into the binary.
// Each asset has an address with the hash of its content, so that browsers may keep it for ever.
// Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "daemon/serve/template.hpp"

namespace affsync::serve {

// Returns all templates, parsed.
Templates const& page_templates();

// Returns the addresses of the assets by name, for the templates: {"page_css": "/assets/…", …}.
Json asset_addresses();

// Returns the answer for a path below /assets/; nullopt if there is no such file. `known`: the tags
// of what the client has (If-None-Match); one that has the file gets 304.
std::optional<HttpResponse> asset(std::string_view path, std::string_view known = {});

// Returns the description of the JSON API (docs/openapi.yaml).
std::string_view openapi_text();

}  // namespace affsync::serve
