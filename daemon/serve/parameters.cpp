#include "daemon/serve/parameters.hpp"

#include <set>

#include "base/error.hpp"

namespace affsync::serve {

namespace {

Failure unknown(std::string const& name, std::string const& known) {
  return Failure(ErrorCode::usage, "there is no parameter \"" + name + "\"",
                 "Known parameters: " + known + ".");
}

Day day_of(std::string const& name, std::string const& text) {
  auto const day = parse_day(text);
  if (day) return *day;
  throw Failure(ErrorCode::usage, name + " is not a day: \"" + text + "\"",
                "Write it like 2026-01-31.");
}

// Which of two values holds, nobody can tell.
void refuse_repeated(Target const& target) {
  std::set<std::string> seen;
  for (auto const& [name, value] : target.parameters) {
    if (seen.insert(name).second) continue;
    throw Failure(ErrorCode::usage, "the parameter \"" + name + "\" is given twice",
                  "Give it once.");
  }
}

}  // namespace

EarningsParameters earnings_parameters(Target const& target) {
  refuse_repeated(target);
  EarningsParameters parameters;
  for (auto const& [name, value] : target.parameters) {
    if (name == "since") {
      parameters.since = day_of(name, value);
    } else if (name == "until") {
      parameters.until = day_of(name, value);
    } else if (name == "by") {
      parameters.by = value;
    } else {
      throw unknown(name, "since, until and by");
    }
  }
  if (parameters.since && parameters.until && *parameters.since > *parameters.until) {
    throw Failure(ErrorCode::usage, "since is later than until", "Exchange them.");
  }
  return parameters;
}

std::string before_parameter(Target const& target) {
  refuse_repeated(target);
  constexpr std::size_t most_digits = 18;
  std::string before;
  for (auto const& [name, value] : target.parameters) {
    if (name != "before") throw unknown(name, "before");
    if (value.empty() || value.size() > most_digits ||
        value.find_first_not_of("0123456789") != std::string::npos) {
      throw Failure(ErrorCode::usage, "before is not the number of a run: \"" + value + "\"",
                    "Give the run_id of the last run that you have.");
    }
    before = value;
  }
  return before;
}

}  // namespace affsync::serve
