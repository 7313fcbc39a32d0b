// The page for people at "/": what affsync is doing, stream by stream. Plain HTML, made anew for
// each request; nothing comes from elsewhere and nothing runs in it. Pure.
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
  StatusView status;  // with `problem`: as it was known at `known_at`; without that, nothing
  std::optional<Error> problem;  // why the database could not be asked
  std::optional<TimePoint> known_at;
  std::vector<std::string> notes;  // what is wrong with the daemon itself, such as a failed reload
  IntervalOf interval;
  // The run of a stream that goes on in this process.
  std::function<RunReport const*(std::string const& source, std::string const& stream)> running;
  std::string database_url;
  std::string nonce;  // of the style, as in the Content-Security-Policy
};

std::string home_page(HomePage const& page);

// The policy that allows the page's own style and nothing else.
std::string content_security_policy(std::string const& nonce);

// For text and for attribute values in double quotes.
std::string escape_html(std::string_view text);

}  // namespace affsync::serve
