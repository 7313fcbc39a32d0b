// A mapper remembers what it decided about the members of rows. What it writes must not depend on
// the rows that it has seen.
#include "connectors/engine/rows/known_members.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "connectors/engine/rows/mapping.hpp"

namespace affsync::engine::known_members_test {
namespace {

std::shared_ptr<StreamPlan const> plan_with(Privacy privacy) {
  auto const manifest = parse_manifest(
      "name: b\nbase_url: https://b.example\nauth: {type: none}\n"
      "streams: {s: {path: /s, records: data, table: commission, key: id, personal: "
      "[note, client.login], map: {amount: sum, client_ref: client.id}}}",
      "b.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

// A row with some of these members in any order, and sometimes with names that no other row has.
std::string random_row(std::mt19937_64& random) {
  std::vector<std::string> members{
      R"("sum":"5.10")",     R"("email":"a@b.example")", R"("client":{"id":7,"login":"ann"})",
      R"("note":{"x":1})",   R"("a\"b\n":true)",         R"("manager":{"name":"Bob","level":2})",
      R"("currency":"USD")", R"("list":[{"skype":1}])",  R"("":null)",
      R"("phone":null)",     R"("name":"weekly")",       R"("names":[{"name":"x"}])"};
  std::shuffle(members.begin(), members.end(), random);
  members.resize(random() % (members.size() + 1));
  auto const strange = random() % 8 == 0 ? random() % 200 : 0;
  for (std::uint64_t i = 0; i < strange; ++i) {
    members.push_back("\"m" + std::to_string(random()) + (i % 3 == 0 ? "Email\":1" : "\":1"));
  }
  std::string text = R"({"id":1)";
  for (auto const& member : members) text += "," + member;
  return text + "}";
}

class KnownMembersTest : public testing::TestWithParam<Privacy> {};

TEST_P(KnownMembersTest, WhatIsWrittenDoesNotDependOnRowsBefore) {
  auto const plan = plan_with(GetParam());
  RowMapper const mapper(*plan, plan->spec->map);
  std::mt19937_64 random(1);
  Row out;
  for (int i = 0; i < 2000; ++i) {
    auto const row = parse_json(random_row(random)).value();
    mapper.map(row, {}, out);
    // This one has seen no row.
    ASSERT_EQ(out.raw, private_raw(*plan, row)) << row.dump();
  }
}

TEST_P(KnownMembersTest, OneMapperServesSeveralThreads) {
  auto const plan = plan_with(GetParam());
  RowMapper const mapper(*plan, plan->spec->map);
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned seed = 0; seed < 3; ++seed) {
      threads.emplace_back([&, seed] {
        std::mt19937_64 random(seed);
        Row out;
        for (int i = 0; i < 200; ++i) {
          auto const row = parse_json(random_row(random)).value();
          mapper.map(row, {}, out);
          if (out.raw != private_raw(*plan, row)) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Privacies, KnownMembersTest,
                         testing::Values(Privacy::drop, Privacy::hash, Privacy::keep));

TEST(KnownMembers, OrderOfTheNewestRowComesFirst) {
  KnownMembers known;
  auto const member = [](std::string name) {
    KnownMembers::Member one;
    one.name = std::move(name);
    return one;
  };
  known.learn({member("a"), member("b")});
  known.learn({member("c"), member("a")});
  KnownMembers::Reader reader(known);
  for (auto const* name : {"c", "a", "b", "c"}) {
    auto const* found = reader.find(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name, name);
  }
  EXPECT_FALSE(reader.missed());
  EXPECT_EQ(reader.find("d"), nullptr);
  EXPECT_TRUE(reader.missed());
}

// An endless stream of new names takes no memory without bounds.
TEST(KnownMembers, LearnsNoMoreThanAFewLists) {
  KnownMembers known;
  for (int i = 0; i < 100; ++i) {
    KnownMembers::Member one;
    one.name = std::to_string(i);
    known.learn({one});
  }
  KnownMembers::Reader reader(known);
  EXPECT_TRUE(known.is_full());
  EXPECT_NE(reader.find("15"), nullptr);
  EXPECT_EQ(reader.find("99"), nullptr);
}

}  // namespace
}  // namespace affsync::engine::known_members_test
