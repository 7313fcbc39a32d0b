// CSV for standard output: a file or a pipe gets it as it is, a terminal nothing that would drive
// it.
#pragma once

#include <string>

namespace affsync::cli {

// Returns the text with U+FFFD for each control character but the line ends, and for each mark that
// reorders a line: brokers choose names, and a terminal obeys what is in them.
std::string without_controls(std::string const& csv);

// Returns what standard output gets.
std::string shown_csv(std::string csv);

}  // namespace affsync::cli
