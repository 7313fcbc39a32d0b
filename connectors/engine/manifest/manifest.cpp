#include "connectors/engine/manifest/manifest.hpp"

#include <algorithm>

#include "base/batch.hpp"
#include "base/embedded_file.hpp"
#include "connectors/engine/manifest/grammar.hpp"

namespace affsync {

// Made by cmake/embed.cmake from connectors/*.yaml.
extern EmbeddedFile const connector_files[];
extern unsigned const connector_files_count;

}  // namespace affsync

namespace affsync::engine {
namespace {

CredentialSpec read_credential(std::string const& name, yaml::Node const& node) {
  CredentialSpec credential;
  credential.name = name;
  if (node.is_null()) return credential;
  yaml::Map map(node, "the credential " + yaml::quoted(name));
  if (auto const text = map.find("description")) credential.description = text->text();
  if (auto const secret = map.find("secret")) credential.secret = secret->as_bool();
  if (auto const optional = map.find("optional")) credential.optional = optional->as_bool();
  map.finish();
  return credential;
}

SettingSpec read_setting(std::string const& name, yaml::Node const& node) {
  SettingSpec setting;
  setting.name = name;
  setting.required = true;
  if (node.is_null()) return setting;
  yaml::Map map(node, "the setting " + yaml::quoted(name));
  if (auto const text = map.find("description")) setting.description = text->text();
  if (auto const value = map.find("default")) {
    setting.default_value = value->text();
    setting.required = false;
  }
  map.finish();
  return setting;
}

void read_declarations(yaml::Map& map, Manifest& manifest, grammar::Declared& declared) {
  if (auto const node = map.find("credentials")) {
    for (auto const& [key, value] : node->entries()) {
      auto const name = key.text();
      grammar::check_name(key, name, "the name of a credential");
      manifest.credentials.push_back(read_credential(name, value));
      declared.credentials.push_back(name);
    }
  }
  if (auto const node = map.find("settings")) {
    for (auto const& [key, value] : node->entries()) {
      auto const name = key.text();
      grammar::check_name(key, name, "the name of a setting");
      manifest.settings.push_back(read_setting(name, value));
      declared.settings.push_back(name);
    }
  }
}

void read_base_url(yaml::Node const& node, Manifest& manifest) {
  manifest.base_url = node.text();
  if (!manifest.base_url.starts_with("https://") && !manifest.base_url.starts_with("http://")) {
    node.fail(yaml::quoted(manifest.base_url) + " is not the address of an API",
              "It begins with https://.");
  }
}

Manifest read_manifest(yaml::Node const& root, std::string const& file) {
  yaml::Map map(root, "a connector file");
  Manifest manifest;
  manifest.file = file;
  auto const name = map.require("name");
  manifest.name = name.text();
  grammar::check_name(name, manifest.name, "the name of a connector");
  manifest.title = manifest.name;
  if (auto const title = map.find("title")) manifest.title = title->text();
  if (auto const link = map.find("documentation")) manifest.documentation = link->text();
  if (auto const url = map.find("base_url")) read_base_url(*url, manifest);

  grammar::Declared declared;
  read_declarations(map, manifest, declared);
  manifest.auth = grammar::read_auth(map.require("auth"), declared);
  if (auto const rate = map.find("rate")) manifest.rate = grammar::read_rate(*rate);
  if (auto const errors = map.find("errors")) manifest.errors = grammar::read_errors(*errors);
  if (auto const good = map.find("good")) declared.good = grammar::read_good(*good);
  if (auto const raw = map.find("raw")) {
    grammar::read_raw(*raw, declared.raw_mapped_only, declared.raw_allow);
  }

  auto const streams = map.require("streams");
  for (auto const& [key, value] : streams.entries()) {
    auto const stream = key.text();
    grammar::check_name(key, stream, "the name of a stream");
    manifest.streams.push_back(grammar::read_stream(stream, value, declared));
  }
  if (manifest.streams.empty()) streams.fail("a connector needs a stream");
  map.finish();
  return manifest;
}

}  // namespace

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::vendor:
      return "vendor";
    case Evidence::third_party:
      return "third_party";
    case Evidence::none:
      return "none";
  }
  return "none";
}

std::string_view to_string(AnswerClass answer_class) {
  switch (answer_class) {
    case AnswerClass::ok:
      return "ok";
    case AnswerClass::throttled:
      return "throttled";
    case AnswerClass::transient:
      return "transient";
    case AnswerClass::auth_expired:
      return "auth_expired";
    case AnswerClass::auth_invalid:
      return "auth_invalid";
    case AnswerClass::permission:
      return "permission";
    case AnswerClass::not_found:
      return "not_found";
    case AnswerClass::bad_request:
      return "bad_request";
    case AnswerClass::window_too_large:
      return "window_too_large";
    case AnswerClass::clock_skew:
      return "clock_skew";
    case AnswerClass::empty:
      return "empty";
  }
  return "unknown";
}

StreamSpec const* Manifest::find_stream(std::string_view stream_name) const {
  auto const found = std::ranges::find(streams, stream_name, &StreamSpec::name);
  return found == streams.end() ? nullptr : &*found;
}

bool is_paging_parameter(PageSpec const& page, std::string_view name) {
  if (page.type == PageType::none) return false;
  return name == page.limit_parameter || (page.type != PageType::link && name == page.parameter);
}

bool is_window_parameter(StreamSpec const& stream, std::string_view name) {
  return stream.window &&
         (name == stream.window->from_parameter || name == stream.window->to_parameter);
}

bool WhereSpec::holds(Json const& row) const {
  auto const* value = path.in(row);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text && std::ranges::find(words, *text) != words.end();
}

bool StreamSpec::has_increments() const {
  return window || page.until_known ||
         std::ranges::any_of(parts, [](auto const& part) { return part.until_known; });
}

Result<Manifest> parse_manifest(std::string_view yaml, std::string const& file) {
  try {
    auto manifest = read_manifest(yaml::Node::parse(yaml, file), file);
    manifest.hash = hash_content(yaml).to_hex();
    return manifest;
  } catch (Failure const& failure) {
    return failure.error();
  }
}

Result<std::vector<Manifest>> builtin_manifests() {
  std::vector<Manifest> manifests;
  for (unsigned i = 0; i < connector_files_count; ++i) {
    auto const& file = connector_files[i];
    auto manifest = parse_manifest(file.text, std::string(file.name));
    if (!manifest) return manifest.error();
    manifests.push_back(std::move(*manifest));
  }
  return manifests;
}

}  // namespace affsync::engine
