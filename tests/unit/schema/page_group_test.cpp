// Pages that may be stored in one transaction, and those that may not.
#include "schema/store/page_group.hpp"

#include <gtest/gtest.h>

namespace affsync::schema::page_group_test {
namespace {

struct Given {
  std::string key, amount;
};

PageWrite page(std::vector<Given> const& rows, std::string checkpoint = "{}") {
  auto const* table = find_record_table("commission");
  Batch batch(*table);
  Row row;
  for (auto const& [key, amount] : rows) {
    row.reset(*table);
    row.external_id = key;
    row.raw = "{}";
    row.values.at(*table->index_of("amount")) = amount;
    batch.append(row);
  }
  PageWrite write;
  write.batches.push_back(std::move(batch));
  write.checkpoint = std::move(checkpoint);
  return write;
}

std::vector<std::string> keys_of(PageWrite const& write) {
  std::vector<std::string> keys;
  for (auto const& batch : write.batches) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      auto const amount = batch.table().index_of("amount");
      keys.push_back(std::string(batch.external_id(row)) + "=" + batch.cell(row, *amount));
    }
  }
  return keys;
}

TEST(PageGroup, JoinsPagesInTheirOrderWithTheLastCheckpoint) {
  PageGroup group;
  auto first = page({{"a", "1"}, {"b", "2"}}, "1"), second = page({{"c", "3"}}, "2");
  EXPECT_TRUE(group.empty());
  EXPECT_TRUE(group.add(first));
  EXPECT_TRUE(group.add(second));
  EXPECT_EQ(group.rows(), 3u);
  auto const write = group.take();
  EXPECT_TRUE(group.empty());
  EXPECT_EQ(keys_of(write), (std::vector<std::string>{"a=1", "b=2", "c=3"}));
  EXPECT_EQ(write.checkpoint, "2");
  EXPECT_EQ(write.pages, 2);
}

// To copy the rows of a page costs the I/O thread more than a transaction costs.
TEST(PageGroup, RowsOfPagesAreNotCopied) {
  PageGroup group;
  auto first = page({{"a", "1"}, {"b", "2"}}), second = page({{"b", "2"}, {"c", "3"}});
  auto const* const row = second.batches.front().raw(1);
  ASSERT_TRUE(group.add(first));
  ASSERT_TRUE(group.add(second));
  auto const write = group.take();
  ASSERT_EQ(write.batches.size(), 2u);
  EXPECT_EQ(static_cast<void const*>(write.batches.back().raw(0)), row);
}

TEST(PageGroup, ARowThatTwoPagesShareIsStoredOnceAndCountsAsUnchanged) {
  PageGroup group;
  auto first = page({{"a", "1"}, {"b", "2"}}), second = page({{"b", "2.0"}, {"c", "3"}});
  EXPECT_TRUE(group.add(first));
  EXPECT_TRUE(group.add(second));
  auto const write = group.take();
  EXPECT_EQ(keys_of(write), (std::vector<std::string>{"a=1", "b=2", "c=3"}));
  EXPECT_EQ(write.repeated, 1);
}

TEST(PageGroup, ARowThatDiffersBetweenPagesIsWrittenTwice) {
  PageGroup group;
  auto first = page({{"a", "1"}}), second = page({{"b", "1"}, {"a", "2"}}, "second");
  EXPECT_TRUE(group.add(first));
  EXPECT_FALSE(group.add(second));
  EXPECT_EQ(keys_of(second), (std::vector<std::string>{"b=1", "a=2"})) << "it is left as it was";
  EXPECT_EQ(second.checkpoint, "second");
  EXPECT_EQ(keys_of(group.take()), std::vector<std::string>{"a=1"});
  EXPECT_TRUE(group.add(second));
}

TEST(PageGroup, APageBeforeTheOthersComesFirstAndLeavesTheirCheckpoint) {
  PageGroup group;
  auto second = page({{"c", "3"}, {"d", "4"}}, "2"), third = page({{"e", "5"}}, "3");
  ASSERT_TRUE(group.add(second));
  ASSERT_TRUE(group.add(third));
  auto first = page({{"a", "1"}, {"c", "3"}, {"b", "2"}}, "1");
  first.pages = 4;
  first.repeated = 7;
  EXPECT_TRUE(group.add_before(first));
  auto const write = group.take();
  EXPECT_EQ(keys_of(write), (std::vector<std::string>{"a=1", "b=2", "c=3", "d=4", "e=5"}));
  EXPECT_EQ(write.checkpoint, "3");
  EXPECT_EQ(write.pages, 6);
  EXPECT_EQ(write.repeated, 8) << "c is stored once";
}

// Both versions belong into the history, in their order.
TEST(PageGroup, APageBeforeTheOthersIsRefusedIfARowDiffers) {
  PageGroup group;
  auto second = page({{"a", "1"}, {"b", "2"}}, "2");
  ASSERT_TRUE(group.add(second));
  auto first = page({{"x", "0"}, {"b", "9"}}, "1");
  EXPECT_FALSE(group.add_before(first));
  EXPECT_EQ(keys_of(first), (std::vector<std::string>{"x=0", "b=9"})) << "it is as it was";
  EXPECT_EQ(group.rows(), 2u);
  auto third = page({{"x", "7"}}, "3");
  EXPECT_TRUE(group.add(third)) << "nothing of the refused page was noted";
  EXPECT_EQ(keys_of(group.take()), (std::vector<std::string>{"a=1", "b=2", "x=7"}));

  // A row that only the page before has is one of the group's from then on.
  ASSERT_TRUE(group.add(third = page({{"c", "3"}}, "3")));
  ASSERT_TRUE(group.add_before(first = page({{"a", "1"}}, "1")));
  auto again = page({{"a", "2"}}, "4");
  EXPECT_FALSE(group.add(again));
}

TEST(PageGroup, APageThatPutsRowsAsideOrIsOfAnotherSliceIsWrittenAlone) {
  auto const refuses = [](auto change) {
    PageGroup group, other;
    auto plain = page({{"a", "1"}}), special = page({{"b", "1"}});
    change(special);
    bool const after = group.add(plain) && group.add(special);
    auto again = page({{"a", "1"}}), first = page({{"b", "1"}});
    change(first);
    bool const before = other.add(first) && other.add(again);
    return !after && !before;
  };
  EXPECT_TRUE(refuses([](PageWrite& write) { write.quarantined.push_back({"q", "bad", "{}"}); }));
  EXPECT_TRUE(refuses([](PageWrite& write) {
    write.left_out.emplace_back(find_record_table("commission"), std::vector<std::string>{"x"});
  }));
  EXPECT_TRUE(refuses([](PageWrite& write) { write.retried.push_back(1); }));
  EXPECT_TRUE(refuses([](PageWrite& write) { write.lost.emplace_back(); }));
  EXPECT_TRUE(refuses([](PageWrite& write) { write.scope.emplace(); }));
}

TEST(PageGroup, NullsStayNullWhenRowsAreLeftOut) {
  PageGroup group;
  auto first = page({{"a", "1"}}), second = page({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ASSERT_TRUE(group.add(first));
  ASSERT_TRUE(group.add(second));
  auto const write = group.take();
  auto const& batch = write.batches.back();
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_STREQ(batch.external_id(1), "c");
  EXPECT_EQ(batch.cell(1, *batch.table().index_of("currency")), nullptr);
  EXPECT_STREQ(batch.raw(1), "{}");
  EXPECT_NE(batch.hash(0), batch.hash(1));
}

}  // namespace
}  // namespace affsync::schema::page_group_test
