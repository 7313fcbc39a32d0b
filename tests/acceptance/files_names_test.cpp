// Names of files that are no text: those that an archive of another system brought.
#include "tests/acceptance/files_fixture.hpp"

namespace affsync::test::files_names_test {
namespace {

constexpr char const* portal = R"(name: portal
base_url: file:///
streams:
  commissions:
    table: commission
    path: /commissions*.csv
    format: csv
    key: Id
    map:
      amount: {from: Amount, required: true}
      currency: {const: USD}
)";

class NamesOfFiles : public FilesAcceptance {
 protected:
  void SetUp() override {
    FilesAcceptance::SetUp();
    use_connector("portal", portal);
  }
  std::string const bad = "commissions M\xe4rz.csv";
  std::string const shown = "commissions M\xef\xbf\xbdrz.csv";
};

TEST_F(NamesOfFiles, a_name_that_is_not_utf8_is_told_and_stops_no_other_file) {
  put_in_inbox(bad, "Id;Amount\n1;10\n");
  put_in_inbox("commissions z.csv", "Id;Amount\n2;20\n");
  configure();
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 1) << checked.out;
  EXPECT_NE(checked.out.find(shown), std::string::npos) << checked.out << checked.err;
  for (int pass = 0; pass < 2; ++pass) {
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("commissions", "status"), "failed");
    auto const error = synced.of("commissions", "error");
    EXPECT_NE(error.find(shown), std::string::npos) << error;
    EXPECT_NE(synced.out.find("Rename it"), std::string::npos) << synced.out;
    EXPECT_EQ(query("select string_agg(external_id, ' ') from affsync.commission"), "2");
    EXPECT_TRUE(fs::exists(inbox() / "done" / "commissions z.csv"));
    EXPECT_TRUE(fs::exists(inbox() / bad));
    auto const status = affsync({"status"}).out;
    EXPECT_NE(status.find("not UTF-8"), std::string::npos) << status;
  }
  fs::rename(inbox() / bad, inbox() / "commissions March.csv");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(
      query("select string_agg(external_id, ' ' order by external_id) from affsync.commission"),
      "1 2");
  EXPECT_EQ(affsync({"status"}).out.find("not UTF-8"), std::string::npos);
}

TEST_F(NamesOfFiles, import_refuses_such_a_name_and_says_what_to_do) {
  auto const path = put(bad, "Id;Amount\n1;10\n");
  configure();
  auto const refused = affsync({"import", path.string(), "--source", "main"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find(shown), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("Rename it"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace affsync::test::files_names_test
