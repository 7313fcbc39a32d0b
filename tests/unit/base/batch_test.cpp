// Rows packed for COPY, and the hash that shows whether a row has changed.
#include "base/batch.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/tables.hpp"

namespace affsync::batch_test {
namespace {

class BatchTest : public testing::Test {
 protected:
  BatchTest() { row_.reset(table_); }

  std::optional<std::string>& cell(std::string_view column) {
    return row_.values.at(table_.index_of(column).value());
  }
  ContentHash hash() const {
    Batch batch(table_);
    batch.append(row_);
    return batch.hash(0);
  }

  RecordTable const& table_ = *find_record_table("commission");
  Row row_;
};

TEST_F(BatchTest, CellsComeBackAsTheyWentIn) {
  row_.external_id = "id-1";
  row_.raw = "{\"a\":1}";
  cell("amount") = "1.50";
  cell("currency") = "";
  Batch batch(table_);
  batch.append(row_);
  row_.reset(table_);
  row_.external_id = "id-2";
  batch.append(row_);

  ASSERT_EQ(batch.size(), 2u);
  EXPECT_STREQ(batch.external_id(0), "id-1");
  EXPECT_STREQ(batch.raw(0), "{\"a\":1}");
  EXPECT_STREQ(batch.cell(0, *table_.index_of("amount")), "1.50");
  EXPECT_STREQ(batch.cell(0, *table_.index_of("currency")), "");
  EXPECT_EQ(batch.cell(0, *table_.index_of("kind")), nullptr);
  EXPECT_STREQ(batch.external_id(1), "id-2");
  EXPECT_EQ(batch.cell(1, *table_.index_of("amount")), nullptr);
}

TEST_F(BatchTest, ErasedRowsLeaveTheOthersInTheirOrder) {
  auto const filled = [&] {
    Batch batch(table_);
    for (int i = 0; i < 6; ++i) {
      row_.reset(table_);
      row_.external_id = std::to_string(i);
      row_.raw = "{\"n\":" + std::to_string(i) + "}";
      if (i % 2 == 1) cell("amount") = std::to_string(i) + ".5";
      batch.append(row_);
    }
    return batch;
  };
  auto const whole = filled();
  auto const left = [&](std::vector<std::size_t> const& gone) {
    auto batch = filled();
    batch.erase(gone);
    std::string keys;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      auto const was = static_cast<std::size_t>(std::stoi(batch.external_id(row)));
      auto const amount = *table_.index_of("amount");
      EXPECT_EQ(batch.hash(row), whole.hash(was));
      EXPECT_EQ(batch.key_hash(row), hash_key(batch.external_id(row)));
      EXPECT_STREQ(batch.raw(row), whole.raw(was));
      EXPECT_STREQ(batch.cell(row, amount), whole.cell(was, amount));
      keys += batch.external_id(row);
    }
    return keys;
  };
  EXPECT_EQ(left({}), "012345");
  EXPECT_EQ(left({0}), "12345");
  EXPECT_EQ(left({5}), "01234");
  EXPECT_EQ(left({1, 2, 4}), "035");
  EXPECT_EQ(left({0, 1, 2, 3, 4, 5}), "");

  auto batch = filled();
  batch.erase({0, 3});
  row_.reset(table_);
  row_.external_id = "new";
  batch.append(row_);
  EXPECT_EQ(batch.size(), 5u);
  EXPECT_STREQ(batch.external_id(3), "5");
  EXPECT_STREQ(batch.external_id(4), "new");
  EXPECT_EQ(batch.key_hash(4), hash_key("new"));
  Batch copied(table_);
  copied.append(batch, 3);
  EXPECT_EQ(copied.key_hash(0), hash_key("5"));
}

TEST_F(BatchTest, EqualContentHasEqualHashes) {
  cell("amount") = "1.50";
  row_.raw = "{}";
  auto const first = hash();
  row_.external_id = "another key";  // the key is not content
  EXPECT_EQ(hash(), first);
}

// Hashes of rows that were stored before a column existed stay valid, so that an upgrade does not
// write every row again. The expected hash is that of the content without the column.
TEST_F(BatchTest, AColumnAddedLaterLeavesTheHashOfRowsWithoutIt) {
  row_.raw = "{}";
  std::string content;
  for (auto const& column : table_.columns) {
    if (!column.added_later && !column.volatile_value) content += '\0';
  }
  EXPECT_EQ(hash(), hash_content(content + "{}"));
  auto const without = hash();
  cell("partner_rate") = "30";
  auto const with = hash();
  EXPECT_NE(with, without);
  cell("partner_rate") = "30.0";
  EXPECT_EQ(hash(), with);
}

TEST_F(BatchTest, ShiftedCellsDiffer) {
  cell("client_ref") = "x";
  auto const in_first = hash();
  row_.reset(table_);
  cell("account") = "x";
  EXPECT_NE(hash(), in_first);

  row_.reset(table_);
  cell("client_ref") = "ab";
  cell("account") = "c";
  auto const ab_c = hash();
  cell("client_ref") = "a";
  cell("account") = "bc";
  EXPECT_NE(hash(), ab_c);
}

TEST_F(BatchTest, NullEmptyAndControlCharactersDiffer) {
  auto const null = hash();
  cell("symbol") = "";
  auto const empty = hash();
  EXPECT_NE(empty, null);
  for (auto const* text : {"\1", "=", " "}) {
    cell("symbol") = text;
    EXPECT_NE(hash(), null) << text;
    EXPECT_NE(hash(), empty) << text;
  }
}

TEST_F(BatchTest, TrailingZeroOfANumberIsNoChange) {
  cell("amount") = "1.5";
  auto const before = hash();
  for (auto const* same : {"1.50", "1.5000"}) {
    cell("amount") = same;
    EXPECT_EQ(hash(), before) << same;
  }
  cell("amount") = "1.51";
  EXPECT_NE(hash(), before);
  // In a text such a zero is a change, and in a whole number it is not a fractional digit.
  cell("amount") = "10";
  auto const ten = hash();
  cell("amount") = "1";
  EXPECT_NE(hash(), ten);
}

TEST_F(BatchTest, ObservationTimesAreNoContent) {
  auto const before = hash();
  cell("occurred_from") = "2026-01-01T00:00:00Z";
  cell("occurred_to") = "2026-01-08T00:00:00Z";
  EXPECT_EQ(hash(), before);
  cell("occurred_at") = "2026-01-01T00:00:00Z";
  EXPECT_NE(hash(), before);
}

TEST_F(BatchTest, VolatileFreeRawReplacesRawInTheHash) {
  row_.raw = R"({"a":1,"ago":"3 weeks"})";
  auto const with_raw = hash();
  row_.volatile_free_raw = R"({"a":1})";
  auto const without = hash();
  EXPECT_NE(without, with_raw);
  row_.raw = R"({"a":1,"ago":"4 weeks"})";
  EXPECT_EQ(hash(), without);
}

TEST(ContentHash, HexIsHighThenLowWithLeadingZeros) {
  ContentHash hash;
  hash.high = 0x1;
  hash.low = 0xABCDEF0123456789;
  EXPECT_EQ(hash.to_hex(), "0000000000000001abcdef0123456789");
}

}  // namespace
}  // namespace affsync::batch_test
