// What receivers were not told: messages that were given up, and receivers that are no longer
// configured. Blocking; used on an executor's thread, within the transaction of judge_alerts().
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/alerts/causes.hpp"

namespace affsync::schema {

// Further causes of an event wait so long after its last message, for each other.
inline constexpr std::chrono::minutes for_stragglers{15};

// The receivers of the configuration that a rule is told to.
std::vector<std::string> receivers_of(AlertPolicy const& policy, std::string const& rule);

// Closes the messages that wait for receivers which are no longer configured, notes in the alerts
// what was given up, and lets go what waits longer than the quiet hours of now (until `quiet`, if
// it is quiet) are the reason for. Locks affsync.alert_message if there is something to do.
void settle_messages(pqxx::transaction_base& tx, AlertPolicy const& policy,
                     JudgedScope const& scope, std::optional<TimePoint> quiet);

// Open alerts that were told, but to none of the receivers that their rule has now, are as if they
// had not been told. Not those that one of these missed, see missed_alerts().
void tell_others(pqxx::transaction_base& tx, AlertPolicy const& policy, JudgedScope const& scope);

struct MissedAlert {
  std::int64_t alert_id = 0;
  std::string rule, receiver;
  MissedAlert() = default;
};
// Open alerts that were told, and not muted, with each receiver that missed them.
std::vector<MissedAlert> missed_alerts(pqxx::transaction_base& tx, AlertPolicy const& policy);

// Receivers for whom a message waits that tells what they missed, and that was tried already.
std::vector<std::string> catching_up(pqxx::transaction_base& tx);

// Notes that a message to this receiver tells of these alerts.
void note_told_to(pqxx::transaction_base& tx, std::string const& receiver,
                  std::vector<std::int64_t> const& alerts);

// When the receiver took the last message about an event, if it was lately.
std::optional<TimePoint> last_sent(pqxx::transaction_base& tx, std::string const& receiver,
                                   std::string const& event, TimePoint now);

}  // namespace affsync::schema
