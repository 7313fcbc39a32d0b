// The size of a JSON document, so that what is made of an answer has a bound.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace affsync::engine {

// Returns the number of values, those inside lists and objects and these themselves included.
std::size_t count_values(Json const& json);

struct JsonSize {
  std::size_t values = 0;  // as count_values() returns them
  std::size_t bytes = 0;   // of texts, numbers and names
};
JsonSize size_of(Json const& json);

// What the rows of one answer may repeat of what they share (a text, the names of columns, the row
// around them): a small answer could fill the memory.
constexpr std::size_t most_repeated_bytes = std::size_t{512} * 1024 * 1024;

// The error for more. `who`: such as "the rows repeat"; `what`: such as "of texts".
Error repeats_too_much(std::string const& who, std::string const& what);

}  // namespace affsync::engine
