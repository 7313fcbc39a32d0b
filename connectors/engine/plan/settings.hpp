// The settings that the configuration gives a connector: checked against what the connector
// declares, and substituted for `${settings.NAME}`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

class SettingValues {
 public:
  // Throws Failure(config_invalid) for a setting that is unknown or missing.
  SettingValues(Manifest const& manifest, std::map<std::string, std::string> const& given);

  // Substitute the values in a text, a request, a stream. The zones of a stream are checked here,
  // because their values are known only now: Failure(config_invalid).
  void fill(std::string& text) const;
  void fill(RequestSpec& request) const;
  void fill(StreamSpec& stream) const;
  // Also checks that header names are still valid: Failure(config_invalid).
  void fill(AuthOption& option) const;

  // Returns the names of the settings whose values were filled in since the last call.
  std::set<std::string> take_used() const { return std::exchange(used_, {}); }
  // Returns the value of a setting that the connector declares.
  std::string const& value(std::string const& name) const { return values_.find(name)->second; }

 private:
  void fill_zone(std::string& zone, StreamSpec const& stream) const;
  void fill(TableMapping& mapping, StreamSpec const& stream) const;
  void fill_header(std::string& name) const;
  void fill(SignatureSpec& signature) const;

  std::map<std::string, std::string, std::less<>> values_;
  mutable std::set<std::string> used_;
};

}  // namespace affsync::engine
