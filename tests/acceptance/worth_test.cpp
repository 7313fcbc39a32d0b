// How a run judges itself: quarantined rows, answers in another format, totals that differ, a time
// limit, a pass that read nothing.
#include <atomic>
#include <future>

#include "tests/acceptance/own_broker.hpp"
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/clock/wall_clock.hpp"

namespace affsync::test::worth_test {
namespace {

std::string good(int id) {
  return R"({"id":"r)" + std::to_string(id) + R"(","amount":"1.50","currency":"USD"})";
}
std::string bad(int id) {
  return R"({"id":"r)" + std::to_string(id) + R"(","amount":"n/a","currency":"USD"})";
}

class Worth : public PlainAcceptance {
 protected:
  // A list in pages of two, whose rows can be changed.
  void serve_pages() {
    page_yaml = "{type: page, size: 2}";
    serve([this](std::string const& target) {
      auto const first = 2 * (std::stoul(parameter_of(target, "page")) - 1);
      std::vector<std::string> page;
      for (auto i = first; i < std::min(rows_of_broker.size(), first + 2); ++i) {
        page.push_back(rows_of_broker[i]);
      }
      return answer_of(page.empty() ? R"({"data":[]})" : list_of(page));
    });
  }
  std::string cursor() { return query("select cursor::text from affsync.stream_state"); }

  std::vector<std::string> rows_of_broker;
};

TEST_F(Worth, a_row_in_quarantine_makes_each_run_partial_until_it_is_accepted) {
  serve_rows({good(1), bad(2), good(3)});
  for (int pass = 0; pass < 2; ++pass) {
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1) << synced.out;
    EXPECT_EQ(synced.of("rows", "status"), "partial");
    EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined");
    auto const error = synced.of("rows", "error");
    EXPECT_EQ(error.find("1 of 3 rows cannot be stored: "), 0U) << error;
    EXPECT_NE(error.find("amount"), std::string::npos) << error;
    EXPECT_NE(error.find("(1)"), std::string::npos) << error;
  }
  EXPECT_EQ(query("select consecutive_failures from affsync.stream_state"), "0");
  execute("update affsync.quarantine set accepted_at = now(), accepted_by = 'me'");
  auto const known = sync();
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_EQ(known.of("rows", "status"), "succeeded");
  EXPECT_EQ(known.of("rows", "error"), "null");
}

TEST_F(Worth, a_stream_of_which_most_rows_are_accepted_is_no_other_format) {
  serve_rows({bad(1), bad(2), good(3)});
  EXPECT_EQ(sync().of("rows", "error_code"), "mapping_failed");
  execute("update affsync.quarantine set accepted_at = now(), accepted_by = 'me'");
  auto const known = sync();
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_EQ(known.of("rows", "status"), "succeeded");
  EXPECT_EQ(query("select string_agg(external_id, ' ') from affsync.commission"), "r3");
}

TEST_F(Worth, reasons_are_counted_the_most_frequent_first) {
  std::vector<std::string> list;
  for (int i = 0; i < 8; ++i) list.push_back(good(i));
  list.push_back(bad(8));
  list.push_back(bad(9));
  list.push_back(R"({"id":"r10","amount":"1","day":"the day after"})");
  serve_rows(list);
  auto const error = sync().of("rows", "error");
  EXPECT_EQ(error.find("3 of 11 rows cannot be stored: "), 0U) << error;
  auto const two = error.find("(2)"), one = error.find("(1)");
  EXPECT_NE(two, std::string::npos) << error;
  EXPECT_NE(one, std::string::npos) << error;
  EXPECT_LT(two, one);
}

// They are on several pages, each of which is stored in quarantine.
TEST_F(Worth, first_rows_of_which_none_maps_fail_and_move_nothing) {
  rows_of_broker = {good(1), good(2), good(3)};
  serve_pages();
  ASSERT_EQ(sync().status, 0);
  auto const before = cursor();
  rows_of_broker = {bad(4), bad(5), bad(6), bad(7), bad(8), bad(9), good(10), good(11)};
  for (int pass = 0; pass < 3; ++pass) {
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "mapping_failed");
    EXPECT_NE(synced.of("rows", "error").find("amount"), std::string::npos) << synced.out;
    EXPECT_EQ(synced.count("rows", "quarantined"), 6);
    EXPECT_EQ(synced.count("rows", "inserted"), 0);
  }
  EXPECT_EQ(cursor(), before);
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"), "3");
  EXPECT_EQ(query("select consecutive_failures from affsync.stream_state"), "3");
  // The broker's answers are correct again.
  rows_of_broker = {good(1), good(2), good(3), good(4)};
  EXPECT_EQ(sync().of("rows", "status"), "succeeded");
}

