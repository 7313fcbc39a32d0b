// `affsync report`: a subcommand, and so a help page, for each report.
#include <algorithm>

#include "daemon/cli/command_options.hpp"
#include "daemon/cli/option_rules.hpp"
#include "daemon/cli/usage_error.hpp"

namespace affsync::cli {
namespace {

constexpr char const* amounts_help =
    "Amounts of different currencies are never added. A figure in US dollars is left out if one of "
    "its rows has none; sums include the known figures, as do the lines of clients, and "
    "rows_without_usd counts the others. "
    "Tables round amounts; csv and json keep all digits, json as strings, since many programs "
    "would "
    "round numbers.";

// Breaks a text into lines of a readable width.
std::string in_lines(std::string const& text) {
  constexpr std::size_t width = 80;
  std::string out;
  std::size_t column = 0;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = std::min(text.find(' ', from), text.size());
    auto const word = text.substr(from, end - from);
    if (column > 0 && column + 1 + word.size() > width) {
      out += '\n';
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    from = end + 1;
  }
  return out + "\n";
}

std::string joined_with(std::vector<std::string> const& words, char const* between) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

void add_report_options(CLI::App* command, ReportCommand& parsed,
                        std::vector<std::string> const& cuts, bool has_days = true) {
  auto& options = parsed.options;
  auto* const since = add_day(command, "--since", options.since, "From this day on");
  auto* const until = add_day(command, "--until", options.until, "Up to this day");
  if (!has_days) {  // not shown, but understood: the report says why it does not take them
    since->group("");
    until->group("");
  }
  command->add_option("--source", options.source, "Only this source")->type_name("NAME");
  command->add_option("--by", options.by, "What each line stands for")
      ->check(one_of(cuts))
      ->type_name(joined_with(cuts, "|"));
  command
      ->add_option("--limit", options.limit,
                   "Maximum number of lines of each currency, 0: all (default: 50 on a terminal). "
                   "Of days, months and single events the latest; sums include all")
      ->check(whole_number(0, 1'000'000'000))
      ->type_name("N");
  add_output(command, parsed.output, true);
}

}  // namespace

void add_report_commands(CLI::App& app, CommonOptions& common, ReportCommand& parsed,
                         std::function<int()>& command) {
  auto* report = app.add_subcommand("report", "The reporting views on the terminal");
  add_common(report, common);
  std::vector<std::string> all_cuts;
  std::vector<std::string> examples;
  for (auto const& about : reports::all_reports()) {
    auto* one = report->add_subcommand(about.name, about.title);
    add_common(one, common);
    add_report_options(one, parsed, about.cuts, about.has_days);
    std::string footer = in_lines(about.help) + "\n" + in_lines(amounts_help) + "\nExamples:\n";
    for (auto const& line : about.example) footer += "  " + line + "\n";
    one->footer(footer);
    one->callback([&common, &parsed, &command, name = about.name] {
      parsed.options.report = name;
      command = [&common, &parsed] { return run_report(common, parsed.options, parsed.output); };
    });
    examples.push_back(about.example.front());
    for (auto const& cut : about.cuts) {
      if (std::find(all_cuts.begin(), all_cuts.end(), cut) == all_cuts.end()) {
        all_cuts.push_back(cut);
      }
    }
  }
  // Options may also come before the name of the report.
  add_report_options(report, parsed, all_cuts);
  report->require_subcommand(1);
  examples.emplace_back("affsync report earnings --help   # more about one report");
  add_examples(report, examples);
}

}  // namespace affsync::cli
