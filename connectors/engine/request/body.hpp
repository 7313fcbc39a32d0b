// Builds the body of a read by POST: the connector's template with the values of the page and the
// window put into it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// A value for a member of the body. `path`: names and indexes joined with dots, or the name of a
// field of a form.
struct BodyValue {
  std::string path;
  std::string text;
  bool is_number = false;  // unless the template has a text or number there, which decides
};

// Sets body and Content-Type of a request.
void set_body(HttpRequest& request, BodySpec const& spec, std::vector<BodyValue> const& values);

}  // namespace affsync::engine
