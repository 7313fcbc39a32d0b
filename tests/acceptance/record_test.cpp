// `affsync connectors record`: what a real account sent becomes fixtures in which nothing of it is
// left but its shape.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::record_test {
namespace {

class Record : public PlainAcceptance {
 protected:
  // Records the rows and returns the files by name.
  std::map<std::string, std::string> record(std::vector<std::string> const& rows) {
    serve_rows(rows);
    configure();
    auto const folder = dir_.path() / "recorded";
    finished = affsync({"connectors", "record", "main", "--to", folder.string()});
    std::map<std::string, std::string> files;
    std::error_code none;
    for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
      std::ifstream in(entry.path());
      files[entry.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }

  Finished finished{};
};

// Every value that could name somebody or something, in every kind of place.
std::vector<std::string> const canaries{
    "81726354",     "CanaryJane",     "canary.jane@canarymail.example",
    "CanaryStreet", "4917655501234",  "9182.37",
    "planted-key",  "canarykeyname",  "Канарейка",
    "1989-03-07",   "7f3a9c21-canary"};

std::string const canary_row =
    R"({"id": 81726354, "client": "7f3a9c21-canary", "account": "81726354", "amount": 9182.37,
        "lots": "9182.37", "currency": "USD", "day": "2026-11-02", "text": "CanaryJane",
        "mail": "canary.jane@canarymail.example", "born": "1989-03-07", "note": "Канарейка, CanaryStreet 5",
        "phone": "+4917655501234", "nested": {"deep": [{"who": "CanaryJane"}]},
        "by_client": {"canarykeyname@x.example": 1}, "echo": "planted-key",
        "link": "https://CanaryStreet.example/81726354?who=CanaryJane"})";

TEST_F(Record, LeavesNothingOfARealAccount) {
  auto const files = record({canary_row});
  EXPECT_EQ(finished.status, 0) << finished.err;
  ASSERT_TRUE(files.contains("rows.json")) << finished.out << finished.err;
  ASSERT_TRUE(files.contains("rows.expected"));
  ASSERT_TRUE(files.contains("source"));
  for (auto const& [name, text] : files) {
    for (auto const& canary : canaries) {
      EXPECT_EQ(text.find(canary), std::string::npos) << canary << " is in " << name << "\n"
                                                      << text;
    }
  }
  for (auto const& canary : canaries) EXPECT_EQ(finished.out.find(canary), std::string::npos);
}

TEST_F(Record, KeepsShapesAndFormsAndReplacesTheSameByTheSame) {
  auto const files = record(
      {R"({"id": 4711, "client": "a-1", "amount": 12.50, "lots": "0.10", "currency": "USD", "day": "2026-11-02"})",
       R"({"id": 4712, "client": "a-1", "amount": -3, "lots": null, "currency": "USD", "day": "2026-11-03"})"});
  ASSERT_TRUE(files.contains("rows.json")) << finished.err;
  auto const json = parse_json(files.at("rows.json")).value();
  auto const& rows = json.find("data")->items();
  ASSERT_EQ(rows.size(), 2U);
  auto const text = [&](std::size_t row, char const* name) {
    return std::string(rows[row].find(name)->scalar_text().value_or("(none)"));
  };
  EXPECT_EQ(text(0, "client"), text(1, "client"));
  EXPECT_NE(text(0, "id"), text(1, "id"));
  EXPECT_TRUE(rows[0].find("id")->is_number());
  EXPECT_EQ(text(0, "id").size(), 4U);
  // Two places stay two places, and a text stays a text.
  EXPECT_TRUE(rows[0].find("amount")->is_number());
  EXPECT_EQ(text(0, "amount").size(), 5U);
  EXPECT_EQ(text(0, "amount").substr(2, 1), ".");
  EXPECT_EQ(text(0, "amount").substr(4), "0");
  EXPECT_TRUE(rows[0].find("lots")->is_string());
  EXPECT_EQ(text(0, "lots").substr(0, 2), "0.");
  EXPECT_EQ(text(1, "amount").substr(0, 1), "-");
  EXPECT_TRUE(rows[1].find("lots")->is_null());
  EXPECT_EQ(text(0, "currency"), "USD");
  EXPECT_EQ(text(0, "day"), "2026-11-02");
}

TEST_F(Record, LeavesTheExpectationToAPerson) {
  auto const files = record({canary_row});
  auto const& text = files.at("rows.expected");
  EXPECT_NE(text.find("of: rows\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# asked: /rows"), std::string::npos) << text;
  EXPECT_NE(text.find("[commission]\nexternal_id | "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("occurred_on\n")) << text;
}

TEST_F(Record, OverwritesNothing) {
  record({canary_row});
  auto const again =
      affsync({"connectors", "record", "main", "--to", (dir_.path() / "recorded").string()});
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("exists already"), std::string::npos) << again.err;
}

TEST_F(Record, SaysThatABlockedSourceWasNotAsked) {
  serve([](std::string const&) {
    return std::string("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}");
  });
  ASSERT_EQ(sync().status, 1);
  auto const asked = plain().connections();
  auto const recorded =
      affsync({"connectors", "record", "main", "--to", (dir_.path() / "recorded").string()});
  EXPECT_EQ(recorded.status, 1) << recorded.out;
  EXPECT_NE(recorded.err.find("not recorded: rows: "), std::string::npos) << recorded.err;
  EXPECT_EQ(plain().connections(), asked);
}

// Where it lies on this machine is nobody's business.
TEST_F(Record, NamesNoFolderOfThisMachine) {
  auto const inbox = dir_.path() / "inbox";
  std::filesystem::create_directory(inbox);
  std::filesystem::create_directory(dir_.path() / "connectors");
  dir_.write("inbox/rows.json", R"({"data":[{"id":1,"sum":"5.00"}]})");
  // A file that was changed a moment ago may not be whole.
  std::filesystem::last_write_time(
      inbox / "rows.json", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  dir_.write("connectors/portal.yaml",
             "name: portal\ncredentials: {}\nauth: {type: none}\nbase_url: file:///\nstreams:\n"
             "  rows: {table: commission, path: /rows*.json, records: data, key: id, map: {amount: "
             "sum}}\n");
  dir_.write("affsync.yaml",
             "database: {url: embedded, state_dir: " + (dir_.path() / "data").string() +
                 "}\nconnectors_dir: connectors\nsources:\n  - {name: main, connector: "
                 "portal, base_url: \"file://" +
                 inbox.string() + "\"}\n");
  auto const to = dir_.path() / "recorded";
  auto const recorded = affsync({"connectors", "record", "main", "--to", to.string()});
  ASSERT_EQ(recorded.status, 0) << recorded.err;
  std::ifstream in(to / "source");
  std::string const source{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(source, "base_url: https://broker.example\n");
}

}  // namespace
}  // namespace affsync::test::record_test
