// Writes a first connector from a sample of what a broker exports. Everything in it is a guess, and
// says so in a comment; what it writes parses, and reads the sample. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::engine {

struct Draft {
  std::string text;  // a connector file
  // How its own connector reads the sample.
  std::size_t rows = 0;
  std::size_t mapped = 0;
  std::string problem;  // why others are not mapped; empty if all are
};

// `file`: the name of the sample, for its extension and for the pattern of further files. `name`:
// of the connector. `url`: where an API gave the answer; empty for an export. Errors:
// malformed_answer, answer_too_large, usage (nothing in it is a list of rows, or no address).
Result<Draft> draft_connector(std::string_view bytes, std::string const& file,
                              std::string const& name, TimePoint now, std::string const& url = {});

}  // namespace affsync::engine
