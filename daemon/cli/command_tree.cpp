#include "daemon/cli/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace affsync::cli {
namespace {

OptionInfo describe_option(CLI::Option const& option) {
  OptionInfo info;
  info.positional = option.get_positional();
  for (auto const& name : option.get_lnames()) info.names.push_back("--" + name);
  for (auto const& name : option.get_snames()) info.names.push_back("-" + name);
  if (info.names.empty()) info.names.push_back(option.get_name());
  if (info.positional || option.get_items_expected_max() > 0) info.value = option.get_type_name();
  info.help = option.get_description();
  info.repeatable = option.get_expected_max() > 1;
  info.required = option.get_required();
  return info;
}

// A bar would end the cell of a table.
std::string in_cell(std::string const& text) {
  std::string out;
  for (char const letter : text) {
    if (letter == '|') out += '\\';
    out += letter;
  }
  return out;
}

// "`-q`, `--quiet`", or "`--output` `table\|json`".
std::string usage_of(OptionInfo const& option) {
  if (option.positional) return "`" + option.names.front() + "`";
  std::string text;
  for (auto name = option.names.rbegin(); name != option.names.rend(); ++name) {
    text += (text.empty() ? "`" : ", `") + *name + "`";
  }
  return option.value.empty() ? text : text + " `" + in_cell(option.value) + "`";
}

void add_command(std::string& text, std::string const& parent, CommandInfo const& command) {
  auto const full = parent + " " + command.name;
  std::string arguments;
  for (auto const& option : command.options) {
    if (!option.positional) continue;
    auto const& name = option.names.front();
    arguments += option.required ? " " + name : " [" + name + "]";
  }
  text += "\n### " + full + arguments + "\n\n" + command.help + ".\n";
  if (!command.footer.empty()) text += "\n```\n" + command.footer + "\n```\n";
  text += "\n| option | |\n|---|---|\n";
  for (auto const& option : command.options) {
    if (option.names.front() == "--help") continue;
    text += "| " + usage_of(option) + " | " + in_cell(option.help) + " |\n";
  }
  for (auto const& sub : command.commands) add_command(text, full, sub);
}

}  // namespace

CommandInfo describe(CLI::App const& app) {
  CommandInfo info;
  info.name = app.get_name();
  info.help = app.get_description();
  info.footer = app.get_footer();
  for (auto const* option : app.get_options([](CLI::Option const*) { return true; })) {
    if (option->get_group().empty()) continue;  // hidden
    info.options.push_back(describe_option(*option));
  }
  for (auto const* command : app.get_subcommands([](CLI::App const*) { return true; })) {
    info.commands.push_back(describe(*command));
  }
  return info;
}

UsageProblem look_at(CLI::App const& app, CLI::ParseError const& error) {
  UsageProblem problem;
  problem.text = error.what();
  problem.extras = app.remaining(true);
  CLI::App const* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    problem.command += (problem.command.empty() ? "" : " ") + command->get_name();
  }
  for (auto const* sub : command->get_subcommands([](CLI::App const*) { return true; })) {
    problem.commands.push_back(sub->get_name());
  }
  for (auto const* option : command->get_options([](CLI::Option const*) { return true; })) {
    for (auto const& name : option->get_lnames()) problem.options.push_back("--" + name);
    for (auto const& name : option->get_snames()) problem.options.push_back("-" + name);
  }
  return problem;
}

std::string to_markdown(CommandInfo const& root) {
  std::string text;
  for (auto const& command : root.commands) add_command(text, root.name, command);
  return text;
}

}  // namespace affsync::cli
