// Columns whose words are the same for every broker (docs/database.md), and columns that name a
// person.
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

// nullptr when the column takes any text.
ClosedWords const* closed_words(std::string_view table, std::string_view column);

// Privacy applies to it whatever the file says.
bool is_personal_column(std::string_view table, std::string_view column);

}  // namespace affsync::engine
