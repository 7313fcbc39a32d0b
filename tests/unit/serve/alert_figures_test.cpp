// The metrics of alerts.
#include "daemon/serve/alert_figures.hpp"

#include <gtest/gtest.h>

namespace affsync::serve::alert_figures_test {
namespace {

std::string written(AlertFigures const& figures) {
  Exposition out;
  figures.write(out);
  return out.take();
}

bool has(std::string const& text, std::string const& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(AlertFigures, AlertsByRuleAndState) {
  AlertFigures figures;
  EXPECT_EQ(written(figures), "");  // nothing was judged yet
  schema::AlertCount lowered, silence;
  lowered.rule = "commission_lowered";
  lowered.open = 3;
  lowered.muted = 1;
  silence.rule = "silence";
  silence.failed = true;
  figures.on_standing({lowered, silence}, {});
  auto const text = written(figures);
  EXPECT_TRUE(has(text, "affsync_alerts{rule=\"commission_lowered\",state=\"open\"} 3")) << text;
  EXPECT_TRUE(has(text, "affsync_alerts{rule=\"commission_lowered\",state=\"muted\"} 1")) << text;
  EXPECT_TRUE(has(text, "affsync_alerts{rule=\"silence\",state=\"open\"} 0")) << text;
  EXPECT_TRUE(has(text, "affsync_alert_rule_failed{rule=\"silence\"} 1")) << text;
}

TEST(AlertFigures, ReceiversOfTheConfigurationOnly) {
  AlertFigures figures;
  figures.on_receivers({"ops", "phone"});
  schema::AlertQueue ops, past;
  ops.receiver = "ops";
  ops.waiting = 2;
  past.receiver = "past";
  past.waiting = 9;
  figures.on_standing({}, {ops, past});
  figures.on_attempt("ops", false, TimePoint(Duration(0)));
  figures.on_attempt("ops", true, TimePoint(std::chrono::seconds(60)));
  figures.on_attempt("past", true, TimePoint(std::chrono::seconds(60)));
  auto const text = written(figures);
  EXPECT_TRUE(has(text, "affsync_alert_messages_waiting{receiver=\"ops\"} 1"))
      << text;  // one was sent since
  EXPECT_TRUE(has(text, "affsync_alert_messages_waiting{receiver=\"phone\"} 0")) << text;
  EXPECT_TRUE(has(text, "affsync_alert_attempts_total{receiver=\"ops\",outcome=\"sent\"} 1"));
  EXPECT_TRUE(has(text, "affsync_alert_attempts_total{receiver=\"ops\",outcome=\"failed\"} 1"));
  EXPECT_TRUE(has(text, "affsync_alert_last_sent_timestamp_seconds{receiver=\"ops\"} 60")) << text;
  EXPECT_EQ(text.find("past"), std::string::npos) << text;
  figures.on_receivers({"phone"});
  EXPECT_EQ(written(figures).find("ops"), std::string::npos);
}

}  // namespace
}  // namespace affsync::serve::alert_figures_test
