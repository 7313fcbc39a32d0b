// What holds for the options of all commands alike: no empty values, no numbers but plain ones,
// and none that stands where it has no effect.
#pragma once

#include <CLI/CLI.hpp>

namespace affsync::cli {

// Makes all options of `app` and of the commands below it refuse an empty value: behind it is
// almost always a variable that is not set, and for a filter it would mean everything.
void refuse_empty_values(CLI::App& app);
// The same for `--name=` with nothing behind it, for which the parser would take the next word.
// Throws Failure.
void refuse_empty_assignments(int argc, char const* const* argv);

// Hands what was given before the name of a subcommand over to its option of the same name. Throws
// Failure if it has none, or if the option was given in both places. To be called after parsing.
void hand_options_down(CLI::App& app);

// A whole number in plain decimal digits: `010` and `0x8` mean something else to a parser of C++.
CLI::Validator whole_number(long long least, long long most);

}  // namespace affsync::cli
