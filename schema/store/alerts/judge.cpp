#include "schema/store/alerts/alerts.hpp"

namespace affsync::schema {

AlertChanges judge_alerts(PgSession&, AlertPolicy const&) {
  return {};
}
std::vector<AlertMessage> take_messages(PgSession&, TakeMessages const&) {
  return {};
}
bool note_sent(PgSession&, std::int64_t, std::string const&, TimePoint) {
  return false;
}
AlertAttempt note_failed(PgSession&, std::int64_t, std::string const&, std::string const&,
                         TimePoint, TimePoint) {
  return AlertAttempt::lease_lost;
}
std::vector<AlertQueue> read_alert_queues(PgSession&, TimePoint) {
  return {};
}
std::vector<AlertLine> list_alerts(PgSession&, AlertFilter const&, TimePoint) {
  return {};
}
std::vector<AlertCount> count_alerts(PgSession&, TimePoint) {
  return {};
}
std::int64_t mute_alerts(PgSession&, AlertMute const&) {
  return 0;
}
std::int64_t unmute_alerts(PgSession&, AlertMute const&) {
  return 0;
}
std::int64_t prune_alerts(PgSession&, Duration, bool) {
  return 0;
}

}  // namespace affsync::schema
