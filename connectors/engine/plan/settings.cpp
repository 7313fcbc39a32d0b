#include "connectors/engine/plan/settings.hpp"

#include <algorithm>

#include "base/suggest.hpp"
#include "base/yaml/node.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/values/json_texts.hpp"
#include "connectors/engine/values/time_zone.hpp"

namespace affsync::engine {
namespace {

[[noreturn]] void refuse_value(std::string message, std::string hint) {
  throw Failure(ErrorCode::config_invalid, std::move(message), std::move(hint));
}

// "login (the e-mail of …), password (its password)"
template <class Spec>
std::string wanted(std::vector<Spec> const& specs) {
  std::string list;
  for (auto const& spec : specs) {
    list += (list.empty() ? "" : ", ") + spec.name;
    if (!spec.description.empty()) list += " (" + spec.description + ")";
  }
  return list;
}

// `kind` is "credential" or "setting".
template <class Spec>
void refuse_unknown(Manifest const& manifest, std::vector<Spec> const& specs,
                    std::string const& name, std::string const& kind) {
  if (std::ranges::find(specs, name, &Spec::name) != specs.end()) return;
  std::vector<std::string> known;
  for (auto const& spec : specs) known.push_back(spec.name);
  auto const near = nearest(name, known);
  std::string hint = near ? "Did you mean `" + *near + "`? " : "";
  hint += known.empty() ? "It takes no " + kind + "s." : "It takes: " + wanted(specs) + ".";
  refuse_value(
      "connector " + yaml::quoted(manifest.name) + " has no " + kind + " " + yaml::quoted(name),
      std::move(hint));
}

}  // namespace

SettingValues::SettingValues(Manifest const& manifest,
                             std::map<std::string, std::string> const& given) {
  for (auto const& [name, value] : given) {
    refuse_unknown(manifest, manifest.settings, name, "setting");
    if (value.find("${") != std::string::npos) {
      refuse_value("the setting " + yaml::quoted(name) + " holds \"${\"", "Give a plain value.");
    }
    if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      refuse_value("the setting " + yaml::quoted(name) + " holds a control character",
                   "Give a plain value.");
    }
  }
  for (auto const& spec : manifest.settings) {
    auto const found = given.find(spec.name);
    if (found == given.end() && spec.required) {
      refuse_value("the setting " + yaml::quoted(spec.name) + " is missing",
                   "Connector " + yaml::quoted(manifest.name) +
                       " needs under `settings`: " + wanted(manifest.settings) + ".");
    }
    values_[spec.name] = found == given.end() ? spec.default_value : found->second;
  }
}

void SettingValues::fill(std::string& text) const {
  if (text.find("${") == std::string::npos) return;
  text = expand_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
    auto const setting = name_in_scope(name, "settings");
    if (!setting) return std::nullopt;
    auto const found = values_.find(*setting);
    if (found == values_.end()) return std::nullopt;
    used_.insert(found->first);
    return found->second;
  });
}

void SettingValues::fill(RequestSpec& request) const {
  if (request.body) {
    request.body->json = with_texts(request.body->json, [&](std::string text) {
      fill(text);
      return text;
    });
    for (auto& [name, value] : request.body->form) fill(value);
  }
  fill(request.path);
  for (auto* texts : {&request.query, &request.headers, &request.json, &request.form}) {
    for (auto& [name, value] : *texts) fill(value);
  }
}

void SettingValues::fill_header(std::string& name) const {
  auto const template_text = name;
  fill(name);
  if (!grammar::is_header_name(name) && name != template_text) {
    refuse_value(yaml::quoted(name) + ", the value of a setting, is not the name of an HTTP header",
                 "Use letters, digits and hyphens, such as X-Api-Key.");
  }
}

void SettingValues::fill(SignatureSpec& signature) const {
  for (auto& part : signature.parts) fill(part.text);
  fill(signature.prefix);
  for (auto& [name, value] : signature.signed_headers) fill(value);
  for (auto* name : {&signature.header, &signature.timestamp_header, &signature.nonce_header,
                     &signature.receive_window_header}) {
    fill_header(*name);
  }
}

void SettingValues::fill(AuthOption& option) const {
  if (auto* const fixed = std::get_if<StaticTokenAuth>(&option.auth)) {
    fill_header(fixed->header);
    fill(fixed->value);
  } else if (auto* const basic = std::get_if<BasicAuth>(&option.auth)) {
    fill_header(basic->header);
    fill(basic->user);
    fill(basic->password);
  } else if (auto* const login = std::get_if<LoginTokenAuth>(&option.auth)) {
    fill_header(login->header);
    fill(login->value);
    fill(login->login);
    if (login->refresh) fill(login->refresh->request);
    if (login->login_basic) {
      fill(login->login_basic->user);
      fill(login->login_basic->password);
    }
  }
  for (auto& [name, value] : option.extras.headers) fill(value);
  for (auto& [name, value] : option.extras.query) fill(value);
  if (option.signature) fill(*option.signature);
}

void SettingValues::fill_zone(std::string& zone, StreamSpec const& stream) const {
  fill(zone);
  if (!zone_exists(zone)) {
    refuse_value(
        yaml::quoted(zone) + " of stream " + yaml::quoted(stream.name) + " is not a time zone",
        "Use a name of the tz database, such as UTC or Europe/Moscow.");
  }
}

void SettingValues::fill(TableMapping& mapping, StreamSpec const& stream) const {
  for (auto& column : mapping.columns) {
    if (column.constant) fill(*column.constant);
    fill_zone(column.zone, stream);
    if (column.within) fill_zone(column.within->zone, stream);
  }
}

void SettingValues::fill(StreamSpec& stream) const {
  fill(stream.request);
  for (auto& part : stream.parts) {
    for (auto& [name, value] : part.query) fill(value);
  }
  if (stream.window) fill_zone(stream.window->zone, stream);
  if (stream.for_each) {
    for (auto& value : stream.for_each->values) fill(value);
  }
  for (auto& kept : stream.keep) {
    if (kept.from == KeptField::From::constant) fill(kept.text);
  }
  fill(stream.mapping_text);
  fill(stream.key_text);
  fill(stream.cut_text);
  fill(stream.map, stream);
  for (auto& further : stream.also) fill(further, stream);
}

}  // namespace affsync::engine
