// What the configuration gives a connector: its credentials and settings, checked against what the
// connector declares, and the settings put into their `${settings.NAME}` places.
#pragma once

#include <map>
#include <string>

#include "base/secret.hpp"
#include "connectors/engine/manifest.hpp"

namespace affsync::engine {

// Throws Failure(config_invalid) for a credential that is unknown, missing or empty, or that holds
// a line break (which would break the header it goes into).
void check_credentials(Manifest const& manifest, std::map<std::string, Secret> const& given);

class SettingValues {
 public:
  // Throws Failure(config_invalid) for a setting that is unknown or missing.
  SettingValues(Manifest const& manifest, std::map<std::string, std::string> const& given);

  // Put the values into every place of a text, a request, a stream. A stream's zones are checked
  // here, since only now they are known: Failure(config_invalid).
  void fill(std::string& text) const;
  void fill(RequestSpec& request) const;
  void fill(StreamSpec& stream) const;

 private:
  void fill_zone(std::string& zone, StreamSpec const& stream) const;
  void fill(TableMapping& mapping, StreamSpec const& stream) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace affsync::engine
