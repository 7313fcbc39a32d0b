// `affsync connectors test`: holds a connector to its fixtures. Needs no configuration and touches
// no database but its own.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/json.hpp"
#include "config/text_file.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/connectors.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/proof/checks.hpp"
#include "daemon/reports/json_text.hpp"

namespace affsync::cli {
namespace {

namespace fs = std::filesystem;

using proof::CheckLine;
using proof::Outcome;

bool is_file(std::string const& text) {
  return text.find('/') != std::string::npos || text.ends_with(".yaml") || text.ends_with(".yml");
}

engine::Manifest manifest_of(CommonOptions const& common, std::string const& connector) {
  if (!is_file(connector)) return known_connector(common, connector);
  auto const text = config::read_text_file(connector);
  if (!text) {
    throw Failure(ErrorCode::usage,
                  "the connector file " + connector + " cannot be read: " + text.error().message);
  }
  return engine::parse_manifest(*text, connector).value();
}

fs::path folder_of(ProofOptions const& options, engine::Manifest const& manifest) {
  if (!options.fixtures.empty()) return options.fixtures;
  if (is_file(options.connector)) {
    auto const beside = fs::path(options.connector).parent_path() / manifest.name;
    std::error_code ignored;
    if (fs::is_directory(beside, ignored)) return beside;
    throw Failure(ErrorCode::usage, "there is no folder " + beside.string() + " with fixtures",
                  "Put it beside the connector, or name it with --fixtures.");
  }
  throw Failure(
      ErrorCode::usage,
      "it is not known where the fixtures of the connector " + manifest.name + " are",
      "Name their folder with --fixtures, or give the connector's file, beside which they "
      "lie. Those of a built-in connector are in a checkout, tests/fixtures/" +
          manifest.name + ".");
}

std::string to_json(std::vector<CheckLine> const& lines, engine::Manifest const& manifest,
                    bool good) {
  using reports::json_text;
  Json::Array checks;
  for (auto const& line : lines) {
    Json::Array details;
    for (auto const& detail : line.details) details.push_back(json_text(detail));
    checks.push_back(Json::object({{"stream", json_text(line.stream)},
                                   {"check", json_text(line.check)},
                                   {"result", json_text(to_string(line.outcome))},
                                   {"details", Json::array(std::move(details))}}));
  }
  return Json::object({{"connector", json_text(manifest.name)},
                       {"ok", Json::boolean(good)},
                       {"checks", Json::array(std::move(checks))}})
      .dump();
}

std::string to_table(std::vector<CheckLine> const& lines, Terminal const& terminal) {
  std::vector<TableColumn> columns(3);
  columns[0].title = "STREAM";
  columns[1].title = "CHECK";
  columns[2].title = "RESULT";
  TextTable table(columns);
  std::string advice;
  for (auto const& line : lines) {
    auto const style = line.outcome == Outcome::ok       ? Style::good
                       : line.outcome == Outcome::failed ? Style::bad
                                                         : Style::warning;
    table.add_row({line.stream, line.check, Cell(std::string(to_string(line.outcome)), style)});
    if (line.details.empty()) continue;
    advice += "\n" + styled(line.stream + ", " + line.check, Style::bold, terminal) + "\n";
    for (auto const& detail : line.details) advice += wrap_text(detail, "  ", terminal.columns);
  }
  return table.render(terminal) + advice;
}

// The plan that answers are read with alone.
engine::SourcePlan plan_for_answers(engine::Manifest const& manifest,
                                    proof::FixtureFolder const& folder) {
  auto const settings =
      proof::test_settings(manifest, folder, [](std::string const&) { return "x"; }).value();
  return engine::make_source_plan(manifest, settings).value();
}

// Adds lines; what answers and passes found by one check becomes one line.
void merge(std::vector<CheckLine>& lines, std::vector<CheckLine> others) {
  for (auto& other : others) {
    auto const same = std::ranges::find_if(lines, [&](CheckLine const& line) {
      return line.stream == other.stream && line.check == other.check;
    });
    if (same == lines.end()) {
      lines.push_back(std::move(other));
      continue;
    }
    if (same->outcome != Outcome::failed) same->outcome = other.outcome;
    same->details.insert(same->details.end(), other.details.begin(), other.details.end());
  }
}

}  // namespace

int run_connectors_test(CommonOptions const& common, ProofOptions const& options) {
  auto const manifest = manifest_of(common, options.connector);
  auto const folder = proof::read_fixtures(folder_of(options, manifest)).value();
  if (folder.fixtures.empty()) {
    throw Failure(ErrorCode::usage, "there are no fixtures in " + folder.path.string(),
                  "Put an answer of the broker there as NAME.json, and what must result from it as "
                  "NAME.expected.");
  }
  auto const plan = plan_for_answers(manifest, folder);
  auto lines = proof::check_answers(manifest, folder, plan);
  {
    proof::Stage stage(options.database, manifest, folder);
    merge(lines, proof::check_passes(stage, plan));
    merge(lines, proof::check_secrets(stage));
  }
  bool const good = std::ranges::none_of(
      lines, [](CheckLine const& line) { return line.outcome == Outcome::failed; });
  // One stream after the other, in the order of the file.
  auto const place = [&](CheckLine const& line) {
    auto const& streams = manifest.streams;
    auto const found = std::ranges::find(streams, line.stream, &engine::StreamSpec::name);
    return found == streams.end() ? -1 : static_cast<int>(found - streams.begin());
  };
  std::ranges::stable_sort(lines, std::less<>(), place);
  if (options.output == Output::json) {
    std::cout << to_json(lines, manifest, good) << "\n";
  } else {
    std::cout << to_table(lines, log::look_at_terminal(STDOUT_FILENO));
  }
  std::cout << std::flush;
  return good ? 0 : 1;
}

}  // namespace affsync::cli
