// The lines of a draft's `map`.
#pragma once

#include <string>

#include "connectors/engine/draft/roles.hpp"

namespace affsync::engine {

// How a draft is written.
struct Writing {
  bool with_all_words = true;  // also those that fit only some samples
  // What may mean two things is written as one of them, to try the rest out; false: it is left to
  // the user, and the draft is refused until then.
  bool chooses = false;
};

// Returns the lines of the columns that the sample may fill, with a comment at each guess.
std::string columns_of(Sample const& sample, Roles const& roles, Writing const& writing);

}  // namespace affsync::engine
