// `affsync init`: a first configuration, by questions on a terminal and by options.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/terminal_process.hpp"

namespace affsync::test::init_test {
namespace {

namespace fs = std::filesystem;

class Init : public Acceptance {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    start_broker();
    fs::remove(config_file());
    environment.clear();
    // No server at the usual place, whatever the machine has.
    environment["PGHOST"] = (dir_.path() / "no-server").string();
  }

  // What the questions do not ask for: the fake broker, and the server of the tests.
  std::vector<std::string> init(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"init", "--base-url", broker().url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> with_database(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--database", database_url()});
    return init(std::move(more));
  }
  // All by options; the password comes from the environment.
  std::vector<std::string> by_options(std::vector<std::string> more = {}) {
    environment["EXNESS_PASSWORD"] = password;
    more.insert(more.begin(),
                {"--yes", "--connector", "exness", "--credential", "login=partner@example.com"});
    return with_database(std::move(more));
  }
  std::string mode_of(fs::path const& path) const {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return "missing";
    char text[8];
    std::snprintf(text, sizeof text, "%03o", found.st_mode & 07777);
    return text;
  }
  std::string text_of(fs::path const& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (auto const& entry : fs::directory_iterator(dir_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  auto logins() const { return broker_->count("logins") + broker_->count("logins_refused"); }
};

bool shows(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Init, asks_tries_and_writes_what_works_as_it_stands) {
  use_empty_database();
  TerminalProcess person(command(with_database()));
  person.answer("Which broker?", "exnes");
  person.answer("A name for this source", "");
  person.answer("login", "partner@example.com");
  person.wait_for("password");
  EXPECT_FALSE(person.echoes());
  person.type(std::string(password) + "\n");
  person.wait_for("Trying exness-main at " + broker().url());
  EXPECT_EQ(person.wait(), 0) << person.screen();
  EXPECT_TRUE(person.echoes());
  EXPECT_TRUE(shows(person.screen(), "affsync sync")) << person.screen();
  EXPECT_FALSE(shows(person.screen(), password)) << person.screen();

  auto const secret = dir_.path() / "exness-main.password.secret";
  EXPECT_EQ(mode_of(config_file()), "600");
  EXPECT_EQ(mode_of(secret), "600");
  EXPECT_EQ(text_of(secret), std::string(password) + "\n");
  EXPECT_FALSE(shows(config_text(), password));
  EXPECT_EQ(files(), (std::vector<std::string>{"affsync.yaml", "exness-main.password.secret"}));
  EXPECT_EQ(logins(), 1u);

  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err << config_text();
  EXPECT_EQ(query("select count(*) from pg_namespace where nspname = 'affsync'"), "0");
}

TEST_F(Init, sends_a_refused_password_once_and_asks_for_another) {
  TerminalProcess person(command(with_database({"--connector", "exness"})));
  person.answer("A name for this source", "mine");
  person.answer("login", "partner@example.com");
  person.answer("password", "planted-wrong");
  person.answer("The broker refuses the login", "1");
  person.answer("login", "");  // as before
  person.answer("password", "planted-wrong");
  person.wait_for("were refused a moment ago");
  EXPECT_EQ(logins(), 1u);
  person.answer("login", "");
  person.answer("password", password);
  EXPECT_EQ(person.wait(), 0) << person.screen();
  EXPECT_EQ(logins(), 2u);
  EXPECT_FALSE(shows(person.screen(), "planted")) << person.screen();
  EXPECT_EQ(affsync({"check", "--source", "mine"}).status, 0);
}

TEST_F(Init, leaves_nothing_behind_when_it_is_interrupted) {
  for (std::string const keys : {"\x03", "\x04"}) {
    TerminalProcess person(command(with_database({"--connector", "exness"})));
    person.answer("A name for this source", "");
    person.answer("login", "partner@example.com");
    person.wait_for("password");
    EXPECT_FALSE(person.echoes());
    person.type("planted-half" + keys + (keys == "\x04" ? keys : ""));
    EXPECT_EQ(person.wait(), keys == "\x03" ? 130 : 1) << person.screen();
    EXPECT_TRUE(person.echoes());
    EXPECT_EQ(files(), std::vector<std::string>());
  }
  TerminalProcess ended(command(with_database({"--connector", "exness"})));
  ended.answer("A name for this source", "");
  ended.answer("login", "partner@example.com");
  ended.wait_for("password");
  ::kill(ended.pid(), SIGTERM);
  EXPECT_EQ(ended.wait(), 1) << ended.screen();
  EXPECT_TRUE(ended.echoes());
  EXPECT_EQ(files(), std::vector<std::string>());
}

TEST_F(Init, can_be_interrupted_while_the_broker_does_not_answer) {
  broker().fault("never:every=1,path=clients");
  TerminalProcess person(command(with_database({"--connector", "exness"})));
  person.answer("A name for this source", "");
  person.answer("login", "partner@example.com");
  person.answer("password", password);
  person.wait_for("Trying exness-main");
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (logins() == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  person.type("\x03");
  EXPECT_EQ(person.wait(), 130) << person.screen();
  EXPECT_TRUE(person.echoes());
  EXPECT_EQ(files(), std::vector<std::string>());
}

TEST_F(Init, offers_to_write_although_the_broker_is_down) {
  auto const arguments = with_database({"--connector", "exness"});
  broker_.reset();
  for (bool const anyway : {false, true}) {
    TerminalProcess person(command(arguments));
    person.answer("A name for this source", "");
    person.answer("login", "partner@example.com");
    person.answer("password", password);
    person.answer("cannot be reached now. Write the configuration anyway? [y/N]",
                  anyway ? "y" : "");
    EXPECT_EQ(person.wait(), anyway ? 0 : 1) << person.screen();
    EXPECT_EQ(fs::exists(config_file()), anyway);
  }
}

TEST_F(Init, offers_a_private_database_when_there_is_none) {
  // Started by root, the server runs as another user, who has to enter the directory.
  fs::permissions(dir_.path(), fs::perms(0755));
  TerminalProcess person(command(init({"--connector", "exness"})));
  person.answer("A name for this source", "");
  person.answer("login", "partner@example.com");
  person.answer("password", password);
  person.wait_for("affsync runs a private one");
  person.answer("Where are the data kept?", "");
  EXPECT_EQ(person.wait(), 0) << person.screen();
  auto const text = config_text();
  EXPECT_TRUE(shows(text, "url: embedded")) << text;
  EXPECT_TRUE(shows(text, (dir_.path() / "affsync-data").string())) << text;
  EXPECT_FALSE(fs::exists(dir_.path() / "affsync-data"));
}

TEST_F(Init, tries_the_directory_of_a_private_database_before_it_writes) {
  environment["EXNESS_PASSWORD"] = password;
  dir_.write("affsync-data", "no directory");
  auto const arguments = init({"--yes", "--connector", "exness", "--credential",
                               "login=partner@example.com", "--database", "embedded"});
  auto const refused = affsync(arguments);
  EXPECT_EQ(refused.status, 3) << refused.err;
  EXPECT_TRUE(shows(refused.err, "affsync-data")) << refused.err;
  EXPECT_TRUE(shows(refused.err, "Nothing was written")) << refused.err;
  EXPECT_FALSE(fs::exists(config_file()));
  if (::geteuid() != 0) return;
  // PostgreSQL does not run as root, and its user may not enter a directory of root's own.
  fs::remove(dir_.path() / "affsync-data");
  fs::permissions(dir_.path(), fs::perms(0700));
  auto const closed = affsync(arguments);
  EXPECT_EQ(closed.status, 3) << closed.err;
  EXPECT_TRUE(shows(closed.err, "may not enter")) << closed.err;
  EXPECT_FALSE(fs::exists(config_file()));
}

TEST_F(Init, makes_the_database_on_the_server_of_this_machine) {
  // The server of the tests stands for that of the machine.
  auto const url = database_url();
  auto const part = [&](std::string const& name) {
    auto const from = url.find(name + "=") + name.size() + 1;
    return url.substr(from, url.find_first_of(" ", from) - from);
  };
  auto const host = part("host");
  environment["PGHOST"] = host.front() == '\'' ? host.substr(1, host.size() - 2) : host;
  environment["PGUSER"] = "affsync";
  execute("alter database affsync rename to put_away");  // other tests' databases are copies of it
  environment["EXNESS_PASSWORD"] = password;
  auto const made = affsync(init({"--yes", "--connector", "exness", "--credential",
                                  "login=partner@example.com", "--database", "local"}));
  EXPECT_EQ(made.status, 0) << made.out << made.err;
  EXPECT_TRUE(shows(made.err, "was created")) << made.err;
  EXPECT_EQ(query("select count(*) from pg_database where datname = 'affsync'"), "1");
  EXPECT_EQ(affsync({"check"}).status, 0) << config_text();
  execute("drop database affsync with (force)");
  execute("alter database put_away rename to affsync");
}

TEST_F(Init, takes_everything_by_options) {
  auto const made = affsync(by_options());
  EXPECT_EQ(made.status, 0) << made.out << made.err;
  EXPECT_EQ(mode_of(dir_.path() / "exness-main.password.secret"), "600");
  environment.erase("EXNESS_PASSWORD");  // it is in the file now
  EXPECT_EQ(affsync({"check"}).status, 0);
}

TEST_F(Init, refuses_by_name_what_is_missing_or_wrong) {
  environment["WRONG"] = "planted-wrong";
  struct Case {
    std::vector<std::string> arguments;
    int status;
    std::string message, hint;
  };
  std::vector<Case> const cases{
      {{}, 2, "--connector is not given", "affsync connectors"},
      {{"--connector", "exnes"}, 2, "no connector `exnes`", "`exness`"},
      {{"--connector", "exness"}, 2, "`login` is not given", "EXNESS_LOGIN"},
      {{"--connector", "exness", "--credential", "pasword=@x"}, 2, "no `pasword`", "`password`"},
      {{"--connector", "exness", "--credential", "password=planted-typed"},
       2,
       "does not belong on the command line",
       "password=@FILE"},
      {{"--connector", "exness", "--set", "a=b"}, 2, "no `a`", ""},
      {{"--connector", "exness", "--credential", "login=a", "--credential", "password=@/no/file"},
       2,
       "cannot read /no/file",
       ""},
      {{"--connector", "exness", "--credential", "login=a", "--credential", "password=env:WRONG"},
       1,
       "auth",
       "--no-check"},
      {{"--add", "--force"}, 2, "exclude each other", ""},
  };
  for (auto const& one : cases) {
    auto arguments = with_database({"--yes"});
    arguments.insert(arguments.end(), one.arguments.begin(), one.arguments.end());
    auto const ended = affsync(arguments);
    EXPECT_EQ(ended.status, one.status) << ended.err;
    if (one.message != "auth") {
      EXPECT_TRUE(shows(ended.err, one.message)) << ended.err;
    }
    EXPECT_TRUE(shows(ended.err, one.hint)) << ended.err;
    EXPECT_FALSE(shows(ended.err + ended.out, "planted")) << ended.err;
    // Nothing is there that could try a refused login again.
    EXPECT_FALSE(shows(ended.err, "tried again after")) << ended.err;
    EXPECT_EQ(files(), std::vector<std::string>());
  }
}

TEST_F(Init, overwrites_nothing_without_being_told) {
  std::string const mine = "# my own words\ndatabase: {url: embedded}\nsources: []\n";
  dir_.write("affsync.yaml", mine);
  auto const refused = affsync(by_options());
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_TRUE(shows(refused.err, "--force replaces it")) << refused.err;
  EXPECT_EQ(config_text(), mine);
  EXPECT_EQ(files(), std::vector<std::string>{"affsync.yaml"});

  EXPECT_EQ(affsync(by_options({"--force"})).status, 0);
  EXPECT_EQ(text_of(config_file() + ".old"), mine);
  EXPECT_EQ(affsync({"check"}).status, 0);

  // A second one: the secret of the first stays as it is.
  auto const before = config_text();
  auto const added = affsync(by_options({"--add"}));
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_EQ(config_text().rfind(before, 0), 0u) << config_text();
  EXPECT_TRUE(shows(config_text(), "\"exness-2\"")) << config_text();
  EXPECT_EQ(affsync({"check"}).status, 0) << config_text();
  EXPECT_EQ(text_of(dir_.path() / "exness-2.password.secret"), std::string(password) + "\n");

  TerminalProcess person(command(with_database({"--connector", "exness"})));
  person.answer("What to do?", "2");  // leave it
  EXPECT_EQ(person.wait(), 1);
  EXPECT_TRUE(shows(person.screen(), "exness-main, exness-2")) << person.screen();
}

// The shell of whoever adds a broker has none of the secrets that systemd hands to the service.
TEST_F(Init, adds_to_a_configuration_whose_secrets_only_the_service_has) {
  dir_.write("affsync.yaml",
             "database: {url: \"" + database_url() +
                 "\"}\nsources:\n  - name: first\n"
                 "    connector: exness\n    base_url: " +
                 broker().url() +
                 "\n    credentials: {login: a@example.com, password: {credential: first}}\n");
  auto const added = affsync(by_options({"--add", "--name", "second"}));
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_TRUE(shows(config_text(), "{credential: first}")) << config_text();
  EXPECT_TRUE(shows(config_text(), "\"second\"")) << config_text();
  // What the new source needs is not stood in for.
  environment.erase("EXNESS_PASSWORD");
  auto const refused = affsync(
      with_database({"--yes", "--connector", "exness", "--add", "--name", "third", "--credential",
                     "login=b@example.com", "--credential", "password=@nowhere"}));
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_TRUE(shows(refused.err, "nowhere")) << refused.err;
}

TEST_F(Init, an_account_that_is_there_already_is_told) {
  auto const first = affsync(by_options());
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.err.find("same account"), std::string::npos) << first.err;
  auto const second = affsync(by_options({"--add"}));
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_NE(second.err.find("same account as the source exness-main"), std::string::npos)
      << second.err;
}

TEST_F(Init, asks_for_another_broker_until_there_is_none) {
  start_broker({"--broker", "wintrado"});
  fs::remove(config_file());
  TerminalProcess person(command({"init", "--database", database_url()}));
  auto const answer_all = [&] {
    person.answer("Which broker?", "wintrado");
    person.answer("A name for this source", "");
    person.answer("The address of your broker", broker().url());
    person.answer("What do you log in with?", "1");
    person.answer("username", "partner@example.com");
    person.answer("password", password);
  };
  answer_all();
  person.wait_for("Another broker? [y/N]");
  auto const first = config_text();
  auto const words = "# my own words, \xc3\xbc";
  dir_.write("affsync.yaml", words + ("\n" + first));
  person.type("y\n");
  answer_all();
  person.answer("Another broker? [y/N]", "");
  EXPECT_EQ(person.wait(), 0) << person.screen();
  EXPECT_TRUE(config_text().starts_with(words + ("\n" + first))) << config_text();
  EXPECT_EQ(files(), (std::vector<std::string>{"affsync.yaml", "wintrado-2.password.secret",
                                               "wintrado-main.password.secret"}));
  auto const screen = person.screen();
  EXPECT_EQ(screen.find("Next:"), screen.rfind("Next:")) << screen;
  // This program is not installed; one that is names where its documents are.
  EXPECT_TRUE(shows(screen, "\"From a trial to the service\" in docs/life.md of the sources."))
      << screen;
  EXPECT_FALSE(shows(screen, password)) << screen;
  EXPECT_EQ(affsync({"check"}).status, 0) << config_text();
}

TEST_F(Init, an_interrupted_second_broker_leaves_the_first) {
  start_broker({"--broker", "wintrado"});
  fs::remove(config_file());
  TerminalProcess person(command({"init", "--database", database_url(), "--no-check"}));
  person.answer("Which broker?", "wintrado");
  person.answer("A name for this source", "");
  person.answer("The address of your broker", broker().url());
  person.answer("What do you log in with?", "1");
  person.answer("username", "partner@example.com");
  person.answer("password", password);
  person.wait_for("Another broker? [y/N]");
  auto const first = config_text();
  person.type("y\n");
  person.wait_for("Which broker?");
  person.type("\x03");
  EXPECT_EQ(person.wait(), 130) << person.screen();
  EXPECT_EQ(config_text(), first);
  EXPECT_EQ(affsync({"check"}).status, 0) << config_text();
}

TEST_F(Init, replaces_what_cannot_be_loaded_only_when_told) {
  dir_.write("affsync.yaml", "sources: [\n");
  auto const refused = affsync(by_options());
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(shows(refused.err, "cannot be loaded")) << refused.err;
  auto const added = affsync(by_options({"--add"}));
  EXPECT_EQ(added.status, 2);
  EXPECT_TRUE(shows(added.err, "affsync.yaml:")) << added.err;
  EXPECT_EQ(config_text(), "sources: [\n");
  TerminalProcess person(command(
      with_database({"--connector", "exness", "--credential", "login=partner@example.com"})));
  person.answer("What to do?", "2");
  person.answer("A name for this source", "");  // the password is in the environment
  EXPECT_EQ(person.wait(), 0) << person.screen();
  EXPECT_EQ(text_of(config_file() + ".old"), "sources: [\n");
  EXPECT_EQ(affsync({"check"}).status, 0);
}

}  // namespace
}  // namespace affsync::test::init_test
