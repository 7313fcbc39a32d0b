// Parses argv, checks the options and runs the command. Turns every failure into a message on
// stderr and an exit status.
#pragma once

namespace affsync::cli {

int run_command_line(int argc, char** argv);

}  // namespace affsync::cli
