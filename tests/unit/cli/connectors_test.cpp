#include "daemon/cli/connectors.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "config/load.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli::connectors_test {
namespace {

engine::Manifest small_manifest() {
  engine::Manifest manifest;
  manifest.name = "my-broker";
  manifest.title = "My \"Broker\"";
  manifest.base_url = "https://api.example.com";
  manifest.credentials = {{"login", "the e-mail", false}, {"api_key", "its key", true}};
  engine::SettingSpec zone;
  zone.name = "timezone";
  zone.description = "whose days";
  zone.default_value = "UTC";
  manifest.settings = {zone};
  engine::StreamSpec stream;
  stream.name = "rewards";
  stream.title = "Rewards";
  stream.every = "15m";
  stream.request.path = "/rewards";
  stream.map.table = find_record_table("commission");
  manifest.streams.push_back(stream);
  stream.name = "payouts";
  stream.request.path.clear();
  stream.path_hint = "Ask the broker.";
  stream.map.table = find_record_table("payout");
  manifest.streams.push_back(stream);
  return manifest;
}

TEST(Connectors, ExampleIsAConfigurationThatLoads) {
  auto const env = [](std::string const& name) -> std::optional<std::string> {
    if (name == "MY_BROKER_API_KEY") return "k1";
    if (name == "MY_BROKER_LOGIN") return "me@example.com";
    return std::nullopt;
  };
  auto const config = config::parse_config(example_source(small_manifest()), "example.yaml", env);
  ASSERT_TRUE(config) << config.error().to_line();
  ASSERT_EQ(config->sources.size(), 1U);
  auto const& source = config->sources[0];
  EXPECT_EQ(source.name, "my-broker-main");
  EXPECT_EQ(source.connector, "my-broker");
  EXPECT_EQ(source.credentials.at("login").reveal(), "me@example.com");
  EXPECT_EQ(source.credentials.at("api_key").reveal(), "k1");
  // A setting with a default need not be given.
  EXPECT_TRUE(source.settings.empty());
}

TEST(Connectors, TheExampleOfAConnectorWithoutAnAddressHasOneToFillIn) {
  auto manifest = small_manifest();
  EXPECT_EQ(example_source(manifest).find("base_url"), std::string::npos);
  manifest.base_url.clear();
  auto const env = [](std::string const&) { return std::optional<std::string>("x"); };
  auto const config = config::parse_config(example_source(manifest), "example.yaml", env);
  ASSERT_TRUE(config) << config.error().to_line();
  EXPECT_EQ(config->sources.at(0).base_url, "https://the-brokers-own-host.example");
  auto const text = connector_details(manifest, {});
  EXPECT_NE(text.find("base URL       none: each source gives its own `base_url`\n"),
            std::string::npos)
      << text;
}

TEST(Connectors, EvidenceIsToldForEachStream) {
  auto manifest = small_manifest();
  EXPECT_NE(connector_details(manifest, {}).find("not said"), std::string::npos);
  manifest.streams[0].evidence = engine::EvidenceSpec{engine::Evidence::third_party, "saved rows"};
  auto text = connector_details(manifest, {});
  EXPECT_NE(text.find("third party"), std::string::npos) << text;
  EXPECT_NE(text.find("rewards: saved rows\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("affsync inspect"), std::string::npos) << text;
  manifest.streams[1].evidence = engine::EvidenceSpec{engine::Evidence::none, ""};
  text = connector_details(manifest, {});
  EXPECT_NE(text.find("affsync inspect"), std::string::npos) << text;

  auto const json = parse_json(connector_json(manifest));
  auto const& streams = json->find("streams")->items();
  EXPECT_EQ(streams.at(0).find("evidence")->dump(), R"({"by":"third_party","note":"saved rows"})");
  EXPECT_EQ(streams.at(1).find("evidence")->dump(), R"({"by":"none","note":null})");
  EXPECT_TRUE(parse_json(connector_json(small_manifest()))
                  ->find("streams")
                  ->items()
                  .at(0)
                  .find("evidence")
                  ->is_null());
}

TEST(Connectors, DetailsSayWhatIsNeeded) {
  auto const text = connector_details(small_manifest(), {});
  EXPECT_NE(text.find("  login    the e-mail\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  api_key  its key (secret)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  timezone  whose days (default: UTC)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("needs a path"), std::string::npos) << text;
  EXPECT_NE(text.find("payouts: Ask the broker."), std::string::npos) << text;
}

engine::Manifest two_ways() {
  auto manifest = small_manifest();
  manifest.credentials = {{"login", "the e-mail", false},
                          {"password", ""},
                          {"api_key", "its key"},
                          {"hmac_secret", "to sign with", true, true}};
  engine::LoginTokenAuth login;
  login.login.json = {{"u", "${credentials.login}"}, {"p", "${credentials.password}"}};
  engine::StaticTokenAuth key;
  key.value = "${credentials.api_key}";
  engine::AuthOption by_login, by_key;
  by_login.auth = login;
  by_key.auth = key;
  manifest.auth = {by_login, by_key};
  return manifest;
}

TEST(Connectors, SeveralSetsOfCredentialsAreToldApart) {
  auto const text = connector_details(two_ways(), {});
  EXPECT_NE(text.find("  hmac_secret  to sign with (secret) (optional)\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("  Give login and password, or api_key.\n"), std::string::npos) << text;
  EXPECT_NE(connector_list({two_ways()}, {}).find("login password | api_key"), std::string::npos);
  auto const json = parse_json(connector_json(two_ways()));
  EXPECT_EQ(json->find("credential_sets")->dump(), R"([["login","password"],["api_key"]])");
  EXPECT_TRUE(json->find("credentials")->items().at(3).find("optional")->as_bool());
  EXPECT_EQ(connector_details(small_manifest(), {}).find("Give "), std::string::npos);
}

TEST(Connectors, TheExampleGivesTheFirstSetAndShowsTheRest) {
  auto const env = [](std::string const&) { return std::optional<std::string>("x"); };
  auto const text = example_source(two_ways());
  auto const config = config::parse_config(text, "example.yaml", env);
  ASSERT_TRUE(config) << config.error().to_line();
  ASSERT_EQ(config->sources.at(0).credentials.size(), 2U);
  EXPECT_EQ(config->sources[0].credentials.count("password"), 1U);
  EXPECT_NE(text.find("      # api_key: \"${MY_BROKER_API_KEY}\"  # its key (instead)\n"),
            std::string::npos)
      << text;
}

// A user who pastes the text has a working source once the credentials are filled in.
TEST(Connectors, ThePasteOfEveryShippedConnectorIsGood) {
  // Base64, as the secrets of some exchanges have to be.
  auto const env = [](std::string const&) { return std::optional<std::string>("eHh4"); };
  auto const manifests = engine::builtin_manifests().value();
  for (auto const& manifest : manifests) {
    auto const text = example_source(manifest);
    auto config = config::parse_config(text, "paste.yaml", env);
    ASSERT_TRUE(config) << config.error().to_line() << "\n" << text;
    ASSERT_EQ(config->sources.size(), 1U);
    EXPECT_EQ(text.find("base_url") != std::string::npos, manifest.base_url.empty()) << text;
    // Contains only the settings that the user must give.
    for (auto const& setting : manifest.settings) {
      EXPECT_EQ(config->sources[0].settings.count(setting.name), setting.required ? 1U : 0U);
    }
    auto const prepared = prepare_source(config->sources[0], manifests);
    EXPECT_TRUE(prepared) << prepared.error().to_line() << "\n" << text;
  }
}

TEST(Connectors, WhatADescriptionSaysIsNotSaidTwice) {
  auto manifest = two_ways();
  manifest.credentials[2].description = "instead of the two";
  manifest.credentials[3].description = "to sign with (optional)";
  auto const paste = example_source(manifest);
  EXPECT_NE(paste.find("# instead of the two\n"), std::string::npos) << paste;
  EXPECT_NE(paste.find("# to sign with (optional)\n"), std::string::npos) << paste;
}

TEST(Connectors, JsonDescribesEachStream) {
  auto const json = parse_json(connectors_json({small_manifest()}));
  ASSERT_TRUE(json);
  auto const& connector = json->find("connectors")->items().at(0);
  EXPECT_EQ(connector.find("title")->as_string(), "My \"Broker\"");
  auto const& streams = connector.find("streams")->items();
  EXPECT_EQ(streams.at(0).find("table")->as_string(), "commission");
  EXPECT_TRUE(streams.at(1).find("path")->is_null());
  EXPECT_EQ(streams.at(1).find("path_hint")->as_string(), "Ask the broker.");
}

TEST(Connectors, ListHasOneLineEach) {
  auto const text = connector_list({small_manifest()}, {});
  EXPECT_NE(text.find("my-broker"), std::string::npos);
  EXPECT_NE(text.find("rewards payouts"), std::string::npos);
}

}  // namespace
}  // namespace affsync::cli::connectors_test
