// The forms of a secret: none of them appears in a message.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"

namespace affsync::config::secrets_test {
namespace {

class SecretForms : public testing::Test {
 protected:
  SecretForms()
      : directory_(std::filesystem::temp_directory_path() /
                   ("affsync_secret_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~SecretForms() override { std::filesystem::remove_all(directory_); }

  std::string path(std::string const& name) const { return (directory_ / name).string(); }
  std::string write(std::string const& name, std::string const& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return path(name);
  }
  // The password that a source gets from `value`.
  std::string password(std::string const& value, Environment const& env = environment()) const {
    auto const config = read(source_with("credentials: {password: " + value + "}"), env);
    return config.sources.empty() ? "none" : config.sources[0].credentials.at("password").reveal();
  }
  // The error of `value`, without its position, which is checked here.
  std::string missing(std::string const& value, Environment const& env = environment()) const {
    auto const message = mistake(source_with("credentials: {password: " + value + "}"), env,
                                 ErrorCode::secret_missing);
    EXPECT_EQ(message.substr(0, 11), "c.yaml:4:" + message.substr(9, 2));
    auto const space = message.find(": ");
    return space == std::string::npos ? message : message.substr(space + 2);
  }

  std::filesystem::path directory_;
};

TEST_F(SecretForms, PlainText) {
  EXPECT_EQ(password("hunter2"), "hunter2");
  EXPECT_EQ(password("12345"), "12345");
  EXPECT_EQ(password("'  spaces kept '"), "  spaces kept ");
  EXPECT_EQ(password("\"пароль\""), "пароль");
  EXPECT_EQ(password("'a$${b'"), "a${b");
}

TEST_F(SecretForms, EnvironmentVariable) {
  EXPECT_EQ(password("\"${PW}\"", environment({{"PW", "from ${env}"}})), "from ${env}");
  EXPECT_EQ(missing("\"${PW}\""),
            "the environment variable PW is not set. Set it, or give the value another way: {file: "
            "PATH} for a secret.");
  EXPECT_EQ(missing("\"${PW}\"", environment({{"PW", ""}})), "the credential `password` is empty");
}

TEST_F(SecretForms, VariableThatNamesAFile) {
  auto const file = write("pw", "hunter2\n");
  EXPECT_EQ(password("\"${PW}\"", environment({{"PW_FILE", file}})), "hunter2");
  EXPECT_EQ(password("\"a-${PW}\"", environment({{"PW_FILE", file}})), "a-hunter2");
  // The variable itself comes first, also when it is empty.
  EXPECT_EQ(password("\"${PW}\"", environment({{"PW", "own"}, {"PW_FILE", file}})), "own");
  EXPECT_EQ(missing("\"${PW}\"", environment({{"PW", ""}, {"PW_FILE", file}})),
            "the credential `password` is empty");
}

TEST_F(SecretForms, VariableThatNamesNoSecretSaysWhy) {
  auto const of = [&](std::string const& file) {
    return missing("\"${PW}\"", environment({{"PW_FILE", file}}));
  };
  auto const none = path("none");
  auto const empty = write("empty", "\n");
  EXPECT_EQ(of(none), "the environment variable PW_FILE names " + none +
                          ", which cannot be read: No such file or directory");
  EXPECT_EQ(of(empty), "the environment variable PW_FILE names " + empty +
                           ", which cannot be read: it is empty");
  EXPECT_EQ(of(directory_.string()), "the environment variable PW_FILE names " +
                                         directory_.string() +
                                         ", which cannot be read: it is a directory");
}

TEST_F(SecretForms, FileWithoutItsLineEnds) {
  EXPECT_EQ(password("{file: " + write("a", "hunter2") + "}"), "hunter2");
  EXPECT_EQ(password("{file: " + write("b", "hunter2\n") + "}"), "hunter2");
  EXPECT_EQ(password("{file: " + write("c", "hunter2\r\n\n") + "}"), "hunter2");
  EXPECT_EQ(password("{file: " + write("d", " two\nlines \n") + "}"), " two\nlines ");
  write("e", "hunter2\n");
  EXPECT_EQ(password("{file: \"${DIR}/e\"}", environment({{"DIR", directory_.string()}})),
            "hunter2");
}

TEST_F(SecretForms, FileThatIsNoSecretSaysWhy) {
  auto const why = [&](std::string const& file) {
    auto const message = missing("{file: " + file + "}");
    auto const start = "the credential `password`: cannot read " + file + ": ";
    EXPECT_EQ(message.substr(0, start.size()), start);
    return message.substr(std::min(start.size(), message.size()));
  };
  EXPECT_EQ(why(path("none")), "No such file or directory");
  EXPECT_EQ(why(directory_.string()), "it is a directory");
  EXPECT_EQ(why(write("empty", "")), "it is empty");
  EXPECT_EQ(why(write("newline", "\n\n")), "it is empty");
  EXPECT_EQ(why(write("zero", std::string("a\0b", 3))), "it contains a zero byte");
  EXPECT_EQ(why(write("large", std::string(64 * 1024 + 1, 'x'))), "it is larger than 64 KiB");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(why(path("pipe")), "it is not a regular file");
  if (geteuid() != 0) {
    auto const locked = write("locked", "hunter2");
    chmod(locked.c_str(), 0);
    EXPECT_EQ(why(locked), "Permission denied");
  }
}

// Whoever puts the secret where its file belongs must not find it in the log.
TEST_F(SecretForms, WhatTheEnvironmentHoldsIsNotShownAsAPath) {
  auto const env = environment({{"SECRET", "hunter2"}});
  EXPECT_EQ(missing("{file: \"none/${SECRET}\"}", env),
            "the credential `password`: cannot read none/${SECRET}: No such file or directory");
  EXPECT_EQ(missing("{credential: \"${SECRET}\"}", env),
            "the credential `password`: $CREDENTIALS_DIRECTORY is not set. systemd hands it "
            "over at the start of a service, not at a reload: restart it once its unit has "
            "LoadCredential=${SECRET}:PATH.");
  auto const of_service =
      environment({{"SECRET", "hunter2"}, {"CREDENTIALS_DIRECTORY", directory_.string()}});
  EXPECT_EQ(missing("{credential: \"${SECRET}\"}", of_service),
            "the credential `password`: cannot read " + path("${SECRET}") +
                ": No such file or directory. systemd hands it over at the start of a service, not "
                "at a reload: restart it once its unit has LoadCredential=${SECRET}:PATH.");
}

TEST_F(SecretForms, SystemdCredential) {
  write("broker", "hunter2\n");
  auto const env = environment({{"CREDENTIALS_DIRECTORY", directory_.string()}});
  EXPECT_EQ(password("{credential: broker}", env), "hunter2");
  EXPECT_EQ(missing("{credential: other}", env),
            "the credential `password`: cannot read " + path("other") +
                ": No such file or directory. systemd hands it over at the start of a service, not "
                "at a reload: restart it once its unit has LoadCredential=other:PATH.");
  EXPECT_EQ(missing("{credential: broker}"),
            "the credential `password`: $CREDENTIALS_DIRECTORY is not set. systemd hands it "
            "over at the start of a service, not at a reload: restart it once its unit has "
            "LoadCredential=broker:PATH.");
}

TEST_F(SecretForms, CredentialsNameIsNoPath) {
  auto const env = environment({{"CREDENTIALS_DIRECTORY", directory_.string()}});
  for (auto const* name : {"../etc/passwd", "/etc/passwd", "..", ".", ""}) {
    EXPECT_EQ(
        mistake(source_with(std::string("credentials: {password: {credential: '") + name + "'}}"),
                env),
        "c.yaml:4:42: a credential's name is the name of a file, without a path")
        << name;
  }
}

TEST_F(SecretForms, EmptyAndNothingAreRefused) {
  EXPECT_EQ(missing("''"), "the credential `password` is empty");
  EXPECT_EQ(missing(""),
            "the credential `password` is empty. Put a text that begins with & or # in quotes.");
  EXPECT_EQ(missing("~"),
            "the credential `password` is empty. Put a text that begins with & or # in quotes.");
}

TEST_F(SecretForms, OtherShapesAreRefusedUnquoted) {
  for (auto const* credentials :
       {"[hunter2]", "hunter2", "{password: [hunter2]}",
        "{password: {file: /x, credential: hunter2}}", "{password: {}}",
        "{password: {text: hunter2}}", "{password: {env: hunter2}}", "{password:hunter2}",
        "{login: a, password:hunter2}", "{password: *hunter2}", "{password: &hunter2 }",
        "{password: !hunter2 }", "{password: @hunter2}", "{password: 'hunter2}",
        "{password: \"hunter2\\q\"}", "{password: hunter2: x}", "{password: {file: [hunter2]}}",
        "{'password hunter2': x}"}) {
    auto const config = parse_config(source_with(std::string("credentials: ") + credentials),
                                     "c.yaml", environment());
    ASSERT_FALSE(config) << credentials;
    auto const line = config.error().to_line();
    EXPECT_EQ(line.find("unter2"), std::string::npos) << line;
    EXPECT_EQ(line.substr(0, 7), "c.yaml:") << line;
  }
}

TEST_F(SecretForms, EnvAsAKeyIsExplained) {
  EXPECT_EQ(
      mistake(source_with("credentials: {password: {env: PW}}")),
      "c.yaml:4:30: unknown key \"env\" in the credential `password`. Write \"${NAME}\" for an "
      "environment variable.");
}

// Without this check it would be sent literally and count as a wrong password at the broker.
TEST_F(SecretForms, AVariableWithoutItsBracesIsAMistake) {
  for (auto const* odd : {"$PLANTED_VARIABLE", "'%PLANTED_VARIABLE%'", "$(PLANTED_VARIABLE)",
                          "$env:PLANTED_VARIABLE", "$_PLANTED"}) {
    auto const message = mistake(source_with(std::string("credentials: {password: ") + odd + "}"));
    EXPECT_NE(message.find("looks like a variable without its braces"), std::string::npos)
        << message;
    EXPECT_EQ(message.find("PLANTED"), std::string::npos) << "it may be the password itself";
  }
  for (auto const* fine : {"$ecret", "$1", "$", "$$$", "a$PLANTED", "$PLANTED-9x", "100%", "%%"}) {
    EXPECT_EQ(password(std::string("'") + fine + "'"), fine);
  }
  EXPECT_EQ(password("{file: " + write("odd", "$PLANTED") + "}"), "$PLANTED");
}

}  // namespace
}  // namespace affsync::config::secrets_test
