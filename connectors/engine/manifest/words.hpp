// Columns with a closed set of words that is the same for every broker (docs/database.md), and
// columns that identify a person.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

struct ClosedWords {
  std::string_view table;
  std::string_view column;
  std::span<std::string_view const> words;

  bool has(std::string_view word) const;
  std::vector<std::string> list() const;
};

// Returns nullptr if the column takes any text.
ClosedWords const* closed_words(std::string_view table, std::string_view column);

// Returns true if the privacy setting applies to the column whatever the connector file says.
bool is_personal_column(std::string_view table, std::string_view column);

}  // namespace affsync::engine
