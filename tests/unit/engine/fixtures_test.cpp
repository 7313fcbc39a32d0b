// Broker answers as shown by vendors' documents and other programs, read by the shipped connectors:
// see tests/fixtures/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/proof/fixture_reading.hpp"
#include "tests/support/wire_fixture.hpp"

namespace affsync::engine::fixtures_test {
namespace {

using test::WireFixture;

std::vector<Manifest> const& manifests() {
  static auto const all = builtin_manifests().value();
  return all;
}

Manifest const& manifest(std::string const& name) {
  auto const found = std::ranges::find(manifests(), name, &Manifest::name);
  if (found == manifests().end()) throw std::runtime_error("no connector " + name);
  return *found;
}

class Fixtures : public testing::TestWithParam<std::string> {};

TEST_P(Fixtures, AreReadByTheConnectorAsItShips) {
  auto const folder = test::fixture_folder(GetParam());
  EXPECT_FALSE(folder.fixtures.empty());
  auto const settings =
      proof::test_settings(manifest(GetParam()), folder, [](std::string const&) { return "x"; });
  ASSERT_TRUE(settings) << settings.error().message;
  auto const plan = make_source_plan(manifest(GetParam()), *settings).value();
  for (auto const& fixture : folder.fixtures) {
    for (auto const& finding : proof::read_fixture(plan, folder, fixture)) {
      ADD_FAILURE() << finding.fixture << ": " << to_string(finding.matter) << ": " << finding.text;
    }
  }
}

// Compares the `evidence` that each stream declares with the existing fixtures.
TEST_P(Fixtures, AreTheEvidenceThatEachStreamClaims) {
  auto const fixtures = test::fixtures_of(GetParam());
  std::set<std::string> named{"any", "login"};
  for (auto const& stream : manifest(GetParam()).streams) {
    SCOPED_TRACE(stream.name);
    named.insert(stream.name);
    ASSERT_TRUE(stream.evidence);
    EXPECT_NE(stream.evidence->note, "");
    std::set<std::string> shown;
    for (auto const& fixture : fixtures) {
      if (fixture.of() == stream.name && !fixture.rows.empty())
        shown.insert(fixture.get("evidence"));
    }
    EXPECT_FALSE(shown.empty()) << "no fixture shows a row";
    std::string const best = shown.contains("vendor")        ? "vendor"
                             : shown.contains("third_party") ? "third_party"
                                                             : "none";
    EXPECT_EQ(to_string(stream.evidence->by), best);
  }
  for (auto const& fixture : fixtures) {
    EXPECT_TRUE(named.contains(fixture.of())) << fixture.label() << " is of no stream";
    EXPECT_TRUE((std::set<std::string>{"vendor", "third_party", "inferred"})
                    .contains(fixture.get("evidence")))
        << fixture.label();
  }
}

TEST(FixturesOfConnectors, AreThereForEachThatShips) {
  std::vector<std::string> names;
  for (auto const& one : manifests()) names.push_back(one.name);
  std::ranges::sort(names);
  EXPECT_EQ(test::fixture_connectors(), names);
}

INSTANTIATE_TEST_SUITE_P(Connector, Fixtures, testing::ValuesIn(test::fixture_connectors()),
                         [](auto const& of) { return of.param; });

}  // namespace
}  // namespace affsync::engine::fixtures_test
