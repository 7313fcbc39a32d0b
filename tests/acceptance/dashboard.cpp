#include "tests/acceptance/dashboard.hpp"
#include "tests/support/places/places.hpp"

#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace affsync::test {
namespace {

std::string joined(std::vector<std::string> const& words, std::string const& around,
                   std::string const& between) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : between) + around + word + around;
  return text;
}

void replace_all(std::string& text, std::string const& from, std::string const& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Grafana takes a macro's arguments up to the first closing parenthesis, and splits at commas.
std::string with_time_filters(std::string text, DashboardValues const& values) {
  static std::regex const macro(R"(\$__timeFilter\(([^),]*)[^)]*\))");
  return std::regex_replace(text, macro,
                            "$1 BETWEEN '" + values.from + "' AND '" + values.to + "'");
}

std::string sent(std::string text, DashboardValues const& values) {
  replace_all(text, "${source:sqlstring}", joined(values.sources, "'", ","));
  text = with_time_filters(std::move(text), values);
  replace_all(text, "$__rate_interval", "4s");
  replace_all(text, "$__range", "30s");
  replace_all(text, "$__interval", "1s");
  replace_all(text, "$source", "(" + joined(values.sources, "", "|") + ")");
  replace_all(text, "$job", values.job);
  if (text.find('$') != std::string::npos) {
    throw std::runtime_error("what does Grafana put for this? " + text);
  }
  return text;
}

std::string text_at(Json const& object, char const* path) {
  auto const* found = JsonPath(path).in(object);
  return found == nullptr ? "" : std::string(found->scalar_text().value_or(""));
}

}  // namespace

Json dashboard() {
  std::ostringstream text;
  text << std::ifstream(in_source("config/grafana/affsync.json")).rdbuf();
  auto document = parse_json(text.str());
  if (!document) throw std::runtime_error(document.error().message);
  return std::move(*document);
}

std::vector<DashboardQuery> dashboard_queries(DashboardValues const& values) {
  std::vector<DashboardQuery> all;
  auto const document = dashboard();
  for (auto const& panel : document.find("panels")->items()) {
    auto const* targets = panel.find("targets");
    if (targets == nullptr) continue;
    for (auto const& target : targets->items()) {
      auto& query = all.emplace_back();
      query.panel = text_at(panel, "title");
      query.is_sql = target.find("rawSql") != nullptr;
      query.text = sent(text_at(target, query.is_sql ? "rawSql" : "expr"), values);
    }
  }
  return all;
}

}  // namespace affsync::test
