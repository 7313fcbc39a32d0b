// The configuration as a whole: defaults, sections, unknown keys, files.
#include "config/load.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::config::load_test {
namespace {

TEST(Config, DefaultsHoldWhereNothingIsSaid) {
  for (auto const* text : {"", "# nothing\n", "{}", "sources: []\n", "sources:\n", "database:\n"}) {
    Config const config = read(text);
    EXPECT_EQ(config.file, "c.yaml");
    EXPECT_TRUE(config.database.embedded());
    EXPECT_EQ(config.database.connections, 4);
    EXPECT_EQ(config.database.state_dir, "./affsync-data");
    EXPECT_TRUE(config.http.enabled);
    EXPECT_EQ(config.http.listen, "127.0.0.1:9464");
    EXPECT_EQ(config.log.level, LogLevel::info);
    EXPECT_EQ(config.log.format, LogFormat::automatic);
    EXPECT_EQ(config.connectors_dir, "");
    EXPECT_TRUE(config.sources.empty());
  }
}

TEST(Config, SectionsAreRead) {
  Config const config = read(R"(
database: {url: "postgresql://u@h/d", connections: 8, state_dir: /var/lib/affsync}
http: {listen: "[::1]:8080"}
log: {level: debug, format: journald}
connectors_dir: /etc/affsync/connectors
)");
  EXPECT_EQ(config.database.url, "postgresql://u@h/d");
  EXPECT_FALSE(config.database.embedded());
  EXPECT_EQ(config.database.connections, 8);
  EXPECT_EQ(config.database.state_dir, "/var/lib/affsync");
  EXPECT_EQ(config.http.listen, "[::1]:8080");
  EXPECT_EQ(config.log.level, LogLevel::debug);
  EXPECT_EQ(config.log.format, LogFormat::journald);
  EXPECT_EQ(config.connectors_dir, "/etc/affsync/connectors");
}

TEST(Config, DatabaseIsAUrlAKeywordStringOrEmbedded) {
  for (auto const* url :
       {"postgresql:///affsync", "postgres://h/d", "host=/run dbname=x", "embedded"}) {
    EXPECT_EQ(read(std::string("database: {url: '") + url + "'}").database.url, url);
  }
  for (auto const* url : {"embeded", "mysql://h/d?a=b", "affsync"}) {
    EXPECT_EQ(mistake(std::string("database: {url: '") + url + "'}").substr(0, 32),
              "c.yaml:1:17: not a database. Wri")
        << url;
  }
}

TEST(Config, DatabaseUrlIsNotQuotedAndMayComeFromAFile) {
  EXPECT_EQ(mistake("database: {url: 'mysql://u:hunter2@h'}").find("hunter2"), std::string::npos);
  EXPECT_EQ(
      read("database: {url: \"postgresql://u:${P}@h/d\"}", environment({{"P", "pw"}})).database.url,
      "postgresql://u:pw@h/d");
  EXPECT_EQ(
      mistake("database: {url: {file: /nonexistent}}", environment(), ErrorCode::secret_missing),
      "c.yaml:1:24: database.url: cannot read /nonexistent: No such file or directory");
}

TEST(Config, ListenIsAnAddressOrOff) {
  for (auto const* off : {"off", "\"off\""}) {
    EXPECT_FALSE(read(std::string("http: {listen: ") + off + "}").http.enabled);
  }
  EXPECT_EQ(read("http: {listen: \"localhost:0\"}").http.listen, "localhost:0");
  for (auto const* wrong : {"9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "h:x",
                            "::1:9464", "h:-1", "on"}) {
    EXPECT_EQ(mistake(std::string("http: {listen: '") + wrong + "'}"),
              std::string("c.yaml:1:16: not an address to listen at: \"") + wrong +
                  "\". Write host:port, such as 127.0.0.1:9464, [::1]:9464, or off.");
  }
}

TEST(Config, WordsAreCheckedAndTheNearestIsNamed) {
  EXPECT_EQ(
      mistake("log:\n  level: wrn\n"),
      "c.yaml:2:10: unknown word for log.level: \"wrn\". Did you mean `warn`? It takes: trace, "
      "debug, info, warn, error.");
  EXPECT_EQ(mistake("log: {format: xml}"),
            "c.yaml:1:15: unknown word for log.format: \"xml\". It takes: auto, text, json, "
            "journald.");
}

TEST(Config, NumbersHaveLimits) {
  EXPECT_EQ(mistake("database: {connections: 0}"),
            "c.yaml:1:25: expected a whole number from 1 to 100, found \"0\"");
  EXPECT_EQ(mistake("database: {connections: many}"),
            "c.yaml:1:25: expected a whole number from 1 to 100, found \"many\"");
}

TEST(Config, UnknownKeyOfEverySectionNamesPlaceAndNearest) {
  EXPECT_EQ(mistake("sources: []\ndatabse: {}\n"),
            "c.yaml:2:1: unknown key \"databse\" in the configuration. Did you mean `database`?");
  EXPECT_EQ(mistake("database: {conections: 1}"),
            "c.yaml:1:12: unknown key \"conections\" in database. Did you mean `connections`?");
  EXPECT_EQ(mistake("http: {listn: x}"),
            "c.yaml:1:8: unknown key \"listn\" in http. Did you mean `listen`?");
  EXPECT_EQ(mistake("log: {lvl: x}"),
            "c.yaml:1:7: unknown key \"lvl\" in log. Known are: format, level.");
  EXPECT_EQ(mistake("defaults: {evry: 5m}"),
            "c.yaml:1:12: unknown key \"evry\" in defaults. Did you mean `every`?");
}

TEST(Config, WrongShapesSaySo) {
  EXPECT_EQ(mistake("- a\n"), "c.yaml:1:1: expected the configuration as a mapping, found a list");
  EXPECT_EQ(mistake("http: 9464\n"), "c.yaml:1:7: expected http as a mapping, found a text");
  // A misplaced text is not quoted: it may contain a password.
  EXPECT_EQ(mistake("database: postgresql://me:hunter2@host/db\n"),
            "c.yaml:1:11: expected database as a mapping, found a text");
  EXPECT_EQ(mistake("password hunter2\n"),
            "c.yaml:1:1: expected the configuration as a mapping, found a text");
  EXPECT_EQ(mistake("sources: {main: {}}\n"),
            "c.yaml:1:10: sources must be a list. Begin each source with `- name: ...`.");
  EXPECT_EQ(mistake("connectors_dir: ''\n"), "c.yaml:1:17: an empty text");
}

TEST(Config, AnAddressThatOthersReachNeedsAToken) {
  for (auto const* open : {"0.0.0.0:9464", "192.168.1.4:9464", "[::]:9464", "[fe80::1]:9464",
                           "a.example:1", "127.evil.example:1", "128.0.0.1:1", "[::1]x:1"}) {
    EXPECT_EQ(
        mistake(std::string("http:\n  listen: \"") + open + "\"\n"),
        "c.yaml:2:11: other machines can reach this address, and there is no http.token. Add a "
        "token of at least 16 characters to `http`, or listen at 127.0.0.1 behind a proxy that "
        "asks for a login.")
        << open;
    EXPECT_EQ(
        read(std::string("http: {token: 0123456789abcdef, listen: \"") + open + "\"}").http.listen,
        open);
  }
  for (auto const* own : {"127.0.0.1:9464", "127.8.9.10:1", "localhost:9464", "[::1]:9464"}) {
    EXPECT_EQ(read(std::string("http: {listen: \"") + own + "\"}").http.listen, own);
  }
}

TEST(Config, ATokenIsLongAndNeverQuoted) {
  for (auto const* weak : {"planted-15-char", "planted 0123456789", "planted-0123456789\xc3\xa9"}) {
    EXPECT_EQ(
        mistake(std::string("http: {token: '") + weak + "'}"),
        "c.yaml:1:15: http.token must have at least 16 characters, letters, digits and signs of "
        "ASCII without blanks. `openssl rand -hex 32` makes one.")
        << weak;
  }
  auto const http =
      read("http: {token: \"${T}\", metrics_open: true, tls: {certificate: a.pem, key: b.pem}}",
           environment({{"T", "0123456789abcdef"}}))
          .http;
  EXPECT_EQ(http.token.reveal(), "0123456789abcdef");
  EXPECT_TRUE(http.metrics_open);
  EXPECT_EQ(http.tls->certificate, "a.pem");
  EXPECT_EQ(http.tls->key, "b.pem");
  EXPECT_EQ(mistake("http: {tls: {certificate: a.pem}}").substr(0, 11), "c.yaml:1:13");
}

TEST(Config, EnvironmentIsReplacedInAnyValue) {
  auto const env = environment({{"HOST", "0.0.0.0"},
                                {"TOKEN", "0123456789abcdef"},
                                {"PORT", "8080"},
                                {"N", "7"},
                                {"ON", "true"},
                                {"LEVEL", "error"},
                                {"EVERY", "1h"},
                                {"EMPTY", ""}});
  Config const config = read(
      "http: {listen: \"${HOST}:${PORT}\", token: \"${TOKEN}\"}\n"
      "database: {connections: \"${N}\", state_dir: \"a$b$${N}${EMPTY}$\"}\n"
      "log: {level: \"${LEVEL}\"}\n"
      "defaults: {every: \"${EVERY}\"}\n"
      "sources: [{name: a, connector: x, streams: {s: {enabled: \"${ON}\", query: {k: "
      "\"${N}\"}}}}]\n",
      env);
  EXPECT_EQ(config.http.listen, "0.0.0.0:8080");
  EXPECT_EQ(config.http.token.reveal(), "0123456789abcdef");
  EXPECT_EQ(config.database.connections, 7);
  EXPECT_EQ(config.database.state_dir, "a$b${N}$");
  EXPECT_EQ(config.log.level, LogLevel::error);
  EXPECT_EQ(config.sources.at(0).every.interval(), std::chrono::hours(1));
  EXPECT_EQ(config.sources.at(0).streams.at("s").enabled, true);
  EXPECT_EQ(config.sources.at(0).streams.at("s").query.at(0).second, "7");
}

TEST(Config, UnsetVariableIsNamedWithItsPlace) {
  EXPECT_EQ(mistake("http:\n  listen: ${HOST}\n", environment(), ErrorCode::secret_missing),
            "c.yaml:2:11: the environment variable HOST is not set. Set it, or give the value "
            "another way: {file: PATH} for a secret.");
}

TEST(Config, DollarBraceWithoutANameIsRefusedUnquoted) {
  for (auto const* text : {"${", "hun${ter2", "${}", "${A-B}", "${1A}", "a${A B}", "${A"}) {
    EXPECT_EQ(
        mistake(std::string("database: {state_dir: '") + text + "'}", environment({{"A", "x"}})),
        "c.yaml:1:23: a ${ without a variable's name and }. Write ${NAME} for an environment "
        "variable, $${ for a literal ${.")
        << text;
  }
}

TEST(Config, WhatComesFromTheEnvironmentIsNotQuoted) {
  auto const env = environment({{"SECRET", "hunter2"}});
  for (auto const* text :
       {"database: {connections: \"${SECRET}\"}",
        "log: {level: \"${SECRET}\"}",
        "http: {listen: \"${SECRET}\"}",
        "database: {url: \"${SECRET}\"}",
        "defaults: {every: \"${SECRET}\"}",
        "defaults: {timeout: \"${SECRET}\"}",
        "defaults: {privacy: \"${SECRET}\"}",
        "defaults: {mass_drop: \"${SECRET}\"}",
        "log: \"${SECRET}\"",
        "sources: \"${SECRET}\"",
        "sources: [\"${SECRET}\"]",
        "sources: [{name: \"${SECRET} \", connector: x}]",
        "sources: [{name: a, connector: x, base_url: \"${SECRET}\"}]",
        "sources: [{name: a, connector: x, streams: {s: \"${SECRET}\"}}]",
        "sources: [{name: a, connector: x, streams: {s: {start: \"${SECRET}\"}}}]",
        "sources: [{name: a, connector: x, streams: {s: {lookback: \"${SECRET}\"}}}]",
        "sources: [{name: a, connector: x, streams: {s: {path: \"${SECRET}\"}}}]",
        "sources: [{name: a, connector: x, streams: {s: {enabled: \"${SECRET}\"}}}]",
        "sources: [{name: a, connector: x, rate_limit: {burst: \"${SECRET}\"}}]",
        "sources: [{name: a, connector: x, credentials: [\"${SECRET}\"]}]",
        "sources: [{name: a, connector: x, credentials: \"${SECRET}\"}]"}) {
    auto const message = mistake(text, env);
    EXPECT_NE(message, "no error") << text;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile()
      : before_(std::filesystem::current_path()),
        directory_(std::filesystem::temp_directory_path() /
                   ("affsync_config_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
    std::filesystem::current_path(directory_);
  }
  ~ConfigFile() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }
  void write(std::string const& name, std::string const& text) {
    std::ofstream(directory_ / name) << text;
  }

  std::filesystem::path before_;
  std::filesystem::path directory_;
};

TEST_F(ConfigFile, IsReadFromDisk) {
  write("my.yaml", "log: {level: warn}\n");
  auto const config = load_config("my.yaml", environment());
  ASSERT_TRUE(config) << config.error().to_line();
  EXPECT_EQ(config->file, "my.yaml");
  EXPECT_EQ(config->log.level, LogLevel::warn);
}

TEST_F(ConfigFile, ThatCannotBeReadIsNamedWithTheReason) {
  EXPECT_EQ(load_config("none.yaml", environment()).error().to_line(),
            "none.yaml: cannot read the configuration: No such file or directory");
  EXPECT_EQ(load_config(".", environment()).error().to_line(),
            ".: cannot read the configuration: it is a directory");
  EXPECT_EQ(load_config(".", environment()).error().code, ErrorCode::config_invalid);
}

TEST_F(ConfigFile, OptionComesBeforeVariableBeforeCurrentDirectory) {
  write("affsync.yaml", "");
  auto const env = environment({{"AFFSYNC_CONFIG", "from-variable.yaml"}});
  EXPECT_EQ(*find_config_file("from-option.yaml", env), "from-option.yaml");
  EXPECT_EQ(*find_config_file("", env), "from-variable.yaml");
  EXPECT_EQ(*find_config_file("", environment({{"AFFSYNC_CONFIG", ""}})), "./affsync.yaml");
  EXPECT_EQ(*find_config_file("", environment()), "./affsync.yaml");
}

// Commands that need no broker run in a shell that does not have the service's secrets.
TEST_F(ConfigFile, OfADatabaseNeedsNoSecretOfABroker) {
  std::string const file = "needed.yaml";
  write(file,
        "database: {url: \"postgresql://a@b/c\"}\n"
        "http: {token: \"${NO_TOKEN}\"}\n"
        "alerts:\n"
        "  to:\n"
        "    - {name: hook, webhook: \"${NO_HOOK}\"}\n"
        "    - {name: phone, telegram: {token: \"${NO_PHONE}\", chat: \"5\"}}\n"
        "    - {name: mail, command: [/usr/bin/mail, \"${NO_MAIL}\"]}\n"
        "sources:\n"
        "  - name: one\n"
        "    connector: exness\n"
        "    credentials: {login: \"${NO_LOGIN}\", password: {credential: exness}}\n"
        "  - name: two\n"
        "    connector: exness\n"
        "    credentials: {login: {file: /nonexistent}, password: x}\n");
  Environment const none = [](std::string const&) -> std::optional<std::string> {
    return std::nullopt;
  };
  EXPECT_EQ(load_config(file, none).error().code, ErrorCode::secret_missing);
  auto const config = load_config(file, none, Secrets::of_database);
  ASSERT_TRUE(config) << config.error().to_line();
  EXPECT_EQ(config->sources.size(), 2u);
  EXPECT_EQ(config->database.url, "postgresql://a@b/c");
}

TEST_F(ConfigFile, OfADatabaseNeedsTheDatabasesSecretAndNoOtherMistake) {
  Environment const none = [](std::string const&) -> std::optional<std::string> {
    return std::nullopt;
  };
  for (auto const* text :
       {"database: {url: \"${NO_URL}\"}\n", "database: {url: \"postgresql://a:${NO_URL}@b/c\"}\n",
        "database: {url: embedded, state_dir: \"${NO_URL}/x\"}\n"}) {
    write("needed.yaml", text);
    auto const config = load_config("needed.yaml", none, Secrets::of_database);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::secret_missing) << config.error().to_line();
    EXPECT_NE(config.error().message.find("NO_URL"), std::string::npos);
  }
  write("needed.yaml", "databse: {url: \"${NO_URL}\"}\n");
  ASSERT_FALSE(load_config("needed.yaml", none, Secrets::of_database));
}

TEST_F(ConfigFile, ThatIsNowhereNamesThePlaces) {
  if (std::filesystem::exists("/etc/affsync/affsync.yaml"))
    GTEST_SKIP() << "this machine has a system-wide configuration";
  std::filesystem::create_directory("affsync.yaml");  // a directory is not a configuration file
  auto const found = find_config_file("", environment());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::config_invalid);
  for (auto const* place :
       {"--config", "$AFFSYNC_CONFIG", "./affsync.yaml", "/etc/affsync/affsync.yaml"}) {
    EXPECT_NE(found.error().message.find(place), std::string::npos) << place;
  }
}

TEST(ProcessEnvironment, IsThatOfTheProcess) {
  ASSERT_EQ(setenv("AFFSYNC_TEST_VARIABLE", "x", 1), 0);
  EXPECT_EQ(process_environment()("AFFSYNC_TEST_VARIABLE"), "x");
  unsetenv("AFFSYNC_TEST_VARIABLE");
  EXPECT_EQ(process_environment()("AFFSYNC_TEST_VARIABLE"), std::nullopt);
}

TEST(ExampleFile, IsRightAndShowsTheDefaults) {
  auto const config = load_config(test::in_source("config/affsync.example.yaml"),
                                  environment({{"EXNESS_PASSWORD", "pw"}}));
  ASSERT_TRUE(config) << config.error().to_line();
  ASSERT_EQ(config->sources.size(), 1u);
  EXPECT_EQ(config->sources[0].connector, "exness");
  EXPECT_EQ(config->sources[0].credentials.at("password").reveal(), "pw");
}

}  // namespace
}  // namespace affsync::config::load_test
