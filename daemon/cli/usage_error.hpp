// What is said of a command line that was not understood. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::cli {

struct UsageProblem {
  std::string command;                // "sync", "quarantine accept"; empty: none was given
  std::vector<std::string> commands;  // those that may follow `command`
  std::vector<std::string> options;   // that it has: "--source", "-q"
  std::vector<std::string> extras;    // words that were not expected, in their order
  std::string text;                   // what the parser says of the rest
};

Error explain_usage(UsageProblem const& problem);

// "`wek` is none of day, month. Did you mean `day`?"; empty when it is one of them.
std::string not_one_of(std::string const& word, std::vector<std::string> const& known);

}  // namespace affsync::cli
