// The dashboard at "/": the state of every stream. Plain HTML without scripts or external
// resources, generated for each request. Performs no I/O.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/run_report.hpp"
#include "daemon/serve/status_json.hpp"

namespace affsync::serve {

struct HomePage {
  StatusView status;                  // if `problem` is set: the state at `known_at`
  std::optional<Error> problem;       // why the database could not be queried
  std::optional<TimePoint> known_at;  // nullopt if no query has succeeded yet
  std::vector<std::string> notes;     // problems of the daemon itself, such as a failed reload
  IntervalOf interval;
  // Returns the current run of a stream in this process; nullptr if there is none.
  std::function<RunReport const*(std::string const& source, std::string const& stream)> running;
  std::string database_url;
  std::string nonce;  // nonce of the style, as in the Content-Security-Policy
};

std::string home_page(HomePage const& page);

// Returns the policy that allows the page's own style and nothing else.
std::string content_security_policy(std::string const& nonce);

// Escapes text for HTML content and for attribute values in double quotes.
std::string escape_html(std::string_view text);

}  // namespace affsync::serve
