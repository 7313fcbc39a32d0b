// What people are told: judging the rules, the messages in their order for each receiver, and
// mutes. Blocking; used on an executor's thread. The rules themselves are in base/alert_rules.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::schema {

class PgSession;

// What the configuration says of one rule. A rule that it does not name is on, with its defaults,
// and told to everyone.
struct AlertRule {
  std::string name;
  bool enabled = true;
  // Only those that were given, in the form of read_alert_setting().
  std::map<std::string, std::string> settings;
  std::vector<std::string> receivers;  // empty: all
  AlertRule() = default;
};

struct QuietHours {
  int from = 0, to = 0;  // minutes of the day; `to` may be the smaller one, past midnight
  std::string zone = "UTC";
  std::vector<std::string> except;  // rules that are told all the same
  QuietHours() = default;
};

// What the database does not know of the sources.
struct SourceNow {
  struct Stream {
    std::string name;
    std::chrono::seconds interval{0};  // between its runs
    TimePoint since{};  // it counts as late from here on: when the daemon began to run it
    Stream() = default;
  };
  std::string name;
  std::vector<Stream> streams;
  SourceNow() = default;
};

// The disk under the database, if it is ours: what the database may have of it, and what is left.
struct DiskNow {
  std::int64_t free_bytes = 0, size_bytes = 0;
};

struct AlertPolicy {
  std::vector<AlertRule> rules;
  std::vector<std::string> receivers;
  std::optional<QuietHours> quiet;
  std::vector<SourceNow> sources;
  std::optional<DiskNow> disk;
  // Whether messages may hold names of clients, where the privacy setting keeps them.
  bool personal = false;
  // How long a message about an event waits for further causes of it. Zero if all that is to be
  // found has been found, as at the end of `sync`.
  std::chrono::seconds settle{60};
  // No rule may hold up the others for longer.
  std::chrono::milliseconds rule_limit{30'000};
  TimePoint now{};
  AlertPolicy() = default;
};

struct AlertChanges {
  struct Failed {
    std::string rule;
    Error error;
    Failed() = default;
  };
  bool busy = false;                                // another daemon was judging: nothing was done
  std::vector<std::int64_t> opened, grown, closed;  // alerts
  std::int64_t messages = 0;                        // written or changed
  std::vector<Failed> failed;                       // rules whose query failed; the others count
  std::optional<Error> quiet_failed;                // PostgreSQL does not know the zone
  std::chrono::milliseconds took_by_slow{0};        // by rules that rest themselves from now on
  AlertChanges() = default;
  bool any() const { return !opened.empty() || !grown.empty() || !closed.empty(); }
};

// Runs the query of each rule, opens, keeps and closes alerts, and writes the messages
// about them, all in one transaction. Sends NOTIFY affsync for each alert that opens or closes.
// Of one source a rule tells 200 causes, and then how many more there are; while there are more,
// none of the source's is closed. A rule that took longer than a second rests for twenty times as
// long, ten minutes at most.
AlertChanges judge_alerts(PgSession& session, AlertPolicy const& policy);

struct AlertMessage {
  std::int64_t message_id = 0;
  std::string receiver;
  std::string kind;  // opened, grown, closed, flapping, held_back
  std::vector<std::int64_t> alert_ids;
  int held_back = 0;
  std::string title, body;
  std::string document;  // JSON
  std::string key;       // the same in each attempt
  TimePoint created_at{};
  int attempts = 0;  // that have failed
  AlertMessage() = default;
};

struct TakeMessages {
  std::string receiver;
  TimePoint now{};
  std::string token;               // a UUID of the sender
  std::chrono::seconds lease{60};  // nobody else takes them meanwhile
  int per_hour = 20;               // most messages to the receiver in an hour
  // What has waited (for the receiver, or for the bound of an hour) is quiet in these hours too.
  std::optional<QuietHours> quiet;
  int most = 1;
  TakeMessages() = default;
};

// After so many attempts a message that the receiver refuses lets others past.
inline constexpr int attempts_in_order = 5;

// Takes the next messages of a receiver, in order: none while an earlier one is being sent or waits
// for its next attempt (but see attempts_in_order), and none beyond the bound of an hour. What the
// bound holds back becomes one message that says how many it stands for.
std::vector<AlertMessage> take_messages(PgSession& session, TakeMessages const& take);
// False if the lease was lost meanwhile: another daemon may send it again, with the same key.
bool note_sent(PgSession& session, std::int64_t message_id, std::string const& token,
               TimePoint now);
enum class AlertAttempt { again, given_up, lease_lost };
// Why an attempt failed. `refused`: the receiver does not want this message; it may take others.
struct FailedAttempt {
  std::string error;
  bool refused = false;
  TimePoint next{};  // when it is tried again
  FailedAttempt() = default;
};
// A message is given up after a day. What of it is still open is told by another one, written by
// the next judgement, which is tried once an hour, and when the receiver has taken another.
AlertAttempt note_failed(PgSession& session, std::int64_t message_id, std::string const& token,
                         FailedAttempt const& failed, TimePoint now);

// How the messages of a receiver stand.
struct AlertQueue {
  std::string receiver;
  std::int64_t waiting = 0;  // not sent, not given up
  std::optional<TimePoint> oldest;
  std::optional<TimePoint> due;         // when the first of them may be taken; unset: being sent
  std::int64_t sent = 0, given_up = 0;  // of the last day
  std::int64_t missed =
      0;                   // open alerts that it has not been told of, since a message was given up
  std::string last_error;  // of the first one that waits
  AlertQueue() = default;
};
std::vector<AlertQueue> read_alert_queues(PgSession& session, TimePoint now);

struct AlertFilter {
  bool open_only = true;
  std::string source;  // empty: all
  int most = 1000;     // the latest
  AlertFilter() = default;
};

struct AlertLine {
  std::int64_t alert_id = 0;
  std::string rule, severity, source, stream, subject, event, cause;
  TimePoint opened_at{}, seen_at{};
  std::optional<TimePoint> closed_at, happened_at, told_at, flapping_since;
  int openings = 1;
  std::string currency, amount, amount_usd;  // empty: none
  std::string figures;                       // JSON
  std::string title, text, remedy, shown_by;
  bool muted = false;
  std::optional<TimePoint> muted_until;  // unset although muted: until it is ended by hand
  std::string muted_by;
  AlertLine() = default;
};
// Open ones first, then the latest.
std::vector<AlertLine> list_alerts(PgSession& session, AlertFilter const& filter, TimePoint now);

// For metrics.
struct AlertCount {
  std::string rule;
  std::int64_t open = 0, muted = 0, flapping = 0;
  bool failed = false;  // its query
  AlertCount() = default;
};
// One for each rule.
std::vector<AlertCount> count_alerts(PgSession& session, TimePoint now);

struct AlertMute {
  std::string rule;           // or
  std::int64_t alert_id = 0;  // one of the two
  std::optional<TimePoint> until;
  std::string system_user;  // recorded with the database's user
  std::string reason;
  TimePoint now{};
  AlertMute() = default;
};
// Throws Failure usage if there is no such rule or alert. Returns the number of the mute.
std::int64_t mute_alerts(PgSession& session, AlertMute const& mute);
// Ends the mutes of the rule or alert; returns how many there were.
std::int64_t unmute_alerts(PgSession& session, AlertMute const& mute);

// Closed alerts and messages that are older; counts them with `dry_run`, else removes some of them.
std::int64_t prune_alerts(PgSession& session, Duration keep, bool dry_run);

}  // namespace affsync::schema
