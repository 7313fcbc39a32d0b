// Reads the target of a request as a server does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_message.hpp"

namespace affsync::proof {

std::string decode_percent(std::string_view text);

struct Target {
  std::string path;       // decoded
  std::string raw_query;  // as sent, without ?
  std::vector<std::pair<std::string, std::string>> query;

  std::optional<std::string> find(std::string_view name) const;
};

Target read_target(std::string_view target);
// The same with the parameters of the body behind those of the query: fields of a form, or members
// of a JSON document under their paths.
Target read_request(HttpRequest const& request);
// Reads name=value pairs joined with &, as in a query or a form.
std::vector<std::pair<std::string, std::string>> read_pairs(std::string_view text);

// Compares a path with a pattern that has ${…} in it. Returns the texts in their places; nullopt if
// the path is another one.
std::optional<std::map<std::string, std::string>> match_path(std::string_view pattern,
                                                             std::string_view path);

}  // namespace affsync::proof
