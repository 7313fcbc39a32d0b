// Decides who is told what, and writes the messages. Blocking; used on an executor's thread, within
// the transaction of judge_alerts().
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/alerts/causes.hpp"
#include "schema/store/alerts/words.hpp"

namespace affsync::schema {

// When the quiet hours end that `now` is in; nullopt: it is in none. Throws pqxx::sql_error if
// PostgreSQL does not know the zone.
std::optional<TimePoint> quiet_until(pqxx::transaction_base& tx, QuietHours const& quiet,
                                     TimePoint now);

// Returns the numbers of an array of PostgreSQL's in its text form.
std::vector<std::int64_t> numbers_of(std::string_view array);

// Whoever takes messages locks their table before its rows. What is written by judge_alerts() would
// lock it after them, and each would wait for the other.
void lock_messages(pqxx::transaction_base& tx);

// True for an open mute `m` of the alert `a`; $1 is the time.
extern char const* const is_muted_sql;

class Telling {
 public:
  Telling(pqxx::transaction_base& tx, AlertPolicy const& policy, JudgedScope const& scope,
          std::optional<TimePoint> quiet)
      : tx_(tx), policy_(policy), scope_(scope), quiet_(quiet) {}

  // Alerts that were found again after they were closed: a message that they are over is taken back
  // if it has not been sent yet, else they are told anew.
  void come_back(std::vector<std::int64_t> const& ids);
  // The state of these has changed, and messages about them that wait have to say so.
  void changed(std::vector<std::int64_t> const& ids);
  // Tells all that has to be told; returns the alerts that have grown.
  std::vector<std::int64_t> tell();
  std::int64_t messages() const { return messages_; }

 private:
  // A message that waits, and that nobody has tried to send.
  struct Waiting {
    std::int64_t id = 0;  // 0: a new one
    std::string receiver, kind, event;
    std::vector<std::int64_t> alerts;
    TimePoint not_before{};
    bool changed = false;
    bool catches_up = false;  // it tells what was given up
    bool has(std::int64_t alert) const;
  };
  struct ToTell {
    AlertRow alert;
    std::string kind;
    bool follows = false;  // others of its event have been told already
    bool outdoes = false;  // it is graver than all of them, or ten times as much as they together
    std::optional<std::set<std::string>> told_to;  // nullopt: not known
  };

  void load();
  std::vector<ToTell> to_tell();
  void flapping();
  TimePoint due_of(ToTell const& told, std::string const& receiver);
  void add(ToTell const& told, std::string const& receiver);
  // Tells in one message what a receiver missed and `told` does not tell.
  void catch_up(std::vector<ToTell> const& told);
  bool may_disturb(std::string const& rule) const;
  void write();
  void note_told(std::vector<ToTell> const& told);

  pqxx::transaction_base& tx_;
  AlertPolicy const& policy_;
  JudgedScope const& scope_;
  std::optional<TimePoint> const quiet_;
  bool loaded_ = false;
  std::vector<Waiting> waiting_;
  std::set<std::int64_t> flapping_now_;
  std::map<std::string, std::vector<std::int64_t>> told_to_;  // by receiver
  std::int64_t messages_ = 0;
};

}  // namespace affsync::schema
