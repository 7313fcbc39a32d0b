#include "tests/fuzz/plans.hpp"

#include "base/batch.hpp"
#include "base/embedded_file.hpp"
#include "connectors/engine/plan/auth_choice.hpp"

namespace affsync {
extern EmbeddedFile const fuzz_files[];
}

namespace affsync::fuzz {
namespace {

std::vector<engine::Manifest> parse_all() {
  auto manifests = engine::builtin_manifests().value();
  manifests.push_back(
      engine::parse_manifest(fuzz_files[0].text, std::string(fuzz_files[0].name)).value());
  return manifests;
}

std::vector<StreamUnderTest> make_streams(Privacy privacy) {
  static auto const manifests = parse_all();
  std::vector<StreamUnderTest> streams;
  for (auto const& manifest : manifests) {
    auto settings = settings_for(manifest);
    settings.privacy = privacy;
    auto const source = engine::make_source_plan(manifest, settings).value();
    for (auto const& plan : source.streams) {
      StreamUnderTest stream;
      stream.name = manifest.name + "/" + plan->stream;
      stream.plan = plan;
      stream.mappers.emplace_back(*plan, plan->spec->map);
      for (auto const& mapping : plan->spec->also) stream.mappers.emplace_back(*plan, mapping);
      streams.push_back(std::move(stream));
    }
  }
  return streams;
}

}  // namespace

StreamUnderTest const& stream_under_test(std::string_view name, std::string_view privacy) {
  static auto const dropping = make_streams(Privacy::drop);
  static auto const hashing = make_streams(Privacy::hash);
  static auto const keeping = make_streams(Privacy::keep);
  auto const& streams = privacy == "hash" ? hashing : privacy == "keep" ? keeping : dropping;
  for (auto const& stream : streams) {
    if (stream.name == name) return stream;
  }
  return streams[hash_key(name) % streams.size()];
}

SourceSettings settings_for(engine::Manifest const& manifest) {
  SourceSettings settings;
  settings.name = "fuzz";
  if (manifest.base_url.empty()) settings.base_url = "https://broker.example/api";
  auto const sets = engine::credential_sets(manifest);
  for (auto const& name : sets.front()) {
    settings.credentials.emplace(name, Secret("c0untersign"));
  }
  for (auto const& setting : manifest.settings) {
    if (setting.required) settings.settings.emplace(setting.name, "UTC");
  }
  return settings;
}

}  // namespace affsync::fuzz
