// What sources of one connector have in memory together, and what each has for itself.
#include "connectors/engine/plan/shared_specs.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine::shared_specs_test {
namespace {

constexpr std::string_view connector = R"(
name: demo
base_url: https://api.example.com/
settings:
  region: {description: of the account, default: eu}
  desk: {description: whose rows, default: all}
auth: {type: none}
errors:
  - {status: 418, class: not_found}
streams:
  rewards:
    table: commission
    path: /${settings.region}/rewards/
    page: {type: offset, size: 100, max_size: 500, overlap: 2}
    records: data
    key: id
    map:
      amount: amount
      partner_account: {const: "${settings.region}"}
  wallets:
    table: balance
    path: /wallets/
    query: {desk: "${settings.desk}"}
    records: data
    key: id
    map: {amount: amount}
)";

class SharedSpecsTest : public testing::Test {
 protected:
  SourcePlan plan(std::string name, std::map<std::string, std::string> given = {},
                  std::map<std::string, StreamSettings> streams = {}) {
    SourceSettings settings;
    settings.name = std::move(name);
    settings.settings = std::move(given);
    settings.streams = std::move(streams);
    return make_source_plan(manifest_, settings, &shared_).value();
  }
  static StreamSpec const* spec(SourcePlan const& plan, std::size_t stream) {
    return &*plan.streams.at(stream)->spec;
  }

  Manifest manifest_ = parse_manifest(connector, "demo.yaml").value();
  SharedSpecs shared_;
};

TEST_F(SharedSpecsTest, EqualSourcesHaveOneDescriptionOfAStream) {
  auto const one = plan("one"), two = plan("two");
  EXPECT_EQ(spec(one, 0), spec(two, 0));
  EXPECT_EQ(spec(one, 1), spec(two, 1));
  EXPECT_EQ(one.errors.handle(), two.errors.handle());
  EXPECT_EQ(one.streams[0]->source, "one");
  EXPECT_EQ(two.streams[0]->source, "two");
}

TEST_F(SharedSpecsTest, AnOverrideIsOfItsSourceAlone) {
  StreamSettings small, others_place;
  small.page_size = 50;
  others_place.where = "file:9:3";
  others_place.reconcile_warns = true;
  auto const one = plan("one"), two = plan("two", {}, {{"rewards", small}}),
             three = plan("three", {}, {{"rewards", small}}),
             four = plan("four", {}, {{"rewards", others_place}});
  EXPECT_EQ(spec(one, 0)->page.size->rows, 100);
  EXPECT_EQ(spec(two, 0)->page.size->rows, 50);
  EXPECT_EQ(spec(two, 0), spec(three, 0));
  EXPECT_EQ(spec(one, 0), spec(four, 0)) << "neither changes the description";
  EXPECT_EQ(spec(one, 1), spec(two, 1));
}

TEST_F(SharedSpecsTest, ASettingCountsForTheStreamsThatNameIt) {
  auto const one = plan("one", {{"desk", "a"}}), two = plan("two", {{"desk", "b"}}),
             three = plan("three", {{"desk", "a"}, {"region", "asia"}});
  EXPECT_EQ(spec(one, 0), spec(two, 0));
  EXPECT_NE(spec(one, 1), spec(two, 1));
  EXPECT_EQ(spec(one, 1), spec(three, 1));
  EXPECT_EQ(spec(two, 1)->request.query.at(0).second, "b");
  EXPECT_EQ(spec(one, 0)->request.path, "/eu/rewards/");
  EXPECT_EQ(spec(three, 0)->request.path, "/asia/rewards/");
  EXPECT_EQ(*spec(three, 0)->map.columns.at(1).constant, "asia");
}

TEST_F(SharedSpecsTest, AConnectorThatChangedIsAnother) {
  auto const one = plan("one");
  auto text = std::string(connector);
  text.replace(text.find("size: 100"), 9, "size: 200");
  manifest_ = parse_manifest(text, "demo.yaml").value();
  auto const two = plan("two");
  EXPECT_EQ(spec(one, 0)->page.size->rows, 100);
  EXPECT_EQ(spec(two, 0)->page.size->rows, 200);
  EXPECT_NE(one.errors.handle(), two.errors.handle());
}

TEST_F(SharedSpecsTest, WhatNobodyHasIsForgotten) {
  std::weak_ptr<StreamSpec> gone;
  {
    auto const one = plan("one");
    gone = one.streams[0]->spec.handle();
    shared_.tidy();
    EXPECT_EQ(spec(plan("two"), 0), spec(one, 0)) << "one source still has it";
  }
  EXPECT_TRUE(gone.expired());
  shared_.tidy();
  EXPECT_EQ(spec(plan("three"), 0)->page.size->rows, 100);
}

TEST(SharedValue, AChangeIsSeenByItsOwnerOnly) {
  SharedValue<std::string> one(std::string("a"));
  auto two = one;
  EXPECT_EQ(one.handle(), two.handle());
  *two += "b";
  EXPECT_EQ(*std::as_const(one), "a");
  EXPECT_EQ(*std::as_const(two), "ab");
  auto const* place = &*std::as_const(two);
  two->append("c");
  EXPECT_EQ(&*std::as_const(two), place) << "what nobody else has is changed at its place";
}

}  // namespace
}  // namespace affsync::engine::shared_specs_test
