// Rows in COPY's binary form, however the server cuts them into messages.
#include "schema/store/copy_reader.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace affsync::schema::copy_reader_test {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string sized(std::string const& value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value.size() >> shift & 255U);
  }
  return bytes + value;
}

std::string const header("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19);
std::string const end("\xff\xff", 2);

std::string row(std::string const& first, std::string const& second) {
  return std::string("\0\2", 2) + sized(first) + sized(second);
}

class CopyPairs : public testing::Test {
 protected:
  Rows rows;
  PairReader::Take const take = [this](std::string_view first, std::string_view second) {
    rows.emplace_back(first, second);
  };
};

TEST_F(CopyPairs, AreTheSameHoweverTheBytesAreCut) {
  Rows const wanted{{"a", std::string("\0\xff\t\\", 4)}, {"", ""}, {std::string(300, 'x'), "2"}};
  std::string bytes = header;
  for (auto const& [first, second] : wanted) bytes += row(first, second);
  bytes += end;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    rows.clear();
    PairReader reader(take);
    for (std::size_t at = 0; at < bytes.size(); at += piece) reader.add(bytes.substr(at, piece));
    EXPECT_EQ(rows, wanted) << piece;
    EXPECT_TRUE(reader.ended()) << piece;
  }
}

TEST_F(CopyPairs, NoneAreAnEndToo) {
  PairReader reader(take);
  reader.add(header + end);
  EXPECT_TRUE(rows.empty());
  EXPECT_TRUE(reader.ended());
}

TEST_F(CopyPairs, AnAnswerThatBreaksOffIsNoEnd) {
  auto const bytes = header + row("a", "b") + row("c", "d");
  for (auto const size : {std::size_t(0), std::size_t(5), header.size(), bytes.size() - 1}) {
    PairReader reader(take);
    reader.add(bytes.substr(0, size));
    EXPECT_FALSE(reader.ended()) << size;
  }
}

}  // namespace
}  // namespace affsync::schema::copy_reader_test
