// What of a stream's rows is about persons.
#pragma once

#include <string>
#include <vector>

namespace affsync::schema {

// Columns and JSON members of a page with personal data. The change history keeps their values only
// if `privacy` allows it.
struct PersonalParts {
  std::vector<std::string> columns;  // of any table of the page
  std::vector<std::string> members;  // of the broker's row (`raw`)
  std::string privacy = "drop";      // drop, hash or keep
  PersonalParts() = default;
};

// The columns; `parts` may be null.
inline std::vector<std::string> const& personal_columns(PersonalParts const* parts) {
  static std::vector<std::string> const none;
  return parts == nullptr ? none : parts->columns;
}

}  // namespace affsync::schema
