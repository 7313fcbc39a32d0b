// Broker answers as seen in public sources, in tests/fixtures/<connector>, read by the code that
// `affsync connectors test` reads them with. Format: tests/fixtures/README.md.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "connectors/proof/fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::test {

using WireFixture = proof::Fixture;
using proof::ExpectedRow;

inline std::filesystem::path fixtures_folder() {
  return in_source("tests") / "fixtures";
}

// Names of the fixture folders, one per connector.
inline std::vector<std::string> fixture_connectors() {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(fixtures_folder())) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

inline proof::FixtureFolder fixture_folder(std::string const& connector) {
  return proof::read_fixtures(fixtures_folder() / connector).value();
}

// Sorted by name. A body without its expectation is an error, and so is the reverse.
inline std::vector<WireFixture> fixtures_of(std::string const& connector) {
  return fixture_folder(connector).fixtures;
}

}  // namespace affsync::test
