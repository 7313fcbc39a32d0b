// What the configuration gives a connector: its settings, checked against what the connector
// declares, and put into their `${settings.NAME}` places.
#pragma once

#include <map>
#include <string>

#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

class SettingValues {
 public:
  // Throws Failure(config_invalid) for a setting that is unknown or missing.
  SettingValues(Manifest const& manifest, std::map<std::string, std::string> const& given);

  // Put the values into every place of a text, a request, a stream. A stream's zones are checked
  // here, since only now they are known: Failure(config_invalid).
  void fill(std::string& text) const;
  void fill(RequestSpec& request) const;
  void fill(StreamSpec& stream) const;
  // Also checks that a header's name is still one: Failure(config_invalid).
  void fill(AuthOption& option) const;

 private:
  void fill_zone(std::string& zone, StreamSpec const& stream) const;
  void fill(TableMapping& mapping, StreamSpec const& stream) const;
  void fill_header(std::string& name) const;
  void fill(SignatureSpec& signature) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace affsync::engine
