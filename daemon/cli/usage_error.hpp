// Error messages for an invalid command line. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::cli {

struct UsageProblem {
  std::string command;                // "sync", "quarantine accept"; empty: none was given
  std::vector<std::string> commands;  // the commands that may follow `command`
  std::vector<std::string> options;   // the options of `command`: "--source", "-q"
  std::vector<std::string> extras;    // unexpected words, in their order
  std::string text;                   // the parser's message
};

Error explain_usage(UsageProblem const& problem);

// Returns "`dya` is not one of day, month; did you mean `day`?"; empty if `word` is known.
std::string not_one_of(std::string const& word, std::vector<std::string> const& known);

}  // namespace affsync::cli
