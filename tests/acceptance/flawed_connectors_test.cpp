// An invalid file in `connectors_dir` stops what uses it, and nothing else.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::flawed_connectors_test {
namespace {

std::string const good = R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    records: rows
    key: id
    map: {amount: sum, currency: {const: EUR}}
)";

class FlawedConnectors : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    start_own_broker(good, "{}",
                     [](Asked const&) { return reply(R"({"rows":[{"id":"a","sum":1.5}]})"); });
  }
  std::string write(std::string const& name, std::string const& text) {
    use_connector(name, text);
    std::string const key = "connectors_dir: ";
    return top_yaml.substr(key.size(), top_yaml.find('\n') - key.size()) + "/" + name + ".yaml";
  }
};

TEST_F(FlawedConnectors, stop_no_source_that_does_not_use_them) {
  auto const file = write("other", "name: other\nauth: {type: none}\nstreams: {s: {tables: x}}\n");
  expect_green(pass(), 1);
  auto const status = run_command({"status"});
  EXPECT_EQ(status.status, 0) << status.err;
  EXPECT_NE(status.err.find(file + ":3:14"), std::string::npos) << status.err;
  auto const shown = run_command({"connectors", "stranger"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  auto const checked = run_command({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  EXPECT_NE(checked.out.find(file + ":3:14"), std::string::npos) << checked.out;
}

TEST_F(FlawedConnectors, are_told_by_the_list_and_by_their_name) {
  auto const file = write("other", "name: other\nauth: {type: none}\nstreams: {s: {tables: x}}\n");
  auto const list = run_command({"connectors"});
  EXPECT_EQ(list.status, 2);
  EXPECT_NE(list.out.find("stranger"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("exness"), std::string::npos) << list.out;
  EXPECT_NE(list.err.find(file + ":3:14"), std::string::npos) << list.err;
  auto const one = run_command({"connectors", "other"});
  EXPECT_EQ(one.status, 2);
  EXPECT_NE(one.err.find(file + ":3:14"), std::string::npos) << one.err;
}

// Never the built-in one of the same name: it would read something else.
TEST_F(FlawedConnectors, stop_the_sources_that_use_them) {
  connector = "exness";
  credentials_yaml = "{login: a@b.example, password: some-planted-word}";
  auto const file = write("mine", "streams: {s: {tables: x}}\nname: \"exness\"  # mine\n");
  auto const synced = pass();
  EXPECT_EQ(synced.status, 2) << synced.out << synced.err;
  EXPECT_NE(synced.err.find(file + ":1:"), std::string::npos) << synced.err;
  EXPECT_EQ(run_command({"check"}).status, 2);
}

TEST_F(FlawedConnectors, without_a_byte_have_the_name_of_their_file) {
  auto const file = write("empty", "");
  expect_green(pass(), 1);
  auto const one = run_command({"connectors", "empty"});
  EXPECT_EQ(one.status, 2);
  EXPECT_NE(one.err.find(file), std::string::npos) << one.err;
  EXPECT_NE(one.err.find("the file is empty"), std::string::npos) << one.err;
}

}  // namespace
}  // namespace affsync::test::flawed_connectors_test
