// What several commands have in common: --config, days, formats, examples. Only these units and
// command_line.cpp include CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"

namespace affsync::cli {

// Adds --config and --verbose, which are accepted before and after the command's name.
void add_common(CLI::App* app, CommonOptions& common);
// Adds an option that takes a date or a word such as `yesterday`.
CLI::Option* add_day(CLI::App* command, char const* name, std::optional<Day>& day,
                     char const* help);
// The same for a day to come, such as `tomorrow`.
CLI::Option* add_coming_day(CLI::App* command, char const* name, std::optional<Day>& day,
                            char const* help);
CLI::Option* add_output(CLI::App* command, Output& output, bool with_csv);
CLI::Validator one_of(std::vector<std::string> known);
// Of a row in quarantine.
CLI::Validator row_number();
// Shows command lines below the options in --help, each perhaps with `  # what it does`.
void add_examples(CLI::App* command, std::vector<std::string> const& lines);

// `affsync report`, with a subcommand for each report. `run` becomes `command` when one is chosen.
struct ReportCommand {
  reports::ReportOptions options;
  Output output = Output::table;
};
void add_report_commands(CLI::App& app, CommonOptions& common, ReportCommand& parsed,
                         std::function<int()>& command);

}  // namespace affsync::cli
