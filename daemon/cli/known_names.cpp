#include "daemon/cli/known_names.hpp"

#include <vector>

#include "daemon/chosen_names.hpp"

namespace affsync::cli {
namespace {

void add_stored(App& app, std::string const& sql, std::vector<std::string>& names) {
  for (auto const& row : app.run(app.store().query(sql, {})).rows) {
    names.push_back(row.at(0).value_or(""));
  }
}

}  // namespace

void require_known_source(App& app, std::string const& name) {
  if (name.empty()) return;
  std::vector<std::string> known;
  for (auto const& source : app.config().sources) known.push_back(source.name);
  add_stored(app, "SELECT name FROM affsync.source ORDER BY name", known);
  refuse_unknown({name}, known, "source");
}

void require_known_stream_name(App& app, std::string const& name) {
  if (name.empty()) return;
  std::vector<std::string> known;
  for (auto const& source : app.config().sources) {
    for (auto const& manifest : app.manifests()) {
      if (manifest.name != source.connector) continue;
      for (auto const& stream : manifest.streams) known.push_back(stream.name);
    }
  }
  add_stored(app, "SELECT DISTINCT stream FROM affsync.stream ORDER BY stream", known);
  refuse_unknown({name}, known, "stream");
}

}  // namespace affsync::cli