TEST_F(Worth, a_pass_of_which_more_than_half_does_not_map_fails) {
  rows_of_broker = {good(1), good(2), good(3), bad(4), bad(5), bad(6), bad(7)};
  serve_pages();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "mapping_failed");
  EXPECT_NE(synced.of("rows", "error").find("4 of 7 rows"), std::string::npos) << synced.out;
  EXPECT_EQ(query("select coalesce(cursor::text, 'none') from affsync.stream_state"), "none");
  // Exactly half of the rows is not more than half.
  rows_of_broker.pop_back();
  EXPECT_EQ(sync().of("rows", "error_code"), "rows_quarantined");
}

TEST_F(Worth, totals_that_differ_make_a_run_partial_unless_told_to_warn) {
  OwnBroker own;
  connector = "own";
  credentials_yaml = "{}";
  base_url = own.url();
  use_connector("own", OwnBroker::connector());
  own.set_rows({R"({"id":"1","state":"paid","amount":"10.50","currency":"USD"})"}, "10.75");
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("earnings", "status"), "partial") << synced.out;
  EXPECT_EQ(synced.of("earnings", "error_code"), "totals_differ");
  EXPECT_NE(synced.of("earnings", "error").find("10.75"), std::string::npos) << synced.out;
  source_yaml = "    reconcile: warn\n";
  configure();
  EXPECT_EQ(sync().of("earnings", "status"), "succeeded");
  streams_yaml = "      earnings: {reconcile: strict}\n";
  configure();
  EXPECT_EQ(sync().of("earnings", "status"), "partial");
  source_yaml.clear();
  streams_yaml = "      earnings: {reconcile: warn}\n";
  configure();
  auto const warned = sync();
  EXPECT_EQ(warned.status, 0);
  EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "1");
}

TEST_F(Worth, a_run_that_reaches_its_time_limit_goes_on_and_is_no_failure) {
  WallClock clock;
  clock.add_to_environment(environment);
  for (int i = 0; i < 6; ++i) rows_of_broker.push_back(good(i));
  serve_pages();
  auto const pages = [&](std::string const& target) {
    auto const page = std::stoul(parameter_of(target, "page"));
    if (page == 2) clock.set_ahead(std::chrono::hours(7));
    std::vector<std::string> rows;
    for (auto i = 2 * (page - 1); i < std::min<std::size_t>(6, 2 * page); ++i) {
      rows.push_back(rows_of_broker[i]);
    }
    return answer_of(rows.empty() ? R"({"data":[]})" : list_of(rows));
  };
  serve(pages);
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.of("rows", "status"), "continued");
  EXPECT_EQ(synced.count("rows", "inserted"), 4);
  EXPECT_EQ(query("select status || ' ' || coalesce(error_code, '-') from affsync.sync_run"),
            "continued -");
  EXPECT_EQ(query("select consecutive_failures || ' ' || coalesce(last_success_at::text, '-')"
                  " from affsync.stream_state"),
            "0 -");
  // The next pass resumes after the page that was read last.
  plain().forget_requests();
  auto const rest = sync();
  EXPECT_EQ(rest.of("rows", "status"), "succeeded") << rest.out;
  EXPECT_EQ(plain().targets().front().find("page=1&"), std::string::npos);
  EXPECT_EQ(query("select count(*) from affsync.commission"), "6");
}

TEST_F(Worth, a_pass_in_which_every_stream_is_held_by_another_is_no_success) {
  std::promise<void> release;
  auto const released = release.get_future().share();
  std::atomic<int> asked = 0;
  serve([&](std::string const&) {
    if (asked++ == 1) released.wait_for(std::chrono::seconds(60));
    return answer_of(list_of({good(1)}));
  });
  ASSERT_EQ(sync().status, 0);
  auto const first = start({"sync", "--output", "json"});
  wait_until("select count(*) from affsync.sync_run where status = 'running'", "1");
  auto const second = sync();
  release.set_value();
  EXPECT_EQ(second.status, 1) << second.out;
  EXPECT_EQ(second.of("rows", "status"), "skipped");
  EXPECT_EQ(second.of("rows", "error_code"), "lease_lost");
  EXPECT_EQ(first->wait(), 0);
}

}  // namespace
}  // namespace affsync::test::worth_test
