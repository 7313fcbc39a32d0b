// `affsync complete`, a hidden command that the shells' completion calls (packaging/completion):
//   affsync complete -- WORD…      candidates for the last word of a command line, without
//   `affsync` affsync complete --reference   all commands as Markdown, for the manual page
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/cli/command_tree.hpp"

namespace affsync::cli {

struct Candidate {
  std::string text, help;
  bool operator==(Candidate const&) const = default;
};

struct Candidates {
  std::vector<Candidate> list;
  bool files = false, folders = false;  // the shell adds names of files or of folders
};

// Where the names come from that only the configuration, the database or the program know.
struct KnownNames {
  std::function<std::vector<Candidate>()> sources, connectors;
  // Sources of the database that may be removed, rules of alerts, and receivers of alerts.
  std::function<std::vector<Candidate>()> removable, rules, receivers;
  // Of one source; of all if it is empty.
  std::function<std::vector<Candidate>(std::string const& source)> streams;
};

// `words`: what follows `affsync` up to the cursor; the last one, which may be empty, is completed.
// All candidates begin with it.
Candidates complete_words(CommandInfo const& root, std::vector<std::string> words,
                          KnownNames const& names);

// Whether the command line is for this file; then run_complete answers it. Not a command of the
// parser: it would have to accept any words.
bool is_completion(int argc, char** argv);
int run_complete(CommandInfo const& root, int argc, char** argv);

}  // namespace affsync::cli
