// Reads expectations, and says in words in which rows two tables differ.
#include "connectors/proof/fixture.hpp"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace affsync::proof::fixture_test {
namespace {

ExpectedRow row(std::string const& id, std::string const& amount) {
  ExpectedRow out;
  out.table = "commission";
  out.columns["external_id"] = id;
  if (!amount.empty()) out.columns["amount"] = amount;
  return out;
}

TEST(RowDifferences, NameTheRowAndTheColumn) {
  EXPECT_EQ(row_differences({row("1", "2.50")}, {row("1", "2.5")}),
            std::vector<std::string>{"commission 1: amount is `2.5`, expected `2.50`"});
  EXPECT_EQ(row_differences({row("1", "2.50")}, {row("1", "")}),
            std::vector<std::string>{"commission 1: amount is empty, expected `2.50`"});
  EXPECT_EQ(row_differences({row("1", "1"), row("2", "2")}, {row("2", "2")}),
            std::vector<std::string>{"commission 1: the row is missing"});
  EXPECT_EQ(row_differences({}, {row("3", "1")}),
            std::vector<std::string>{"commission 3: the row is not expected"});
  EXPECT_TRUE(
      row_differences({row("1", "1"), row("1", "1")}, {row("1", "1"), row("1", "1")}).empty());
  EXPECT_EQ(row_differences({row("1", "1")}, {row("1", "1"), row("1", "1")}).size(), 1U);
}

TEST(Expectation, HasItsMistakesWithTheirLine) {
  Fixture fixture;
  auto const keys = read_expected("of: a\nstatsu: 200\n", "x.expected", fixture);
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().where, "x.expected:2");
  EXPECT_EQ(keys.error().hint, "Did you mean `status`?");
  auto const cells = read_expected("of: a\n\n[payout]\nexternal_id | amount\n1\n", "x", fixture);
  ASSERT_FALSE(cells);
  EXPECT_EQ(cells.error().where, "x:5");
  EXPECT_EQ(cells.error().message, "the row has 1 cells, the header 2");
}

TEST(FixtureFolder, HasABodyForEachExpectationAndTheReverse) {
  test::TempDir const dir;
  dir.write("list.csv", "id;sum\n");
  auto const alone = read_fixtures(dir.path());
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().message, "there is no .expected of this name beside it");
  dir.write("list.expected", "of: rows\n");
  auto const both = read_fixtures(dir.path());
  ASSERT_TRUE(both) << both.error().to_line();
  EXPECT_EQ(both->fixtures.at(0).body, "id;sum\n");
  EXPECT_EQ(both->fixtures.at(0).extension, ".csv");
  dir.write("list.json", "{}");
  auto const two = read_fixtures(dir.path());
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().message, "there are two bodies of this name");
}

}  // namespace
}  // namespace affsync::proof::fixture_test
