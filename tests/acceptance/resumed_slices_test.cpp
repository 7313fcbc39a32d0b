// What the first pages of a slice have shown counts after a stop within the slice, though the run
// that reads its last page has not seen them.
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::resumed_slices_test {
namespace {

using std::chrono::days;

std::string day(int ago) {
  return format_day(std::chrono::floor<days>(std::chrono::system_clock::now()) - days(ago));
}

class ResumedSlices : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    for (int ago = 40; ago > 10; --ago) books.push_back(row(ago));
  }
  void start(std::string const& more = "") {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    records: rows
    page: {type: offset, size: 10}
    key: id
    where: {state: paid}
    map:
      amount: {from: sum, required: true}
      currency: {const: USD}
      occurred_on: {from: day, as: date}
)" + more + "    window: {from: since, to: till, span: 60d, start: " +
                         day(45) + ", column: occurred_on}\n",
                     "{key: kk-planted-key}", [this](Asked const& asked) {
                       auto const offset = asked.number("offset", 0);
                       if (stops && offset > 15) return reply("{}", "403 Forbidden");
                       std::vector<std::string> listed;
                       for (auto const& one : books) {
                         auto const at = one.substr(one.size() - 12, 10);
                         if (at >= asked("since") && at <= asked("till")) listed.push_back(one);
                       }
                       return reply(R"({"rows":)" + slice(listed, offset, 10) + "}");
                     });
  }
  static std::string row(int ago, std::string const& sum = "1.50",
                         std::string const& state = "paid", std::string const& lots = "2") {
    return R"({"id":"d)" + std::to_string(ago) + R"(","sum":")" + sum + R"(","state":")" + state +
           R"(","lots":")" + lots + R"(","day":")" + day(ago) + "\"}";
  }
  void stop_and_resume(std::vector<std::string> const& arguments = {}) {
    stops = true;
    EXPECT_EQ(pass(arguments).status, 1);
    stops = false;
    asked();
    pass(arguments);
    EXPECT_GT(asked().front().number("offset", 0), 0) << "it is not resumed";
  }
  std::vector<std::string> books;
  bool stops = false;
};

TEST_F(ResumedSlices, a_bad_row_before_the_stop_is_asked_for_until_it_is_mended) {
  books[1] = row(39, "broken");
  start();
  stop_and_resume();
  EXPECT_EQ(live_count(), "29");
  EXPECT_EQ(query("select count(*) from affsync.coverage where state = 'doubtful'"), "1");
  books[1] = row(39);
  pass();
  EXPECT_EQ(live_count(), "30");
  EXPECT_EQ(open_reasons(), "");
  EXPECT_EQ(query("select count(*) from affsync.coverage where state = 'doubtful'"), "0");
}

TEST_F(ResumedSlices, a_row_that_left_the_filter_before_the_stop_is_marked) {
  start();
  EXPECT_EQ(pass().status, 0);
  books[1] = row(39, "1.50", "refused");
  stop_and_resume({"--full"});
  pass();
  EXPECT_EQ(marked(), "d39");
}

// The last row of a page comes again with the next one. What is stored of it then is not what is
// wrong with it.
TEST_F(ResumedSlices, a_stored_row_resolves_nothing_of_another_table) {
  books[9] = row(31, "1.50", "paid", "many");
  start(
      "    also:\n      - {table: metric, map: {volume_lots: {from: lots, required: true},"
      " occurred_on: {from: day, as: date}}}\n");
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1) << synced.out << synced.err;
  EXPECT_EQ(live_count(), "30");
  EXPECT_NE(open_reasons().find("metric: "), std::string::npos) << open_reasons();
  books[9] = row(31);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(open_reasons(), "");
}

}  // namespace
}  // namespace affsync::test::resumed_slices_test
