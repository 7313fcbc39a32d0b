#include "daemon/serve/web_files.hpp"

#include <cstdint>

#include "base/embedded_file.hpp"
#include "base/encodings.hpp"

namespace affsync {

extern EmbeddedFile const web_templates[];
extern unsigned const web_templates_count;
extern EmbeddedFile const web_assets[];
extern unsigned const web_assets_count;
extern EmbeddedFile const web_openapi[];

}  // namespace affsync

namespace affsync::serve {

namespace {

constexpr std::string_view folder = "/assets/";

// FNV-1a: tells versions of a file from each other; protects nothing.
std::string content_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char const letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift);
  return hex_of(bytes);
}

std::string address_of(EmbeddedFile const& file) {
  return std::string(folder) + content_hash(file.text) + "/" + std::string(file.name);
}

std::string type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/plain; charset=utf-8";
}

}  // namespace

Templates const& page_templates() {
  static Templates const all = [] {
    Templates templates;
    for (unsigned i = 0; i < web_templates_count; ++i) {
      templates.add(std::string(web_templates[i].name), web_templates[i].text);
    }
    return templates;
  }();
  return all;
}

Json asset_addresses() {
  Json::Object members;
  for (unsigned i = 0; i < web_assets_count; ++i) {
    std::string name(web_assets[i].name);
    for (char& letter : name) {
      if (letter == '.') letter = '_';
    }
    members.push_back({std::move(name), Json::string(address_of(web_assets[i]))});
  }
  return Json::object(std::move(members));
}

std::optional<HttpResponse> asset(std::string_view path, std::string_view known) {
  for (unsigned i = 0; i < web_assets_count; ++i) {
    auto const& file = web_assets[i];
    if (path != address_of(file)) continue;
    HttpResponse response;
    auto const tag = "\"" + content_hash(file.text) + "\"";
    response.headers.add("ETag", tag);
    bool const has_it = known == "*" || known.find(tag) != std::string_view::npos;
    response.status = has_it ? 304 : 200;
    response.headers.add("Content-Type", type_of(file.name));
    response.headers.add("Cache-Control", "public, max-age=31536000, immutable");
    response.headers.add("X-Content-Type-Options", "nosniff");
    if (!has_it) response.body = file.text;
    return response;
  }
  return std::nullopt;
}

std::string_view openapi_text() {
  return web_openapi[0].text;
}

}  // namespace affsync::serve
