// `affsync check` with databases where `sync` could not work.
#include <filesystem>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::check_database_test {
namespace {

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class CheckDatabase : public PlainAcceptance {
 protected:
  void SetUp() override {
    PlainAcceptance::SetUp();
    serve_rows({R"({"id":1,"amount":"1.50"})"});
  }
  Json checked(int status) {
    auto const ended = affsync({"check", "--output", "json"});
    EXPECT_EQ(ended.status, status) << ended.out << ended.err;
    auto json = parse_json(ended.out);
    return json ? *json : Json();
  }
};

TEST_F(CheckDatabase, a_user_without_rights_is_told_what_to_grant) {
  ASSERT_EQ(sync().status, 0);
  execute("drop role if exists check_nobody");
  execute("create role check_nobody login");
  auto url = database_url();
  auto const user = url.find("user=");
  use_database("{url: \"" + (user == std::string::npos ? url + " user=check_nobody" : [&] {
                 auto const end = url.find_first_of(" &", user);
                 return url.substr(0, user) + "user=check_nobody" +
                        (end == std::string::npos ? "" : url.substr(end));
               }()) + "\"}");
  auto const json = checked(1);
  auto const& line = json.find("checks")->items().at(0);
  EXPECT_EQ(line.find("result")->as_string(), "failed") << json.dump();
  EXPECT_TRUE(has(line.find("hint")->as_string(), "affsync_writer")) << json.dump();
  // The broker is checked too.
  EXPECT_EQ(json.find("checks")->items().back().find("stream")->as_string(), "rows");
}

TEST_F(CheckDatabase, one_that_is_empty_or_good_is_said_to_be_so) {
  use_empty_database();
  auto const empty = affsync({"check"});
  EXPECT_EQ(empty.status, 0);
  EXPECT_TRUE(has(empty.out, "PostgreSQL") && has(empty.out, "creates the schema")) << empty.out;
  EXPECT_EQ(query("select count(*) from pg_namespace where nspname in ('affsync', 'reporting')"),
            "0");
  ASSERT_EQ(sync().status, 0);
  EXPECT_FALSE(has(affsync({"check"}).out, "creates the schema"));
}

TEST_F(CheckDatabase, an_embedded_directory_that_cannot_be_made_is_a_failure) {
  dir_.write("file", "no directory");
  use_database("{url: embedded, state_dir: " + (dir_.path() / "file" / "state").string() + "}");
  auto const bad = affsync({"check"});
  EXPECT_EQ(bad.status, 3) << bad.out;
  EXPECT_TRUE(has(bad.out, "database.state_dir")) << bad.out;

  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  auto const state = dir_.path() / "state";
  use_database("{url: embedded, state_dir: " + state.string() + "}");
  auto const good = affsync({"check"});
  EXPECT_EQ(good.status, 0) << good.out << good.err;
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(CheckDatabase, without_a_source_there_is_nothing_to_check) {
  auto const file = dir_.write("none.yaml", "database: {url: embedded}\nsources: []\n");
  auto const ended = affsync({"--config", file.string(), "check"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_TRUE(has(ended.err, "no source")) << ended.err;
}

TEST_F(CheckDatabase, a_page_that_does_not_map_is_a_failure) {
  serve_rows({R"({"id":1,"amount":"one"})", R"({"id":2,"amount":"two"})"});
  auto json = checked(1);
  auto const& line = json.find("checks")->items().back();
  EXPECT_EQ(line.find("result")->as_string(), "failed") << json.dump();
  EXPECT_EQ(line.find("error_code")->as_string(), "mapping_failed");
  EXPECT_TRUE(has(line.find("detail")->as_string(), "amount")) << json.dump();
  EXPECT_TRUE(has(line.find("hint")->as_string(), "affsync inspect main rows")) << json.dump();

  // One bad row of several is a warning.
  serve_rows({R"({"id":1,"amount":"one"})", R"({"id":2,"amount":"2"})", R"({"id":3})"});
  json = checked(0);
  EXPECT_EQ(json.find("checks")->items().back().find("result")->as_string(), "warning");
}

TEST_F(CheckDatabase, a_wrong_clock_is_told) {
  serve([](std::string const&) {
    auto answer = answer_of(list_of({R"({"id":1,"amount":"1"})"}));
    return answer.insert(answer.find("\r\n") + 2, "Date: Thu, 01 Jan 2015 00:00:00 GMT\r\n");
  });
  auto const ended = affsync({"check"});
  EXPECT_TRUE(has(ended.out, "the clock of this machine is")) << ended.out;
}

// One text and one exit status, whichever command is the first to need the database.
TEST_F(CheckDatabase, a_misspelt_url_is_a_mistake_of_the_configuration_for_every_command) {
  std::vector<std::vector<std::string>> const commands{{"check"},           {"sync"},
                                                       {"status"},          {"report", "earnings"},
                                                       {"backup", "there"}, {"restore", "there"},
                                                       {"sources"},         {"psql"}};
  auto const refused = [&](std::string const& url, std::string const& text) {
    use_database("{url: \"" + url + "\"}");
    for (auto const& arguments : commands) {
      auto const ended = affsync(arguments);
      EXPECT_EQ(ended.status, 2) << arguments.front() << ended.out << ended.err;
      EXPECT_TRUE(has(ended.err, text)) << arguments.front() << ended.err;
      EXPECT_FALSE(has(ended.err, "planted")) << ended.err;
    }
  };
  refused("host=127.0.0.1 password=planted-word dbnam=affsync",
          "PostgreSQL has no connection option `dbnam`. Did you mean `dbname`?");
  refused("postgresql://user:planted-word@127.0.0.1/affsync?ssl_mode=disable",
          "PostgreSQL has no connection option `ssl_mode`. Did you mean `sslmode`?");
  // A blank in a password without quotes: what follows it is a part of the password.
  refused("host=127.0.0.1 password=x planted-word",
          "is neither a PostgreSQL URL nor a keyword string");
  refused("host=127.0.0.1 password=x planted-word=y",
          "is neither a PostgreSQL URL nor a keyword string");
}

}  // namespace
}  // namespace affsync::test::check_database_test
