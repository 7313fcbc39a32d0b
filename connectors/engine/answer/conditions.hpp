// Whether an answer meets the conditions of a rule under `errors`, or of `good`. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// Returns the header as a value; unset if the answer does not have it.
std::optional<Json> header_value(HttpResponse const& response, std::string const& name);

// Returns true if all conditions of the rule hold. `body`: null if the answer has no document.
bool holds(ErrorRule const& rule, HttpResponse const& response, Json const& body, bool is_login);
bool holds(GoodSpec const& good, HttpResponse const& response, Json const& body);

}  // namespace affsync::engine
