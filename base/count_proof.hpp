// What a broker's count says about the rows that were read of a list.
#pragma once

#include <cstdint>

namespace affsync {

// Between the requests of two pages one row may go and another one come. Then the count stays the
// same, but a row may have moved from a page that was still to be read to one that was read before:
// as many rows were read as the broker has, and one that it has is missing.
enum class CountProof : std::uint8_t {
  nothing,  // there is no count, or another one
  number,   // as many rows were read as the broker has, maybe not the same ones
  rows,     // what was not read is not in the list
};

}  // namespace affsync
