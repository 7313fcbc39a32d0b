// A manifest's stream prepared for one source: overrides applied, ${…} substituted, columns
// resolved to indexes. Immutable and shared by every run of the stream.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/shared_value.hpp"
#include "base/source_settings.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/credentials.hpp"

namespace affsync::engine {

struct StreamPlan {
  std::string source;
  std::string stream;
  std::string hash_salt;         // salt for hashes of personal values
  SharedValue<StreamSpec> spec;  // overrides applied, settings substituted
  std::string base_url;
  Privacy privacy = Privacy::drop;
  bool path_known = true;  // false: the user must configure a path first
  bool of_file = false;    // true: of a file, which nobody is asked for by its days
  bool adds_only = false;  // true: of a file, while others hold other rows; none has vanished
  bool own_days = false;   // true: of a file; of each slice only the rows whose own day is in it
  bool has_needs = true;   // false: `spec.needs` names a credential that the source did not give

  RecordTable const& table() const { return *spec->map.table; }
  // Returns why the stream cannot be read: path_unknown, or permission_denied if a credential that
  // the stream needs is missing; nullopt if it can be read.
  std::optional<Error> obstacle() const;
  // Adds the connector's advice to an error that says that the broker does not know the path.
  Error advised(Error error) const;
};

// Returns true if commission rows of the stream can say that they were paid, so that the others are
// unpaid: as the connector says, or if it does not say, whether the status can become `paid`.
bool has_paid_state(StreamSpec const& stream);

// Everything that is needed to read a source.
struct SourcePlan {
  std::string source;
  std::string connector;
  std::string connector_hash;  // of the connector file
  std::string base_url;
  // Distinguishes the source from other accounts at the same address; reveals no credential.
  std::string account;
  bool account_by_login = false;  // derived from what names the account, not from a key or nothing
  std::vector<std::string> former_accounts;
  AuthSpec auth;  // settings substituted; credentials are not
  AuthExtras extras;
  std::optional<SignatureSpec> signature;
  Credentials credentials;
  std::set<std::string>
      open_credentials;  // of these, those that may be shown, such as a login name
  RateSpec rate;
  SharedValue<std::vector<ErrorRule>> errors;
  std::vector<std::shared_ptr<StreamPlan const>> streams;  // all streams of the connector
};

class SharedSpecs;

// Shares with other sources what is in `shared`, if it is given. Errors: config_invalid for a
// missing or unknown credential, setting or stream, a page size above the connector's maximum, an
// unknown zone.
Result<SourcePlan> make_source_plan(Manifest const& manifest, SourceSettings const& settings,
                                    SharedSpecs* shared = nullptr);

// Returns the salt for hashes of personal values of a source that was not stored before. It does
// not depend on the source's name.
std::string hash_salt_of(SourcePlan const& plan);
// Changes the salt of the plan and of its streams.
void set_hash_salt(SourcePlan& plan, std::string const& salt);

// Columns of the stream's tables and members of the broker's row that may hold personal data: what
// is personal, and what is read from that.
struct PersonalNames {
  std::vector<std::string> columns, members;
};
PersonalNames personal_names(StreamPlan const& plan);

// Substitutes one ${…} placeholder; other names stay as they are. Used for tokens and credentials
// at the last moment, so that plans hold no secret text.
std::string substitute(std::string_view text, std::string_view name, std::string_view value);

}  // namespace affsync::engine
