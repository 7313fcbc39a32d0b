// What a configuration tells the database of its sources, and what it learns about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/learned_rate.hpp"

namespace affsync::schema {

struct SourceIdentity {
  std::string name, connector, base_url;
  std::string account;  // distinguishes sources with the same connector and address
  SourceIdentity() = default;
};

struct StreamRegistration {
  std::string stream;
  std::string table;
  bool in_reports = true;  // false: repeats data of another stream of the source
  bool enabled = true;
  std::optional<bool> has_paid_state;  // its commission rows show whether they were paid
  std::string mapping;                 // hash of the mapping from rows to columns; empty: unknown
  std::string keys;                    // hash of what makes the keys of rows; empty: unknown
  std::string taken;                   // hash of what decides which rows are taken; empty: unknown
  std::string hidden;  // hash of which parts of the keys are stored as hashes; empty: unknown
  std::string cut;     // hash of how a window cuts days; "-": it does not; empty: unknown
  StreamRegistration() = default;
};

// A source of the configuration, with all streams of its connector.
struct SourceRegistration {
  SourceIdentity identity;
  bool account_by_login = false;             // `account` is made from a login name, not from a key
  std::vector<std::string> former_accounts;  // earlier values of `account`
  std::string hash_salt;                     // for a new source
  std::string privacy;                       // drop, hash or keep
  std::vector<StreamRegistration> streams;
  SourceRegistration() = default;
};

// When a stream was read and is due, for a daemon that starts.
struct StreamTimes {
  std::string stream;
  std::optional<TimePoint> last_success_at, next_run_at;
  bool running = false;  // a run has not ended; perhaps because of a crash
  StreamTimes() = default;
};

struct SourceRegistered {
  int source_id = 0;
  // As text. With the number it tells sources apart: a number may be given out again after a backup
  // was restored, and nothing changes this.
  std::string created_at;
  std::string hash_salt;                // salt for hashes of personal data
  std::optional<std::string> old_name;  // previous name, if it changed
  bool renewed_key = false;             // the key changed; it is assumed to be the same account
  // Another affsync reads the same account under this name: it is not a renamed source.
  std::optional<std::string> read_as;
  // A source that has just left the configuration, under another name and address or key; this new
  // one may be the same account.
  std::optional<std::string> resembles;
  bool shared = false;         // another configuration contains it, also one that only commands use
  bool moved = false;          // the address changed: all rows are read again
  bool other_privacy = false;  // the privacy setting changed: all rows are read again
  // Streams whose mapping changed: all their rows are read again.
  std::vector<std::string> other_mapping;
  // Those whose keys are made in another way: what is stored under the old ones goes.
  std::vector<std::string> other_keys;
  // Those whose windows cut days in another way: all their rows are read again, too.
  std::vector<std::string> other_cut;
  // Those that its connector no longer has: since this registration reports omit their rows.
  std::vector<std::string> withdrawn;
  std::vector<StreamTimes> times;           // of streams that were read before
  std::optional<LearnedRate> learned_rate;  // what earlier processes were refused at this address
  SourceRegistered() = default;
};

}  // namespace affsync::schema
