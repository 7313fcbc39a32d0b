// Matches sources of the configuration with rows of affsync.source. The account at a broker
// identifies a source; its name in the configuration may change.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/programs.hpp"
#include "schema/store/registered_source.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A row of affsync.source.
struct KnownSource {
  int source_id = 0;
  std::string name, connector, base_url, created_at;
  std::optional<std::string> account, hash_salt, privacy;
  bool retired = false;
  bool read = true;     // data was read from it; until then its account may change freely
  bool held = false;    // a running daemon of another configuration names it
  bool newer = false;   // a running daemon of a newer version names it
  bool shared = false;  // another configuration contains it, also one that only commands use
  std::optional<LearnedRate> learned_rate;
  KnownSource() = default;
};

// How to register one source of the configuration.
struct SourceDecision {
  std::optional<int> source_id;         // its existing row; nullopt: create one
  std::optional<std::string> old_name;  // previous name, if it changed
  // The account is read under this other name by a running daemon of another configuration, so that
  // it is not taken for a renamed source.
  std::optional<std::string> read_as;
  // See SourceRegistered.
  std::optional<std::string> resembles;
  bool renewed_key = false;    // same name, other key, no login name: the same account
  bool moved = false;          // the address changed
  bool other_privacy = false;  // its rows were read under another privacy setting
  bool changed = false;        // the row must be updated
  SourceDecision() = default;
};

// Returns decisions in the order of `wanted`. Throws Failure config_invalid if the stored rows of a
// name belong to another account.
std::vector<SourceDecision> decide_sources(std::vector<KnownSource> const& known,
                                           std::vector<SourceRegistration> const& wanted,
                                           std::set<std::string> const& configured);

// What register_all() returns, in the order of `wanted`.
struct Registered {
  std::vector<SourceRegistered> sources;
  std::vector<RegisteredSource> known;
  Registered() = default;
};

// Registers all sources and streams of a configuration in one transaction. `configured`: all names
// of the configuration, also of sources that are not in `wanted`.
Registered register_all(PgSession& session, Program const& program,
                        std::vector<SourceRegistration> const& wanted,
                        std::vector<std::string> const& configured);

}  // namespace affsync::schema
