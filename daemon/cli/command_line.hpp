// argv -> one command, its options checked; every failure becomes a message on stderr and an exit
// status here.
#pragma once

namespace affsync::cli {

int run_command_line(int argc, char** argv);

}  // namespace affsync::cli
