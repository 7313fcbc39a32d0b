// What the request of an answer asked for, for fields of the request that are kept with its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

struct AskedFor {
  std::optional<Day> from, to;      // its window, both days inclusive; unset: it has none
  std::string target;               // path and query
  std::string list_target;          // of the first page, if `target` is a link to a later one
  std::string body;                 // JSON or a form; empty: none
  std::optional<std::string> item;  // the item that the request is for
};

// Returns the value of a parameter as it was sent, decoded: in the query, else in the body, else in
// the query of the list's first page. In a JSON body the name is a path. nullopt if it was not
// sent.
std::optional<std::string> sent_value(AskedFor const& asked, std::string_view parameter);

}  // namespace affsync::engine
