// Memory that comes as zeros and can be given back in parts.
#include "base/zeroed_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>

namespace affsync::zeroed_pages_test {
namespace {

TEST(ZeroedPages, AreWholePagesOfZeros) {
  EXPECT_EQ(ZeroedPages().size(), 0u);
  EXPECT_EQ(ZeroedPages(0).data(), nullptr);
  ZeroedPages const pages(513);
  EXPECT_EQ(pages.size(), 1024u);
  EXPECT_TRUE(std::all_of(pages.data(), pages.data() + 1024, [](auto word) { return word == 0; }));
  EXPECT_THROW(ZeroedPages(SIZE_MAX / 8), std::bad_alloc);
}

TEST(ZeroedPages, WhatIsGivenBackIsZeroAndTheRestStays) {
  struct Range {
    std::size_t from, to;
  };
  for (auto const& [from, to] : {Range{0, 4096}, Range{1, 4095}, Range{512, 1024}, Range{600, 700},
                                 Range{511, 513}, Range{700, 1024}, Range{9, 9}}) {
    ZeroedPages pages(4096);
    std::fill_n(pages.data(), 4096, 7);
    pages.give_back(from, to);
    for (std::size_t i = 0; i < 4096; ++i) {
      ASSERT_EQ(pages.data()[i], i >= from && i < to ? 0u : 7u) << from << ' ' << to << ' ' << i;
    }
  }
}

TEST(ZeroedPages, MoveWithoutACopy) {
  ZeroedPages first(10);
  first.data()[0] = 5;
  auto const* const at = first.data();
  ZeroedPages second(std::move(first));
  EXPECT_EQ(second.data(), at);
  first = std::move(second);
  EXPECT_EQ(first.data(), at);
  EXPECT_EQ(first.data()[0], 5u);
}

}  // namespace
}  // namespace affsync::zeroed_pages_test
