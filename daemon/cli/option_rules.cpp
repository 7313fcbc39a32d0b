#include "daemon/cli/option_rules.hpp"

#include <charconv>
#include <string_view>

#include "base/error.hpp"

namespace affsync::cli {
namespace {

// "--source", "-q", or the name of a positional argument.
std::string name_of(CLI::Option const& option) {
  return option.get_positional() ? option.get_name(true) : option.get_name();
}

[[noreturn]] void refuse_empty(std::string const& name) {
  throw Failure(ErrorCode::usage, "the value of `" + name + "` is empty",
                "If it comes from a variable, that variable is empty or not set. Leave `" + name +
                    "` out if it is not wanted.");
}

// "affsync alerts mute"
std::string full_name(CLI::App const& command) {
  auto const* const above = command.get_parent();
  return above == nullptr ? command.get_name() : full_name(*above) + " " + command.get_name();
}

bool is_flag(CLI::Option const& option) {
  return !option.get_positional() && option.get_items_expected_max() == 0;
}

void hand_down(CLI::Option const& option, CLI::App& command) {
  auto const name = name_of(option);
  auto* const below = command.get_option_no_throw(name);
  if (below == nullptr) {
    auto const said = option.get_positional() ? option.results().front() : name;
    throw Failure(
        ErrorCode::usage,
        "`" + said + "` stands before `" + command.get_name() + "`, which does not take it",
        "Leave it out, or give what the command takes after its name: `" + full_name(command) +
            " --help` shows that.");
  }
  if (is_flag(option) && below->count() > 0) return;
  if (below->count() > 0) {
    throw Failure(ErrorCode::usage,
                  "`" + name + "` is given twice, before and after `" + command.get_name() + "`",
                  "Give it once.");
  }
  below->add_result(option.results());
  below->run_callback();
}

}  // namespace

void refuse_empty_values(CLI::App& app) {
  for (auto* const option : app.get_options([](CLI::Option const*) { return true; })) {
    // Empty words of psql's own command line are its concern.
    bool const is_of_psql = app.get_name() == "psql" && option->get_positional();
    if (is_flag(*option) || is_of_psql) continue;
    auto const look = [name = name_of(*option)](std::string& value) {
      if (value.empty()) refuse_empty(name);
      return std::string();
    };
    option->transform(CLI::Validator(look, std::string()));  // before what else looks at it
  }
  for (auto* const command : app.get_subcommands([](CLI::App*) { return true; })) {
    refuse_empty_values(*command);
  }
}

void refuse_empty_assignments(int argc, char const* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    if (word == "--") return;
    if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
      refuse_empty(std::string(word.substr(0, word.size() - 1)));
    }
  }
}

void hand_options_down(CLI::App& app) {
  auto const chosen = app.get_subcommands();
  if (chosen.empty()) return;
  for (auto const* const option : app.get_options([](CLI::Option const*) { return true; })) {
    if (option->count() > 0) hand_down(*option, *chosen.front());
  }
  hand_options_down(*chosen.front());
}

CLI::Validator whole_number(long long least, long long most) {
  auto check = [least, most](std::string& word) {
    long long number = 0;
    auto const* const end = word.data() + word.size();
    auto const [stop, failed] = std::from_chars(word.data(), end, number);
    bool const plain = failed == std::errc() && stop == end && std::to_string(number) == word;
    if (plain && number >= least && number <= most) return std::string();
    return "`" + word + "` is not a whole number from " + std::to_string(least) + " to " +
           std::to_string(most) + " (plain digits, such as 10)";
  };
  return CLI::Validator(std::move(check), std::string());
}

}  // namespace affsync::cli
