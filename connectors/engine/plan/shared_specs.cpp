#include "connectors/engine/plan/shared_specs.hpp"

namespace affsync::engine {
namespace {

std::vector<std::string> values_of(std::set<std::string> const& names,
                                   SettingValues const& values) {
  std::vector<std::string> all;
  for (auto const& name : names) all.push_back(values.value(name));
  return all;
}

}  // namespace

StreamOverrides overrides_of(StreamSettings const& settings) {
  StreamOverrides overrides;
  overrides.enabled = settings.enabled;
  overrides.in_reports = settings.in_reports;
  overrides.keeps_days = settings.keeps_days;
  overrides.start = settings.start;
  overrides.lookback_days = settings.lookback_days;
  overrides.page_size = settings.page_size;
  overrides.path = settings.path;
  overrides.query = settings.query;
  return overrides;
}

std::shared_ptr<StreamSpec> SharedSpecs::find(Kind const& kind, SettingValues const& values) const {
  auto const known = streams_.find(kind);
  if (known == streams_.end()) return nullptr;
  auto const& [settings, by_values] = known->second;
  auto const same = by_values.find(values_of(settings, values));
  return same == by_values.end() ? nullptr : same->second.lock();
}

void SharedSpecs::keep(Kind kind, SettingValues const& values,
                       std::shared_ptr<StreamSpec> const& spec) {
  if (std::get<0>(kind).empty()) return;  // a connector without a hash is not of a file
  auto& known = streams_[std::move(kind)];
  known.settings = values.take_used();
  known.by_values[values_of(known.settings, values)] = spec;
}

SharedValue<std::vector<ErrorRule>> SharedSpecs::errors_of(Manifest const& manifest) {
  auto& known = errors_[manifest.hash];
  auto rules = known.lock();
  if (!rules || manifest.hash.empty()) {
    rules = std::make_shared<std::vector<ErrorRule>>(manifest.errors);
    known = rules;
  }
  return SharedValue<std::vector<ErrorRule>>(std::move(rules));
}

void SharedSpecs::tidy() {
  for (auto& [kind, known] : streams_) {
    std::erase_if(known.by_values, [](auto const& entry) { return entry.second.expired(); });
  }
  std::erase_if(streams_, [](auto const& entry) { return entry.second.by_values.empty(); });
  std::erase_if(errors_, [](auto const& entry) { return entry.second.expired(); });
}

}  // namespace affsync::engine
