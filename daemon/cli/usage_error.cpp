#include "daemon/cli/usage_error.hpp"

#include <algorithm>

#include "base/suggest.hpp"

namespace affsync::cli {
namespace {

std::string full_name(std::string const& command) {
  return command.empty() ? "affsync" : "affsync " + command;
}

std::string help_of(std::string const& command) {
  return "`" + full_name(command) + " --help` shows " +
         (command.empty() ? "the commands." : "its options.");
}

std::string joined(std::vector<std::string> const& words, char const* between) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// "--sorce=x" -> "--sorce"
std::string option_name(std::string const& word) {
  return word.substr(0, word.find('='));
}

bool is_option(std::string const& word) {
  return word.size() > 1 && word.front() == '-';
}

Error wrong_command(UsageProblem const& problem, std::string const& word) {
  auto const meant = nearest(word, problem.commands);
  if (problem.command == "report") {
    return Error(ErrorCode::usage, not_one_of(word, problem.commands), help_of(problem.command));
  }
  std::string hint;
  if (word == "help") {
    hint = "Did you mean `" + full_name(problem.command) + " --help`?";
  } else if (meant) {
    auto const full = problem.command.empty() ? *meant : problem.command + " " + *meant;
    hint = "Did you mean `" + full_name(full) + "`?";
  } else {
    hint = "Known commands: " + joined(problem.commands, ", ") + ".";
  }
  return Error(ErrorCode::usage, "there is no command `" + word + "`", std::move(hint));
}

}  // namespace

Error explain_usage(UsageProblem const& problem) {
  auto const option = std::ranges::find_if(problem.extras, is_option);
  auto const word =
      std::ranges::find_if(problem.extras, [](auto const& one) { return !is_option(one); });
  bool const command_missing = problem.command.empty();
  // In "affsync --sorce x", the value of the option is not a command.
  if (command_missing && word != problem.extras.end() && word < option) {
    return wrong_command(problem, *word);
  }
  if (option != problem.extras.end()) {
    auto const name = option_name(*option);
    auto const meant = nearest(name, problem.options);
    std::string text = "there is no option `" + name + "`";
    if (!command_missing) text += " of `" + full_name(problem.command) + "`";
    if (problem.extras.size() > 1) {
      text += " (not expected: " + joined(problem.extras, " ") + ")";
    }
    if (problem.command == "psql") {
      return Error(ErrorCode::usage, std::move(text),
                   "Options of psql follow a --, such as: affsync psql -- -c 'select 1'");
    }
    return Error(ErrorCode::usage, std::move(text),
                 meant ? "Did you mean `" + *meant + "`?" : help_of(problem.command));
  }
  if (word != problem.extras.end()) {
    if (!problem.commands.empty()) return wrong_command(problem, *word);
    return Error(
        ErrorCode::usage,
        "`" + full_name(problem.command) + "` does not take `" + joined(problem.extras, " ") + "`",
        help_of(problem.command));
  }
  if (command_missing) return Error(ErrorCode::usage, "a command is needed", help_of(""));
  if (problem.command == "report") {
    return Error(ErrorCode::usage,
                 "the name of a report is needed: " + joined(problem.commands, ", "),
                 help_of(problem.command));
  }
  if (problem.command == "schema" && problem.text.ends_with("is required")) {
    return Error(ErrorCode::usage, "config or connector is required", help_of(problem.command));
  }
  return Error(ErrorCode::usage, problem.text, help_of(problem.command));
}

std::string not_one_of(std::string const& word, std::vector<std::string> const& known) {
  if (std::ranges::find(known, word) != known.end()) return {};
  auto const meant = nearest(word, known);
  return "`" + word + "` is not one of " + joined(known, ", ") +
         (meant ? "; did you mean `" + *meant + "`?" : "");
}

}  // namespace affsync::cli
