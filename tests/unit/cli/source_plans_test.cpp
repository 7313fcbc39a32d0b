#include "daemon/source_plans.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace affsync::source_plans_test {
namespace {

std::string error_of(std::string const& lines) {
  auto const env = [](std::string const&) { return std::optional<std::string>("x"); };
  auto const config =
      config::parse_config("sources:\n  - name: a\n    connector: exness\n" + lines, "f.yaml", env);
  if (!config) return config.error().to_line();
  auto const manifests = engine::builtin_manifests().value();
  auto const prepared = prepare_source(config->sources.at(0), manifests);
  return prepared ? "" : prepared.error().to_line();
}

// The message begins with the position, as editors expect, and the position is that of the key.
TEST(SourcePlans, AMistakeIsShownAtItsKey) {
  EXPECT_EQ(error_of("    credentials: {login: a, password: b}\n"), "");
  EXPECT_EQ(error_of("    credentials: {login: a, username: b}\n").rfind("f.yaml:4:29: ", 0), 0U)
      << error_of("    credentials: {login: a, username: b}\n");
  EXPECT_EQ(error_of("    credentials: {login: a, password: b}\n    settings: {zone: UTC}\n")
                .rfind("f.yaml:5:16: ", 0),
            0U);
  EXPECT_EQ(error_of("    credentials: {login: a, password: b}\n    streams: {rewardz: {}}\n")
                .rfind("f.yaml:5:15: ", 0),
            0U);
  EXPECT_EQ(error_of("    credentials: {login: a, password: b}\n    streams: {clients: {start: "
                     "2025-01-01}}\n")
                .rfind("f.yaml:5:15: ", 0),
            0U);
}

}  // namespace
}  // namespace affsync::source_plans_test
