// Lists that shift at every page, and rows that occur twice in one list.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::paging_shift_test {
namespace {

TEST(PagingShift, AListThatLosesARowBeforeEveryPageIsReadWithoutCrawling) {
  auto server = ListServer::with(3000);
  server.tells_total = false;  // so that no count reveals a lost row
  server.before_answer = [&](int request) {
    if (request > 1) server.ids.erase(server.ids.begin());
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  auto const ids = pass.ids();
  for (auto const& id : server.ids) EXPECT_TRUE(ids.contains(id)) << id;
  // 31 pages if nothing shifts. Stepping back a page each time would take hundreds.
  EXPECT_LE(server.requests, 45);
}

TEST(PagingShift, ARowThatStandsTwiceInEachPageCarriesNobodyPastAnother) {
  auto server = ListServer::with(120);
  std::vector<std::string> const list = server.ids;
  auto duplicate_in_page = [&](std::int64_t offset) {
    server.ids = list;
    auto const twice = static_cast<std::size_t>(offset) + 2;
    if (twice < list.size())
      server.ids.insert(server.ids.begin() + static_cast<long>(twice), list[twice]);
  };
  std::int64_t asked = 0;
  server.tells_total = false;
  server.before_answer = [&](int) {
    asked = server.offsets.empty() ? 0 : server.offsets.back();
    duplicate_in_page(asked);
  };
  auto const pass = read_all(list_plan(20, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  auto const ids = pass.ids();
  for (auto const& id : list) EXPECT_TRUE(ids.contains(id)) << id;
}

}  // namespace
}  // namespace affsync::engine::paging_shift_test
