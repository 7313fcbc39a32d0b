// `affsync connectors test`: a good connector passes, and each kind of mistake is caught by the
// check that is there for it.
#include <gtest/gtest.h>

#include "tests/acceptance/proof_fixture.hpp"

namespace affsync::test::proof_test {
namespace {

using testing::Test;
using Names = std::vector<std::string>;

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Proof, PassesAGoodConnector) {
  auto const proven = prove();
  EXPECT_EQ(proven.failed(), Names()) << proven.out << proven.err;
  EXPECT_EQ(proven.status, 0);
  for (auto const* check :
       {"any/meaning of answers", "login/login", "commissions/expected rows",
        "commissions/requests", "commissions/next page", "commissions/totals",
        "commissions/personal data", "commissions/stored rows", "commissions/by one answer",
        "commissions/in pages", "commissions/twice without a change"}) {
    EXPECT_EQ(proven.check(check).result, "ok") << check;
  }
}

TEST_F(Proof, ALoginAtAnotherHostStaysOnThisMachine) {
  replace("broker.yaml", "login: {path: /login,",
          "login: {url: https://login.broker.example/v1, path: /login,");
  auto const proven = prove();
  EXPECT_EQ(proven.failed(), Names()) << proven.out << proven.err;
  EXPECT_EQ(proven.status, 0);
  for (auto const* check :
       {"login/login", "commissions/stored rows", "commissions/expired login", "any/secrets"}) {
    EXPECT_EQ(proven.check(check).result, "ok") << check;
  }
}

TEST_F(Proof, CatchesAWrongKey) {
  replace("broker.yaml", "key: id", "key: cur");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const rows = proven.check("commissions/expected rows");
  EXPECT_EQ(rows.result, "failed");
  EXPECT_TRUE(contains(rows.details, "commission 501: the row is missing")) << rows.details;
}

TEST_F(Proof, CatchesAWrongColumn) {
  replace("broker.yaml", "amount: {from: sum, required: true}",
          "original_amount: {from: sum, required: true}");
  replace("broker.yaml", "{column: amount, total: sum}", "{column: original_amount, total: sum}");
  auto const proven = prove();
  auto const rows = proven.check("commissions/expected rows");
  EXPECT_EQ(proven.status, 1);
  EXPECT_TRUE(contains(rows.details, "commission 501: amount is empty, expected `12.50`"))
      << rows.details;
}

TEST_F(Proof, CatchesAFirstPageThatIsOffByOne) {
  replace("broker.yaml", "limit: size", "limit: size, first: 0");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const requests = proven.check("commissions/requests");
  EXPECT_EQ(requests.result, "failed");
  EXPECT_TRUE(contains(requests.details, "page=0")) << requests.details;
}

TEST_F(Proof, CatchesAWindowThatIsADayShort) {
  replace("broker.yaml", "column: occurred_on}", "column: occurred_on, to_exclusive: true}");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const requests = proven.check("commissions/requests");
  EXPECT_TRUE(contains(requests.details, "to=2026-11-06")) << requests.details;
}

TEST_F(Proof, CatchesANameThatIsKept) {
  replace("broker.yaml", "client_ref: client.id",
          "client_ref: client.id\n      link_code: client.name");
  replace("broker.yaml", "    personal: client.name\n", "");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const personal = proven.check("commissions/personal data");
  EXPECT_EQ(personal.result, "failed");
  EXPECT_TRUE(contains(personal.details, "Jane")) << personal.details;
}

TEST_F(Proof, CatchesATotalThatIsIgnored) {
  replace("broker.yaml", ", total: total", "");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const totals = proven.check("commissions/totals");
  EXPECT_TRUE(contains(totals.details, "the broker's count is `none`, expected `2`"))
      << totals.details;
}

TEST_F(Proof, CatchesAMissingErrorRule) {
  replace("broker.yaml", "  - {json: code, equals: [\"slow\"], class: throttled}\n", "");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  auto const answers = proven.check("any/meaning of answers");
  EXPECT_EQ(answers.result, "failed");
  EXPECT_TRUE(contains(answers.details, "expected `throttled`")) << answers.details;
}

TEST_F(Proof, RefusesAnExpectationWithAMisspeltKey) {
  replace("broker/commissions.expected", "asked:", "aksed:");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 2);
  EXPECT_TRUE(contains(proven.err, "commissions.expected:4")) << proven.err;
  EXPECT_TRUE(contains(proven.err, "Did you mean `asked`?")) << proven.err;
}

// The rows would count among a person's money.
TEST_F(Proof, RefusesADatabaseWithSources) {
  EXPECT_EQ(prove().status, 0);
  EXPECT_EQ(prove().status, 0) << "what an earlier proof left is its own";
  auto const rows = query("select count(*) from affsync.commission");
  execute(
      "insert into affsync.source (name, connector, base_url, hash_salt, instances)"
      " values ('mine', 'hfm', 'https://b.example', 'salt', '{/etc/affsync/affsync.yaml}')");
  auto const refused = prove();
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("`mine`"), std::string::npos) << refused.err;
  EXPECT_EQ(query("select count(*) from affsync.commission"), rows);
}

TEST_F(Proof, NamesTheFolderThatIsMissing) {
  auto const file = dir_.write("alone.yaml", files.at("broker.yaml"));
  auto const finished = affsync({"connectors", "test", file.string()});
  EXPECT_EQ(finished.status, 2);
  EXPECT_TRUE(contains(finished.err, "--fixtures")) << finished.err;
}

}  // namespace
}  // namespace affsync::test::proof_test
