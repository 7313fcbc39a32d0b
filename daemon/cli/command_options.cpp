#include "daemon/cli/command_options.hpp"

#include <charconv>
#include <map>

#include "base/clock.hpp"
#include "daemon/cli/day_words.hpp"
#include "daemon/cli/usage_error.hpp"

namespace affsync::cli {

namespace {

CLI::Option* add_read_day(CLI::App* command, char const* name, std::optional<Day>& day,
                          char const* help,
                          std::optional<Day> (*read)(std::string_view text, Day today),
                          char const* examples) {
  auto parse = [&day, name, read, examples](std::string const& text) {
    day = read(text, std::chrono::floor<std::chrono::days>(SystemClock().now()));
    if (day) return;
    throw CLI::ValidationError(name, "`" + text + "` is not a day such as " + examples);
  };
  return command->add_option_function<std::string>(name, parse, help)->type_name("DAY");
}

}  // namespace

// Adds --config and --verbose, which are accepted before and after the command's name.
void add_common(CLI::App* app, CommonOptions& common) {
  app->add_option("--config", common.config_file,
                  "Configuration file (default: $AFFSYNC_CONFIG, ./affsync.yaml, "
                  "/etc/affsync/affsync.yaml)")
      ->type_name("FILE");
  app->add_flag("-v,--verbose", common.verbose, "Log in more detail");
}

CLI::Option* add_day(CLI::App* command, char const* name, std::optional<Day>& day,
                     char const* help) {
  return add_read_day(command, name, day, help, read_day_word,
                      "2026-01-31, yesterday, monday, -7d, -2w, -3m or -1y");
}

CLI::Option* add_coming_day(CLI::App* command, char const* name, std::optional<Day>& day,
                            char const* help) {
  return add_read_day(command, name, day, help, read_coming_day,
                      "2026-12-31, tomorrow, monday, +7d, +2w, +3m or +1y");
}

CLI::Option* add_output(CLI::App* command, Output& output, bool with_csv) {
  std::map<std::string, Output> words{{"table", Output::table}, {"json", Output::json}};
  if (with_csv) words["csv"] = Output::csv;
  std::string const names = with_csv ? "table|csv|json" : "table|json";
  auto parse = [&output, words, names](std::string const& text) {
    auto const found = words.find(text);
    if (found == words.end()) {
      throw CLI::ValidationError("--output", "`" + text + "` is not one of " + names);
    }
    output = found->second;
  };
  return command->add_option_function<std::string>("--output", parse, "Format of the result")
      ->type_name(names);
}

CLI::Validator one_of(std::vector<std::string> known) {
  auto check = [known = std::move(known)](std::string& word) { return not_one_of(word, known); };
  return CLI::Validator(std::move(check), std::string());
}

CLI::Validator row_number() {
  auto check = [](std::string& word) {
    std::int64_t number = 0;
    auto const* const end = word.data() + word.size();
    auto const [stop, failed] = std::from_chars(word.data(), end, number);
    // `010` would be read as octal.
    if (failed == std::errc() && stop == end && number > 0 && word.front() != '0') {
      return std::string();
    }
    return "`" + word + "` is not a number of a row, such as `affsync quarantine` shows as example";
  };
  return CLI::Validator(std::move(check), std::string());
}

void add_examples(CLI::App* command, std::vector<std::string> const& lines) {
  std::string text = "Examples:\n";
  for (auto const& line : lines) text += "  " + line + "\n";
  command->footer(text);
}

}  // namespace affsync::cli
