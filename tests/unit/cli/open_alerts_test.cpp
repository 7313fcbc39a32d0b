// The line about open alerts at the end of `sync` and `status`.
#include "daemon/cli/open_alerts.hpp"

#include <gtest/gtest.h>

namespace affsync::cli::open_alerts_test {
namespace {

TEST(OpenAlertsLine, CountsThemAndSaysNothingOfNone) {
  OpenAlerts alerts;
  EXPECT_EQ(open_alerts_line(alerts), "");
  EXPECT_FALSE(alerts.is_news());
  alerts.all = 1200;
  EXPECT_EQ(open_alerts_line(alerts), "1,200 alerts are open: `affsync alerts` lists them.\n");
  alerts.muted = 1200;
  EXPECT_FALSE(alerts.is_news());
}

// What could not be asked is not none.
TEST(OpenAlertsLine, SaysThatTheyAreNotKnown) {
  OpenAlerts alerts;
  alerts.known = false;
  EXPECT_EQ(open_alerts_line(alerts),
            "Whether alerts are open is not known: the database did not answer.\n");
  EXPECT_TRUE(alerts.is_news());
}

}  // namespace
}  // namespace affsync::cli::open_alerts_test
