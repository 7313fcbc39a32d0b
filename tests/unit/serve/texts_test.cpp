// Durations, addresses and series as text.
#include <gtest/gtest.h>

#include "daemon/reports/spans.hpp"
#include "daemon/serve/exposition.hpp"
#include "daemon/serve/query_string.hpp"

namespace affsync::serve::texts_test {
namespace {

using namespace std::chrono_literals;

TEST(SpanText, uses_the_unit_that_people_would) {
  EXPECT_EQ(reports::span_text(0s), "0 s");
  EXPECT_EQ(reports::span_text(-5s), "0 s");
  EXPECT_EQ(reports::span_text(1500ms), "1 s");
  EXPECT_EQ(reports::span_text(59s), "59 s");
  EXPECT_EQ(reports::span_text(60s), "1 min");
  EXPECT_EQ(reports::span_text(90s), "90 s");
  EXPECT_EQ(reports::span_text(120s), "2 min");
  EXPECT_EQ(reports::span_text(15min), "15 min");
  EXPECT_EQ(reports::span_text(1h), "1 h");
  EXPECT_EQ(reports::span_text(6h + 59min), "6 h");
  EXPECT_EQ(reports::span_text(24h), "1 day");
  EXPECT_EQ(reports::span_text(47h), "47 h");
  EXPECT_EQ(reports::span_text(49h), "2 days");
}

TEST(RelativeText, knows_past_future_and_now) {
  TimePoint const now(1'700'000'000s);
  EXPECT_EQ(reports::relative_text(now, now), "now");
  EXPECT_EQ(reports::relative_text(now - 3min, now), "3 min ago");
  EXPECT_EQ(reports::relative_text(now + 10s, now), "in 10 s");
}

TEST(ParseTarget, decodes_path_and_parameters) {
  auto const target = parse_target("/a%20b?x=1&y=%C3%A9+z&empty=&flag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b");
  std::vector<std::pair<std::string, std::string>> const expected{
      {"x", "1"}, {"y", "é z"}, {"empty", ""}, {"flag", ""}};
  EXPECT_EQ(target->parameters, expected);
}

TEST(ParseTarget, keeps_a_plus_in_the_path_and_an_equals_in_a_value) {
  auto const target = parse_target("/a+b?x=1=2&&");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a+b");
  ASSERT_EQ(target->parameters.size(), 1U);
  EXPECT_EQ(target->parameters[0].second, "1=2");
}

TEST(ParseTarget, refuses_broken_escapes_and_nul) {
  for (char const* target : {"/%", "/%4", "/%g0", "/%00", "/?a=%", "/?%zz=1", "/%+1"}) {
    EXPECT_FALSE(parse_target(target)) << target;
  }
}

TEST(Exposition, a_family_has_its_header_once_and_none_without_series) {
  Exposition out;
  out.family("empty_total", "counter", "Nothing.");
  out.family("runs_total", "counter", "Runs.");
  out.series({{"a", "x"}, {"b", "y"}}, std::int64_t{9'007'199'254'740'993});
  out.series({}, 0.25);
  EXPECT_EQ(out.take(),
            "# HELP runs_total Runs.\n# TYPE runs_total counter\n"
            "runs_total{a=\"x\",b=\"y\"} 9007199254740993\nruns_total 0.25\n");
}

TEST(Exposition, each_bucket_of_a_histogram_counts_all_values_up_to_its_bound) {
  constexpr double bounds[] = {0.5, 1, 60};
  Histogram took(bounds);
  for (double const value : {0.25, 1.0, 1.5, 100.0}) took.observe(value);
  Exposition out;
  out.family("took_seconds", "histogram", "Time.");
  out.histogram({}, took);
  EXPECT_EQ(out.take(),
            "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n"
            "took_seconds_count 4\ntook_seconds_sum 102.75\n"
            "took_seconds_bucket{le=\"0.5\"} 1\ntook_seconds_bucket{le=\"1\"} 2\n"
            "took_seconds_bucket{le=\"60\"} 3\ntook_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST(Exposition, labels_of_a_histogram_come_before_its_bounds) {
  constexpr double bounds[] = {1};
  Exposition out;
  out.family("took_seconds", "histogram", "Time.");
  out.histogram({{"source", "s"}}, Histogram(bounds));
  EXPECT_EQ(out.take(),
            "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n"
            "took_seconds_count{source=\"s\"} 0\ntook_seconds_sum{source=\"s\"} 0\n"
            "took_seconds_bucket{source=\"s\",le=\"1\"} 0\n"
            "took_seconds_bucket{source=\"s\",le=\"+Inf\"} 0\n");
}

TEST(Exposition, decimal_text_is_written_as_it_is) {
  Exposition out;
  out.family("amount", "gauge", "Money.");
  out.series({{"currency", "USD"}}, "0.10000000000000000001");
  EXPECT_EQ(out.take(),
            "# HELP amount Money.\n# TYPE amount gauge\n"
            "amount{currency=\"USD\"} 0.10000000000000000001\n");
}

}  // namespace
}  // namespace affsync::serve::texts_test
