// HTTP answers of the pages with their headers. Performs no I/O.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"

namespace affsync::serve {

inline constexpr char const* json_type = "application/json";
inline constexpr char const* html_type = "text/html; charset=utf-8";
inline constexpr char const* text_type = "text/plain; charset=utf-8";
inline constexpr char const* yaml_type = "application/yaml; charset=utf-8";
inline constexpr char const* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

// An answer that browsers neither keep nor guess the type of. HTML may load styles and scripts of
// this server only, and none that stand in the page itself.
HttpResponse answer_of(int status, char const* type, std::string body);

// Answers an error of the caller with 400, one of the database with 503.
HttpResponse refusal(Error const& error);

// Whether the request comes from a browser that shows a page.
bool asks_for_html(HttpRequest const& request);

}  // namespace affsync::serve
