#include "daemon/cli/check_secrets.hpp"

#include <utility>

#include "daemon/sync/source_secrets.hpp"

namespace affsync::cli {
namespace {

SourceCheck warning_of(std::string source, std::string detail, std::string remark) {
  SourceCheck line;
  line.source = std::move(source);
  line.result = "warning";
  line.detail = std::move(detail);
  line.remarks.push_back(std::move(remark));
  return line;
}

}  // namespace

std::vector<SourceCheck> check_short_secrets(std::vector<PreparedSource> const& sources) {
  std::vector<SourceCheck> lines;
  for (auto const& source : sources) {
    std::string names;
    for (auto const& [name, secret] : source.plan.credentials) {
      auto const bytes = secret.reveal().size();
      bool const is_short = bytes > 0 && bytes < sync::least_bytes_in_rows;
      if (!is_short || source.plan.open_credentials.contains(name)) continue;
      names += (names.empty() ? "`" : ", `") + name + "`";
    }
    if (names.empty()) continue;
    lines.push_back(warning_of(
        source.config->name, "has a short secret: " + names,
        "A credential shorter than 8 bytes is not recognized in the broker's rows, and one shorter "
        "than 4 not in its messages either: if the broker repeats it, it is stored, or shown. Ask "
        "the broker for a longer one."));
  }
  return lines;
}

std::vector<SourceCheck> check_shown_variables(config::AlertsConfig const& alerts) {
  std::vector<SourceCheck> lines;
  for (auto const& receiver : alerts.receivers) {
    std::string names;
    for (auto const& name : receiver.shown_variables) {
      names += (names.empty() ? "${" : ", ${") + name + "}";
    }
    if (names.empty()) continue;
    lines.push_back(warning_of(
        "alerts", "the command of " + receiver.name + " has " + names + " in its arguments",
        "Arguments can be read by every user of the machine while the command runs. If it is a "
        "secret, give it with `environment:` of the receiver, or in a file that the program "
        "reads."));
  }
  return lines;
}

}  // namespace affsync::cli
