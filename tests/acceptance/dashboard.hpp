// The queries of the shipped dashboard, as Grafana sends them: with its macros and variables
// replaced.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace affsync::test {

struct DashboardQuery {
  std::string panel;  // its title
  bool is_sql = false;
  std::string text;
};

struct DashboardValues {
  std::string job;
  std::vector<std::string> sources;  // that the variable `source` stands for
  std::string from, to;              // as 2026-01-31T00:00:00Z
};

// The file at config/grafana/affsync.json. Throws std::runtime_error if it is not JSON.
Json dashboard();
// The queries of all panels and variables. Throws std::runtime_error if something of Grafana's is
// left in one of them.
std::vector<DashboardQuery> dashboard_queries(DashboardValues const& values);

}  // namespace affsync::test
