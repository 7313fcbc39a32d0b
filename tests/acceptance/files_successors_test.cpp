// Files whose place later ones take: by a name that returns, one of several, and none by chance.
#include <string>

#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_successors_test {
namespace {

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /june*.csv
    every: 1s
    format: csv
    key: KEY
    mode: replace_window
    window: {column: occurred_on}
    map:
      client_ref: {from: Client, required: false}
      amount: {from: Amount, required: true}
      currency: {const: USD}
      occurred_on: Day
)";

class FileSuccessors : public FilesAcceptance {
 protected:
  void use_key(std::string const& key) {
    std::string text(portal);
    text.replace(text.find("KEY"), 3, key);
    source_yaml = "    mass_drop: 100%\n";
    use_connector("portal", text);
  }
  std::string text_of(std::string const& name) const {
    return text_in(inbox() / "done" / (name + ".txt"));
  }
  std::string sum() const {
    return query(
        "select count(*) || ' ' || sum(amount) from affsync.commission where deleted_at is null");
  }
  // A pass over one file.
  std::string read(std::string const& name, std::string const& rows) const {
    put_in_inbox(name, "Id;Client;Day;Amount\n" + rows);
    auto const synced = sync();
    return synced.of("commissions", "status");
  }
};

constexpr char const* succeeded = "succeeded";

// The browser numbers a download as long as the one before lies in its folder.
TEST_F(FileSuccessors, a_name_that_returns_takes_the_place_of_the_one_that_took_its_own) {
  for (auto const* key : {"{hash: all}", "Id"}) {
    use_key(key);
    query("truncate affsync.commission, affsync.file_rows, affsync.file_read");
    std::string const first = "1;a;2026-06-01;10\n2;b;2026-06-02;20\n3;c;2026-06-03;30\n";
    EXPECT_EQ(read("june.csv", first + "4;d;2026-06-04;40\n5;e;2026-06-05;50\n"), succeeded);
    EXPECT_EQ(read("june (1).csv", first + "4;d;2026-06-04;44\n5;e;2026-06-05;50\n"), succeeded);
    EXPECT_EQ(sum(), "5 154") << key;
    EXPECT_EQ(read("june.csv", first + "5;e;2026-06-05;55\n"), succeeded);
    EXPECT_EQ(sum(), "4 115") << key;
    EXPECT_NE(text_of("june-2.csv").find("takes the place of june (1).csv"), std::string::npos)
        << text_of("june-2.csv");
    EXPECT_EQ(
        read("june (1).csv", "1;a;2026-06-01;11\n" + first.substr(18) + "5;e;2026-06-05;55\n"),
        succeeded);
    EXPECT_EQ(sum(), "4 116") << key;
    fs::remove_all(inbox() / "done");
  }
}

TEST_F(FileSuccessors, files_that_are_not_replaced_beside_one_that_is_are_told) {
  use_key("Id");
  read("june0.csv", "1;a;2026-06-01;1\n2;b;2026-06-02;2\n3;c;2026-06-03;3\n4;d;2026-06-10;4\n");
  read("june1.csv", "11;a;2026-06-11;1\n12;b;2026-06-12;2\n13;c;2026-06-20;3\n");
  std::string const all = "11;a;2026-06-11;1\n12;b;2026-06-12;2\n13;c;2026-06-20;3\n";
  read("june2.csv", "1;a;2026-06-01;1\n21;z;2026-06-19;9\n" + all);
  EXPECT_EQ(sum(), "8 25");
  auto const text = text_of("june2.csv");
  // It has all of the other one.
  EXPECT_EQ(text.find("takes the place"), std::string::npos) << text;
  EXPECT_NE(text.find("3 rows of the days 2026-06-01 to 2026-06-20 are from june0.csv and stay"),
            std::string::npos)
      << text;
  // Once.
  read("june2.csv", "1;a;2026-06-01;1\n21;z;2026-06-19;9\n" + all);
  EXPECT_EQ(text_of("june2-2.csv"), "");
}

// Days without money are the same for every brand.
TEST_F(FileSuccessors, rows_of_nothing_do_not_make_two_files_one) {
  use_key("{hash: [Client, Day, Amount]}");
  std::string days;
  for (int day = 10; day < 28; ++day) {
    days += ";x;2026-06-" + std::to_string(day) + ";0.00\n";
  }
  read("june_a.csv", days + ";x;2026-06-28;100\n;x;2026-06-29;250\n");
  read("june_b.csv", days + ";x;2026-06-28;0.00\n;x;2026-06-29;70\n");
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "420.00");
  EXPECT_NE(text_of("june_b.csv").find("2 rows"), std::string::npos) << text_of("june_b.csv");
  EXPECT_NE(text_of("june_b.csv").find("are from june_a.csv and stay"), std::string::npos)
      << text_of("june_b.csv");
}

TEST_F(FileSuccessors, equal_rows_of_two_brands_that_count_once_are_told) {
  use_key("{hash: [Client, Day, Amount]}");
  read("june_a.csv", ";a;2026-06-01;1\n;b;2026-06-02;2\n;x;2026-06-03;5\n");
  read("june_b.csv", ";c;2026-06-01;3\n;d;2026-06-03;4\n;x;2026-06-03;5\n");
  EXPECT_EQ(sum(), "5 15");
  EXPECT_NE(text_of("june_b.csv").find("1 row of equal content in both"), std::string::npos)
      << text_of("june_b.csv");
}

}  // namespace
}  // namespace affsync::test::files_successors_test
