#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "config/load.hpp"
#include "connectors/engine/plan/auth_choice.hpp"
#include "daemon/cli/init/config_text.hpp"
#include "daemon/cli/init/local_server.hpp"
#include "daemon/cli/init/new_files.hpp"
#include "daemon/cli/init/questions.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli::init_test {
namespace {

namespace fs = std::filesystem;

constexpr char odd[] = "a\"b\\c: #${X} 'ü'";

// A credential that an exchange hands out as Base64 is refused if it is none.
bool is_base64(engine::Manifest const& manifest, std::string const& name) {
  return std::any_of(manifest.auth.begin(), manifest.auth.end(), [&](auto const& option) {
    return option.signature && option.signature->secret == "${credentials." + name + "}" &&
           option.signature->secret_form == engine::SignatureSpec::SecretForm::base64;
  });
}

SourceAnswers answers_for(engine::Manifest const& manifest, std::size_t way = 0) {
  SourceAnswers source;
  source.manifest = manifest;
  source.name = manifest.name + "-main";
  if (manifest.base_url.empty()) source.base_url = "https://partners.example.com";
  if (manifest.base_url == "file:///") source.base_url = "file:///var/lib/inbox";
  auto const set = engine::credential_sets(manifest).at(way);
  for (auto const& spec : manifest.credentials) {
    if (std::find(set.begin(), set.end(), spec.name) == set.end()) continue;
    CredentialAnswer answer;
    answer.name = spec.name;
    answer.value = Secret(is_base64(manifest, spec.name) ? "b2Rk" : odd);
    answer.secret = spec.secret;
    source.credentials.push_back(answer);
  }
  for (auto const& spec : manifest.settings) {
    if (spec.required) source.settings[spec.name] = "12345";
  }
  return source;
}

DatabaseAnswer private_database() {
  DatabaseAnswer database;
  database.url = Secret("embedded");
  database.state_dir = "/srv/a b/affsync-data";
  return database;
}

config::Environment const no_variables = [](std::string const&) {
  return std::optional<std::string>();
};

TEST(Init, TheConfigurationOfEveryConnectorAndWayToLogInLoads) {
  auto const manifests = engine::builtin_manifests().value();
  ASSERT_GE(manifests.size(), 30U);
  for (auto const& manifest : manifests) {
    for (std::size_t way = 0; way < engine::credential_sets(manifest).size(); ++way) {
      auto const source = answers_for(manifest, way);
      auto const text = new_config_text(source, private_database(), {}, "2026-11-26");
      auto const config = config::parse_config(text, "affsync.yaml", no_variables);
      ASSERT_TRUE(config) << config.error().to_line() << "\n" << text;
      EXPECT_EQ(config->database.state_dir, "/srv/a b/affsync-data");
      ASSERT_EQ(config->sources.size(), 1U);
      auto const& loaded = config->sources[0];
      EXPECT_EQ(loaded.name, source.name);
      EXPECT_EQ(loaded.base_url, source.base_url);
      EXPECT_EQ(loaded.settings, source.settings);
      EXPECT_EQ(loaded.credentials.size(), source.credentials.size());
      for (auto const& [name, secret] : loaded.credentials) {
        EXPECT_EQ(secret.reveal(), is_base64(manifest, name) ? "b2Rk" : odd);
      }
      auto const prepared = prepare_source(loaded, manifests);
      EXPECT_TRUE(prepared) << prepared.error().to_line() << "\n" << text;
    }
  }
}

// What the comments offer must load as well once the # is removed.
TEST(Init, TheCommentedStreamsOfEveryConnectorLoad) {
  auto const manifests = engine::builtin_manifests().value();
  for (auto const& manifest : manifests) {
    auto text = new_config_text(answers_for(manifest), private_database(), {}, "2026-11-26");
    for (std::string const begin : {"    # streams:", "    #   "}) {
      for (auto at = text.find("\n" + begin); at != std::string::npos;
           at = text.find("\n" + begin, at + 1)) {
        text.replace(at + 1, begin.size(), begin.size() == 8 ? "      " : "    streams:");
      }
    }
    auto const config = config::parse_config(text, "affsync.yaml", no_variables);
    ASSERT_TRUE(config) << config.error().to_line() << "\n" << text;
    auto const prepared = prepare_source(config->sources.at(0), manifests);
    EXPECT_TRUE(prepared) << prepared.error().to_line() << "\n" << text;
    for (auto const& [name, stream] : config->sources[0].streams) {
      EXPECT_NE(manifest.find_stream(name), nullptr) << name;
    }
  }
}

SourceAnswers second_source() {
  auto source = answers_for(engine::builtin_manifests().value().front());
  source.name = "second";
  return source;
}

TEST(Init, ASourceIsAddedWhereTheListEnds) {
  DatabaseAnswer none;
  none.given = false;
  struct Case {
    char const* before;
    std::size_t sources;
  };
  std::vector<Case> const cases{
      {"", 1},
      {"# only words\n", 1},
      {"sources: []\n", 1},
      {"sources:   # none yet\nhttp: {listen: \"off\"}\n", 1},
      {"sources:\n- {name: first, connector: ecb_rates}\n", 2},
      {"sources:\n    - name: first\n      connector: ecb_rates\n\n# the page\nhttp:\n"
       "  listen: \"off\"\n",
       2},
      {"sources:\r\n  - name: first\r\n    connector: ecb_rates\r\nlog: {level: warn}", 2},
      {"sources:\n  # words\n  - name: first\n    connector: ecb_rates\n  # more\n", 2},
  };
  for (auto const& each : cases) {
    auto const text = with_source(each.before, second_source(), none, {});
    ASSERT_TRUE(text) << each.before;
    auto const config = config::parse_config(*text, "affsync.yaml", no_variables);
    ASSERT_TRUE(config) << config.error().to_line() << "\n" << *text;
    ASSERT_EQ(config->sources.size(), each.sources) << *text;
    EXPECT_EQ(config->sources.back().name, "second");
    EXPECT_EQ(config->sources.front().name, each.sources == 1 ? "second" : "first");
    for (std::string const word : {"words", "more", "the page"}) {
      EXPECT_EQ(text->find(word) != std::string::npos,
                std::string(each.before).find(word) != std::string::npos)
          << *text;
    }
  }
  EXPECT_FALSE(with_source("sources: [{name: a, connector: b}]\n", second_source(), none, {}));
}

TEST(Init, WhatWasThereStaysByteForByte) {
  DatabaseAnswer none;
  none.given = false;
  struct Case {
    std::string before, kept;  // `kept`: what stands before the new source, the rest behind it
  };
  std::vector<Case> const cases{
      {"sources:\n  - {name: a, connector: ecb_rates}",
       "sources:\n  - {name: a, connector: ecb_rates}"},
      {"sources:\r\n  - name: a\r\n    connector: ecb_rates # \xc3\xbc\t\r\n\r\n# http\r\nhttp:\r\n"
       "  listen: \"off\"",
       "sources:\r\n  - name: a\r\n    connector: ecb_rates # \xc3\xbc\t\r\n"},
      {"# one\n\n\nsources:\n  # two\n  - name: a\n    connector: ecb_rates   \n\n\nlog: {level: "
       "warn}",
       "# one\n\n\nsources:\n  # two\n  - name: a\n    connector: ecb_rates   \n"},
  };
  for (auto const& each : cases) {
    auto const text = with_source(each.before, second_source(), none, {});
    ASSERT_TRUE(text) << each.before;
    EXPECT_TRUE(text->starts_with(each.kept)) << *text;
    auto const rest = each.before.substr(each.kept.size());
    EXPECT_TRUE(text->ends_with(rest)) << *text;
    auto const added =
        text->substr(each.kept.size(), text->size() - each.kept.size() - rest.size());
    EXPECT_NE(added.find("- name: \"second\""), std::string::npos) << *text;
    bool const windows = each.before.find('\r') != std::string::npos;
    auto const ends = std::count(added.begin(), added.end(), '\n');
    EXPECT_EQ(std::count(added.begin(), added.end(), '\r'), windows ? ends : 0) << *text;
    EXPECT_TRUE(config::parse_config(*text, "affsync.yaml", no_variables)) << *text;
  }
  auto const commented = with_source("sources: []   # none yet\n", second_source(), none, {});
  EXPECT_TRUE(commented->starts_with("sources:   # none yet\n")) << *commented;
}

TEST(Init, ABrokerIsFoundByAPartOfItsName) {
  auto const manifests = engine::builtin_manifests().value();
  auto const names = [&](std::string const& word) {
    std::vector<std::string> found;
    for (auto const* manifest : find_connectors(word, manifests)) found.push_back(manifest->name);
    return found;
  };
  EXPECT_EQ(names("exness"), std::vector<std::string>{"exness"});
  EXPECT_EQ(names("EXNE"), std::vector<std::string>{"exness"});
  EXPECT_EQ(names("iexexchanger"), std::vector<std::string>{"iexexchanger"});  // and not its _v3
  EXPECT_EQ(names("iexex"), (std::vector<std::string>{"iexexchanger", "iexexchanger_v3"}));
  EXPECT_EQ(names("").size(), manifests.size());
  EXPECT_TRUE(names("nobody at all").empty());
}

TEST(Init, ConnectionStringsTakeAPassword) {
  for (std::string const url :
       {"postgresql://me@db/affsync", "postgresql://me@db/affsync?sslmode=require",
        "host=db user=me dbname=affsync"}) {
    EXPECT_TRUE(is_connection_string(url)) << url;
    EXPECT_FALSE(has_password(url)) << url;
    EXPECT_TRUE(has_password(with_password(url, Secret("p'ä\\s &?%")).reveal()));
  }
  EXPECT_EQ(with_password("host=db", Secret("a'b")).reveal(), "host=db password='a\\'b'");
  EXPECT_EQ(with_password("postgresql://db/x", Secret("a&b")).reveal(),
            "postgresql://db/x?password=%61%26%62");
  for (std::string const text : {"affsync", "mysql://db/x", "", "nonsense=1"}) {
    EXPECT_FALSE(is_connection_string(text)) << text;
  }
}

class NewFiles : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/affsync-init-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(directory_); }

  NewFile file(std::string const& name, std::string const& text) const {
    NewFile made;
    made.path = directory_ / name;
    made.text = Secret(text);
    return made;
  }
  std::string text_of(std::string const& name) const {
    std::ifstream in(directory_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
  }
  fs::path directory_;
};

