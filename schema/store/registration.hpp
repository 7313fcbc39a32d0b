// Which row of affsync.source is which source of the configuration. A source is its account at a
// broker; its name is only how the configuration calls it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A row of affsync.source.
struct KnownSource {
  int source_id = 0;
  std::string name, connector, base_url;
  std::optional<std::string> account, hash_salt, privacy;
  bool retired = false;
  bool read = true;  // something of it was read: until then nothing hangs on whose it is
  KnownSource() = default;
};

// What is to be done about one source of the configuration.
struct SourceDecision {
  std::optional<int> source_id;         // the row that it is; nullopt: a new one
  std::optional<std::string> old_name;  // it has another one from now on
  bool renewed_key = false;             // same name, another key, no login name: the same account
  bool moved = false;                   // another address than before
  bool other_privacy = false;           // its rows were read under another setting
  bool changed = false;                 // the row has to be written
  SourceDecision() = default;
};

// In the order of `wanted`. Throws Failure config_invalid where a name stands for another account
// than the stored rows are of.
std::vector<SourceDecision> decide_sources(std::vector<KnownSource> const& known,
                                           std::vector<SourceRegistration> const& wanted,
                                           std::set<std::string> const& configured);

// All sources and streams of a configuration in one transaction, whatever their number.
// `configured`: all of its names, also of sources that are not among these.
std::vector<SourceRegistered> register_all(PgSession& session, std::string const& instance,
                                           std::vector<SourceRegistration> const& wanted,
                                           std::vector<std::string> const& configured);

// Puts a source back that the database has lost, under its old number: it lags behind the one that
// it took over from. Throws Failure database_error when the name is somebody else's there by now.
void restore_source(PgSession& session, int source_id, SourceRegistration const& source);

// Says which sources a daemon's configuration names. Those that it named before and no longer does
// are retired, unless another daemon names them.
void claim_sources(PgSession& session, std::string const& instance,
                   std::vector<std::string> const& names);

}  // namespace affsync::schema
