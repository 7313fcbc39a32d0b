// A manifest's stream made ready for one source: overrides applied, ${…} substituted, columns
// resolved to indexes. Immutable and shared by every run of the stream.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/source_settings.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

struct StreamPlan {
  std::string source;
  std::string stream;
  std::string hash_salt;  // what hashes of personal values are made with, besides the value
  StreamSpec spec;        // overrides applied, settings substituted
  std::string base_url;
  Privacy privacy = Privacy::drop;
  bool path_known = true;  // false: the user has to give a path first
  bool has_needs = true;   // false: `spec.needs` names a credential that the source did not give

  RecordTable const& table() const { return *spec.map.table; }
  // Why there is no use in asking: path_unknown, or permission_denied without a credential that the
  // stream needs; nullopt when it can be read.
  std::optional<Error> obstacle() const;
  // With what the connector advises where the broker knows no such path.
  Error advised(Error error) const;
};

// Whether rows of the stream's commission ever say that they were paid, so that the others are
// unpaid: what the connector says of it, else whether the status can become `paid`.
bool has_paid_state(StreamSpec const& stream);

// Everything a source needs to be read.
struct SourcePlan {
  std::string source;
  std::string connector;
  std::string connector_hash;  // of the connector file
  std::string base_url;
  std::string account;  // tells it from other accounts at that address; gives no credential away
  bool account_by_login = false;  // made of what names the account, not of a key or of nothing
  std::vector<std::string> former_accounts;
  AuthSpec auth;  // settings substituted; credentials are not
  std::optional<SignatureSpec> signature;
  std::map<std::string, Secret> credentials;
  std::set<std::string>
      open_credentials;  // of these, those that may be shown, such as a login name
  RateSpec rate;
  std::vector<ErrorRule> errors;
  std::vector<std::shared_ptr<StreamPlan const>> streams;  // all of the connector's
};

// Errors: config_invalid for a missing or unknown credential, setting or stream, a page size above
// the connector's maximum, an unknown zone.
Result<SourcePlan> make_source_plan(Manifest const& manifest, SourceSettings const& settings);

// What hashes of personal values are made with unless the source was met before: it does not change
// with the source's name.
std::string hash_salt_of(SourcePlan const& plan);
// The plan with hashes made with another salt.
void set_hash_salt(SourcePlan& plan, std::string const& salt);

// Columns of any of the stream's tables that may hold something personal, and members of the
// broker's row that may.
struct PersonalNames {
  std::vector<std::string> columns, members;
};
PersonalNames personal_names(StreamPlan const& plan);

// Puts values into ${…} places; names without a value stay as they are. Used for tokens and
// credentials at the last moment, so that plans hold no secret text.
std::string substitute(std::string_view text, std::string_view name, std::string_view value);

}  // namespace affsync::engine
