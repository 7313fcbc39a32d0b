// What sources of one connector have in common, so that a thousand of them keep it once: the
// prepared description of each stream, and the connector's rules of errors. Two sources share a
// stream if they override the same of it, and give the same to the settings that it names.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/shared_value.hpp"
#include "base/source_settings.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/settings.hpp"

namespace affsync::engine {

// What a source's configuration changes of a stream's description.
struct StreamOverrides {
  std::optional<bool> enabled;
  std::optional<bool> in_reports;
  std::optional<int> keeps_days;
  std::optional<Day> start;
  std::optional<int> lookback_days;
  std::optional<int> page_size;
  std::optional<std::string> path;
  std::vector<std::pair<std::string, std::string>> query;
  friend auto operator<=>(StreamOverrides const&, StreamOverrides const&) = default;
};
StreamOverrides overrides_of(StreamSettings const& settings);

class SharedSpecs {
 public:
  // Returns the stream's description with the settings' values in it. `prepare(overrides, spec)`
  // applies the overrides; it and the settings may throw Failure.
  template <class Prepare>
  SharedValue<StreamSpec> prepared(Manifest const& manifest, StreamSpec const& stream,
                                   StreamOverrides overrides, SettingValues const& values,
                                   Prepare const& prepare) {
    Kind kind{manifest.hash, stream.name, std::move(overrides)};
    if (auto const known = find(kind, values)) return SharedValue<StreamSpec>(known);
    auto spec = std::make_shared<StreamSpec>(stream);
    prepare(std::get<StreamOverrides>(kind), *spec);
    values.take_used();
    values.fill(*spec);
    keep(std::move(kind), values, spec);
    return SharedValue<StreamSpec>(std::move(spec));
  }
  SharedValue<std::vector<ErrorRule>> errors_of(Manifest const& manifest);

  // Forgets what no source has any more.
  void tidy();

 private:
  using Kind = std::tuple<std::string, std::string, StreamOverrides>;
  struct Known {
    std::set<std::string> settings;  // those that the stream names
    std::map<std::vector<std::string>, std::weak_ptr<StreamSpec>> by_values;
  };
  std::shared_ptr<StreamSpec> find(Kind const& kind, SettingValues const& values) const;
  void keep(Kind kind, SettingValues const& values, std::shared_ptr<StreamSpec> const& spec);

  std::map<Kind, Known> streams_;
  std::map<std::string, std::weak_ptr<std::vector<ErrorRule>>> errors_;
};

}  // namespace affsync::engine
