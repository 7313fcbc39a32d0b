// Questions to the person at the terminal: answers with echo, secrets without. Questions go to
// stderr, answers come from stdin. Whatever ends a question (an answer, the end of the input,
// Ctrl-C, SIGTERM, SIGHUP), the terminal echoes again afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace affsync::cli {

// Returns whether questions can be asked: stdin and stderr are terminals.
bool can_ask();

class Prompt {
 public:
  // Shows complete lines.
  void say(std::string const& text) const;
  // Returns one line without the blanks around it. An empty answer stands for `preset`, which is
  // shown. Throws Failure(cancelled) at the end of the input and at a signal that ends the process.
  std::string ask(std::string const& question, std::string const& preset = {}) const;
  // The same without echo and without a preset; blanks are kept.
  Secret ask_hidden(std::string const& question) const;
  bool confirm(std::string const& question, bool preset) const;
  // Shows numbered lines and returns the index of the chosen one; asks until it is one of them.
  std::size_t choose(std::string const& question, std::vector<std::string> const& lines,
                     std::size_t preset = 0) const;
  // The same without a preset. An answer that is no number is returned in `other`.
  std::size_t choose_or_say(std::string const& question, std::vector<std::string> const& lines,
                            std::string& other) const;

 private:
  void show(std::vector<std::string> const& lines) const;
};

}  // namespace affsync::cli
