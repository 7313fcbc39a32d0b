// The entry point: everything else is in affsync_app.
#include "daemon/cli/command_line.hpp"

int main(int argc, char** argv) {
  return affsync::cli::run_command_line(argc, argv);
}
