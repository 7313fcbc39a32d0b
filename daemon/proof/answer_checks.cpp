#include <algorithm>
#include <map>

#include "daemon/proof/checks.hpp"

namespace affsync::proof {
namespace {

// The matters that an answer of this kind can show.
std::vector<Matter> matters_of(Fixture const& fixture) {
  if (fixture.of() == "login" && fixture.is_good()) return {Matter::answer, Matter::login};
  if (!fixture.is_good()) return {Matter::answer};
  std::vector<Matter> matters{Matter::answer, Matter::rows, Matter::paging, Matter::totals,
                              Matter::unmapped};
  if (fixture.has("asked")) matters.push_back(Matter::request);
  if (fixture.has("never kept")) matters.push_back(Matter::privacy);
  return matters;
}

std::string without_folder(std::string const& label) {
  return label.substr(label.rfind('/') + 1);
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::failed:
      return "failed";
    case Outcome::not_possible:
      return "not possible";
  }
  return "";
}

std::vector<CheckLine> check_answers(engine::Manifest const& manifest, FixtureFolder const& folder,
                                     engine::SourcePlan const& plan) {
  std::map<std::string, std::map<Matter, CheckLine>> lines;
  for (auto const& fixture : folder.fixtures) {
    auto& of = lines[fixture.of()];
    for (auto const matter : matters_of(fixture)) {
      of[matter].check = to_string(matter);
    }
    for (auto& finding : read_fixture(plan, folder, fixture)) {
      auto& line = of[finding.matter];
      line.check = to_string(finding.matter);
      line.outcome = Outcome::failed;
      line.details.push_back(without_folder(finding.fixture) + ": " + finding.text);
    }
  }
  std::vector<CheckLine> out;
  auto const add = [&](std::string const& name) {
    for (auto& [matter, line] : lines[name]) {
      line.stream = name;
      out.push_back(std::move(line));
    }
    lines.erase(name);
  };
  add("any");
  add("login");
  for (auto const& stream : manifest.streams) {
    bool const shown = std::ranges::any_of(folder.fixtures, [&](Fixture const& fixture) {
      return fixture.of() == stream.name && !fixture.rows.empty();
    });
    if (!shown) {
      CheckLine line;
      line.stream = stream.name;
      line.check = to_string(Matter::rows);
      line.outcome = Outcome::not_possible;
      line.details.emplace_back("no fixture shows a row of this stream");
      out.push_back(std::move(line));
      lines[stream.name].erase(Matter::rows);
    }
    add(stream.name);
  }
  for (auto& [name, left] : lines) {
    CheckLine line;
    line.stream = name;
    line.check = to_string(Matter::answer);
    line.outcome = Outcome::failed;
    line.details.emplace_back("the fixtures are of `" + name +
                              "`, which is no stream of the connector");
    if (!left.empty()) out.push_back(std::move(line));
  }
  return out;
}

}  // namespace affsync::proof
