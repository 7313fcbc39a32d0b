// A report that the broker makes on request: asked for, waited for, fetched.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace affsync::engine {

// A value in an answer that is one of these, ignoring case.
struct ReportState {
  JsonPath json;
  std::vector<std::string> words;
  bool holds(Json const& body) const;
};

// The stream's own request asks for the report.
struct ReportSpec {
  JsonPath id;       // of the report, in the answer to that request
  std::string poll;  // path of the request for its state; ${report.id} is filled in
  ReportState until;
  std::optional<ReportState> failed;
  std::string download;           // path of the request for the report; empty: `link`
  std::optional<JsonPath> link;   // in the answer about its state: where the report is
  std::chrono::seconds every{5};  // between two requests for its state
  std::chrono::seconds most{1800};
};

}  // namespace affsync::engine
