// Connectors as JSON.
#include <utility>

#include "connectors/engine/plan/auth_choice.hpp"
#include "daemon/cli/connectors.hpp"
#include "daemon/reports/json_text.hpp"

namespace affsync::cli {

namespace {

Json evidence_to_json(std::optional<engine::EvidenceSpec> const& evidence) {
  if (!evidence) return {};
  return Json::object({{"by", reports::json_text(engine::to_string(evidence->by))},
                       {"note", reports::json_text_or_null(evidence->note)}});
}

Json connector_stream_to_json(engine::StreamSpec const& stream) {
  bool const has_start = stream.window && !stream.window->changes;
  Json::Array also;
  for (auto const& table : stream.also) {
    if (table.table != nullptr) also.push_back(reports::json_text(table.table->name));
  }
  return Json::object({
      {"name", reports::json_text(stream.name)},
      {"title", reports::json_text_or_null(stream.title)},
      {"table", stream.map.table == nullptr ? Json() : reports::json_text(stream.map.table->name)},
      {"also", Json::array(std::move(also))},
      {"enabled", Json::boolean(stream.enabled)},
      {"every", reports::json_text_or_null(stream.every)},
      {"full_every", reports::json_text_or_null(stream.full_every)},
      {"first_day",
       has_start ? reports::json_text_or_null(first_day_text(*stream.window)) : Json()},
      {"path", reports::json_text_or_null(stream.request.path)},
      {"path_hint", reports::json_text_or_null(stream.path_hint)},
      {"evidence", evidence_to_json(stream.evidence)},
  });
}

Json connector_to_json(engine::Manifest const& manifest) {
  Json::Array credentials;
  for (auto const& credential : manifest.credentials) {
    credentials.push_back(Json::object({{"name", reports::json_text(credential.name)},
                                        {"description", reports::json_text(credential.description)},
                                        {"secret", Json::boolean(credential.secret)},
                                        {"optional", Json::boolean(credential.optional)}}));
  }
  Json::Array sets;
  for (auto const& set : engine::credential_sets(manifest)) {
    Json::Array names;
    for (auto const& name : set) names.push_back(reports::json_text(name));
    sets.push_back(Json::array(std::move(names)));
  }
  Json::Array settings;
  for (auto const& setting : manifest.settings) {
    settings.push_back(Json::object(
        {{"name", reports::json_text(setting.name)},
         {"description", reports::json_text(setting.description)},
         {"required", Json::boolean(setting.required)},
         {"default", setting.required ? Json() : reports::json_text(setting.default_value)}}));
  }
  Json::Array posts;
  for (auto const& post : post_requests(manifest)) {
    posts.push_back(Json::object(
        {{"path", reports::json_text(post.path)}, {"purpose", reports::json_text(post.purpose)}}));
  }
  Json::Array logins;
  for (auto const& url : login_urls(manifest)) logins.push_back(reports::json_text(url));
  Json::Array streams;
  for (auto const& stream : manifest.streams) streams.push_back(connector_stream_to_json(stream));
  return Json::object({
      {"name", reports::json_text(manifest.name)},
      {"title", reports::json_text(manifest.title)},
      {"documentation", reports::json_text_or_null(manifest.documentation)},
      {"base_url", reports::json_text_or_null(manifest.base_url)},
      {"login_urls", Json::array(std::move(logins))},
      {"file", reports::json_text_or_null(manifest.file)},
      {"credentials", Json::array(std::move(credentials))},
      {"credential_sets", Json::array(std::move(sets))},
      {"settings", Json::array(std::move(settings))},
      {"posts", Json::array(std::move(posts))},
      {"streams", Json::array(std::move(streams))},
  });
}

}  // namespace

std::string connectors_json(std::vector<engine::Manifest> const& manifests) {
  Json::Array items;
  for (auto const& manifest : manifests) items.push_back(connector_to_json(manifest));
  return Json::object({{"connectors", Json::array(std::move(items))}}).dump();
}

std::string connector_json(engine::Manifest const& manifest) {
  return connector_to_json(manifest).dump();
}

}  // namespace affsync::cli