TEST_F(NewFiles, AreWrittenTogetherWithTheirModes) {
  auto second = file("b", "two");
  second.mode = 0640;
  write_new_files({file("a", "one"), second});
  EXPECT_EQ(text_of("a"), "one");
  EXPECT_EQ(text_of("b"), "two");
  EXPECT_EQ(fs::status(directory_ / "a").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(directory_ / "b").permissions(), fs::perms(0640));
  EXPECT_EQ(count(), 2U);
}

TEST_F(NewFiles, AreNotWrittenAtAllIfOneCannotBe) {
  write_new_files({file("b", "mine")});
  EXPECT_THROW(write_new_files({file("a", "one"), file("b", "two")}), Failure);
  EXPECT_EQ(text_of("b"), "mine");
  EXPECT_EQ(count(), 1U);
  EXPECT_THROW(write_new_files({file("a", "one"), file("no/directory", "two")}), Failure);
  EXPECT_EQ(count(), 1U);
}

TEST_F(NewFiles, ReplaceOnlyWhenTold) {
  write_new_files({file("b", "old")});
  auto fresh = file("b", "new");
  fresh.replace = true;
  write_new_files({fresh});
  EXPECT_EQ(text_of("b"), "new");
  EXPECT_EQ(count(), 1U);
}

TEST_F(NewFiles, GetANumberIfTheNameIsTaken) {
  EXPECT_EQ(free_name(directory_ / "x.secret"), directory_ / "x.secret");
  write_new_files({file("x.secret", "1"), file("x.2.secret", "2")});
  EXPECT_EQ(free_name(directory_ / "x.secret"), directory_ / "x.3.secret");
}

}  // namespace
}  // namespace affsync::cli::init_test
