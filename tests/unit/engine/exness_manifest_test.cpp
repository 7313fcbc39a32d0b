// The shipped Exness connector parses and states what is known about the broker.
#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/engine/answer/classify.hpp"

namespace affsync::engine::exness_manifest_test {
namespace {

Manifest const& exness() {
  static Manifest const manifest = [] {
    auto const all = builtin_manifests().value();
    return *std::ranges::find(all, "exness", &Manifest::name);
  }();
  return manifest;
}

StreamSpec const& stream(std::string_view name) {
  auto const* found = exness().find_stream(name);
  if (found == nullptr) throw std::runtime_error("no stream " + std::string(name));
  return *found;
}

ColumnMapping const& column(std::string_view stream_name, std::string_view name) {
  for (auto const& mapping : stream(stream_name).map.columns) {
    if (mapping.column == name) return mapping;
  }
  throw std::runtime_error("no column " + std::string(name));
}

std::vector<std::string> texts(std::vector<KeyPart> const& parts) {
  std::vector<std::string> out;
  for (auto const& part : parts) out.push_back(part.path.text());
  return out;
}

std::vector<std::string> texts(std::vector<JsonPath> const& paths) {
  std::vector<std::string> out;
  for (auto const& path : paths) out.push_back(path.text());
  return out;
}

using Texts = std::vector<std::string>;

// Commands parse only the connectors that the sources name, found by the names of their files.
TEST(BuiltinManifests, EachIsFoundByItsName) {
  auto const all = builtin_manifests().value();
  ASSERT_GT(all.size(), 20U);
  for (auto const& known : all) {
    auto const found = builtin_manifest(known.name);
    ASSERT_TRUE(found) << known.name;
    EXPECT_EQ(found->value().hash, known.hash);
  }
  EXPECT_FALSE(builtin_manifest("exnes"));
  EXPECT_FALSE(builtin_manifest("exness.yaml"));
}

TEST(BuiltinManifests, AllParse) {
  auto const all = builtin_manifests();
  ASSERT_TRUE(all) << all.error().to_line();
  EXPECT_GE(all->size(), 1u);
}

TEST(ExnessManifest, HasTheStreamsOfTheContract) {
  Texts names;
  for (auto const& one : exness().streams) names.push_back(one.name);
  std::ranges::sort(names);
  EXPECT_EQ(names, (Texts{"accounts", "clients", "orders", "payouts", "rebate_groups", "rebates",
                          "rewards", "wallets"}));
}

TEST(ExnessManifest, StreamsGoToTheirTables) {
  EXPECT_EQ(stream("clients").map.table->name, "client");
  EXPECT_EQ(stream("accounts").map.table->name, "trading_account");
  EXPECT_EQ(stream("rewards").map.table->name, "commission");
  EXPECT_EQ(stream("orders").map.table->name, "commission");
  EXPECT_EQ(stream("rebate_groups").map.table->name, "rebate_group");
  EXPECT_EQ(stream("rebates").map.table->name, "rebate");
  EXPECT_EQ(stream("wallets").map.table->name, "balance");
  EXPECT_EQ(stream("payouts").map.table->name, "payout");
}

TEST(ExnessManifest, OnlyOneOfTheFeedsWithTheSameMoneyIsOn) {
  EXPECT_TRUE(stream("rewards").enabled);
  EXPECT_FALSE(stream("orders").enabled);
  EXPECT_TRUE(stream("rewards").in_reports);
  EXPECT_FALSE(stream("orders").in_reports);
}

TEST(ExnessManifest, PayoutsHaveNoPathButAHint) {
  EXPECT_FALSE(stream("payouts").enabled);
  EXPECT_TRUE(stream("payouts").request.path.empty());
  EXPECT_NE(stream("payouts").path_hint.find("schema"), std::string::npos);
}

TEST(ExnessManifest, KeysIdentifyRows) {
  EXPECT_EQ(texts(stream("clients").map.key), (Texts{"partner_account", "client_uid"}));
  EXPECT_EQ(texts(stream("accounts").map.key), (Texts{"partner_account", "client_account"}));
  EXPECT_EQ(texts(stream("rewards").map.key), (Texts{"id"}));
  EXPECT_EQ(texts(stream("orders").map.key),
            (Texts{"partner_account", "client_account", "order_id"}));
}

TEST(ExnessManifest, EveryTableWithAClientUsesTheShortLowerCaseId) {
  for (auto const* name : {"clients", "accounts", "rewards", "orders", "rebates"}) {
    auto const& ref = column(name, "client_ref");
    EXPECT_EQ(texts(ref.from), (Texts{"client_uid"})) << name;
    EXPECT_EQ(ref.take_before, "-") << name;
    EXPECT_TRUE(ref.lower_case) << name;
  }
}

TEST(ExnessManifest, VolumesInMillionsBecomeDollarsAndOthersStay) {
  for (auto const* name : {"clients", "accounts", "rewards", "orders"}) {
    EXPECT_EQ(texts(column(name, "volume_usd").from), (Texts{"volume_mln_usd"})) << name;
    EXPECT_EQ(column(name, "volume_usd").shift, 6) << name;
  }
  EXPECT_EQ(texts(column("rebates", "volume_usd").from), (Texts{"volume_usd"}));
  EXPECT_EQ(column("rebates", "volume_usd").shift, 0);
}

TEST(ExnessManifest, RewardsAreTheBooksByDay) {
  auto const& rewards = stream("rewards");
  ASSERT_TRUE(rewards.window);
  EXPECT_EQ(rewards.window->from_parameter, "reward_date_from");
  EXPECT_EQ(rewards.window->to_parameter, "reward_date_to");
  EXPECT_EQ(rewards.window->lookback_days, 7);
  EXPECT_EQ(rewards.window->column, "occurred_on");
  EXPECT_EQ(column("rewards", "grain").constant, "day");
  EXPECT_EQ(texts(column("rewards", "amount").from), (Texts{"reward"}));
  EXPECT_EQ(texts(column("rewards", "amount_usd").from), (Texts{"reward_usd"}));
  EXPECT_EQ(texts(column("rewards", "occurred_on").from), (Texts{"reward_date"}));
  ASSERT_EQ(rewards.reconcile.size(), 1u);
  EXPECT_EQ(rewards.reconcile[0].column, "amount_usd");
  EXPECT_EQ(rewards.reconcile[0].broker_value.text(), "totals.reward_usd");
}

TEST(ExnessManifest, RebatesAreRunningTotals) {
  EXPECT_EQ(column("rebates", "grain").constant, "lifetime");
  EXPECT_FALSE(stream("rebates").window);
}

TEST(ExnessManifest, OrdersAreNeverMarkedAsVanished) {
  ASSERT_TRUE(stream("orders").window);
  EXPECT_EQ(stream("orders").window->column, "");
}

TEST(ExnessManifest, BandsAreNotTakenForMoney) {
  for (auto const& mapping : stream("clients").map.columns) {
    for (auto const& path : mapping.from) {
      for (auto const* band : {"client_balance", "client_equity", "deposit_amount", "ftd_amount"}) {
        EXPECT_NE(path.text(), band) << mapping.column;
      }
    }
  }
}

TEST(ExnessManifest, FieldsThatNameAPersonAreMarked) {
  for (auto const* name : {"clients", "accounts"}) {
    auto const& personal = stream(name).personal;
    EXPECT_NE(std::ranges::find(personal, "comment"), personal.end()) << name;
    EXPECT_NE(std::ranges::find(personal, "partner_account_name"), personal.end()) << name;
  }
}

TEST(ExnessManifest, LoginIsTheOnlyPost) {
  auto const& auth = std::get<LoginTokenAuth>(exness().auth.at(0).auth);
  EXPECT_EQ(auth.login.method, Method::post);
  EXPECT_EQ(auth.login.path, "/api/v2/auth/");
  EXPECT_EQ(auth.login.json, (NamedTexts{{"login", "${credentials.login}"},
                                         {"password", "${credentials.password}"}}));
  EXPECT_EQ(auth.token.text(), "token");
  EXPECT_EQ(auth.strip_prefix, "JWT ");
  EXPECT_EQ(auth.value, "JWT ${token}");
  EXPECT_TRUE(auth.lifetime_from_jwt);
  EXPECT_EQ(auth.assumed_lifetime, std::chrono::hours(6));
  EXPECT_EQ(auth.renew_before, std::chrono::minutes(5));
  for (auto const& one : exness().streams) EXPECT_EQ(one.request.method, Method::get) << one.name;
}

TEST(ExnessManifest, PathsKeepTheirLastSlash) {
  for (auto const& one : exness().streams) {
    if (one.name == "payouts") continue;
    EXPECT_TRUE(one.request.path.ends_with('/')) << one.name;
  }
}

TEST(ExnessManifest, ListsArePagedWithOverlapAndTotal) {
  for (auto const& one : exness().streams) {
    if (one.name == "wallets") {
      EXPECT_TRUE(one.page.is_single_answer());
      continue;
    }
    auto const* paging = std::get_if<OffsetPaging>(&one.page.kind);
    ASSERT_NE(paging, nullptr) << one.name;
    EXPECT_EQ(paging->overlap, 1) << one.name;
    ASSERT_TRUE(one.page.total) << one.name;
    EXPECT_EQ(one.page.total->text(), "totals.count") << one.name;
  }
}

Verdict judge(int status, std::string body, bool login, std::string retry_after = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
  return classify(response, exness().errors, exness().rate, login, TimePoint{});
}

TEST(ExnessManifest, RefusedLoginsAreNeverTakenForExpiredOnes) {
  for (int const status : {400, 401, 403}) {
    for (auto const* body :
         {"{}", R"({"code":"AuthenticationFailed","message":"no"})", R"({"detail":"no"})"}) {
      EXPECT_EQ(judge(status, body, true).answer_class, AnswerClass::auth_invalid)
          << status << body;
    }
  }
  EXPECT_EQ(judge(429, "{}", true).answer_class, AnswerClass::throttled);
  EXPECT_EQ(judge(400, R"({"code":"Throttled"})", true).answer_class, AnswerClass::throttled);
  EXPECT_EQ(judge(502, "", true).answer_class, AnswerClass::transient);
}

TEST(ExnessManifest, StatusesMeanWhatTheBrokerDocuments) {
  EXPECT_EQ(judge(200, R"({"data":[]})", false).answer_class, AnswerClass::ok);
  EXPECT_EQ(judge(400, "{}", false).answer_class, AnswerClass::bad_request);
  EXPECT_EQ(judge(401, "{}", false).answer_class, AnswerClass::auth_expired);
  EXPECT_EQ(judge(403, "{}", false).answer_class, AnswerClass::permission);
  EXPECT_EQ(judge(404, "{}", false).answer_class, AnswerClass::not_found);
  EXPECT_EQ(judge(405, "{}", false).answer_class, AnswerClass::not_found);
  EXPECT_EQ(judge(429, "{}", false).answer_class, AnswerClass::throttled);
  EXPECT_EQ(judge(500, "{}", false).answer_class, AnswerClass::transient);
  EXPECT_EQ(judge(503, "{}", false).answer_class, AnswerClass::transient);
}

TEST(ExnessManifest, TheNameOfAnErrorCountsMoreThanItsStatus) {
  EXPECT_EQ(judge(403, R"({"code":"TokenExpired","message":"x"})", false).answer_class,
            AnswerClass::auth_expired);
  EXPECT_EQ(judge(400, R"({"code":"Throttled","message":"x"})", false).answer_class,
            AnswerClass::throttled);
}

TEST(ExnessManifest, WaitsAsLongAsAThrottleAsksFor) {
  using std::chrono::seconds;
  auto const* text =
      R"({"code":"Throttled","message":"Request was throttled. Expected available in 17 seconds."})";
  EXPECT_EQ(judge(429, text, false).wait, seconds(17));
  EXPECT_EQ(
      judge(429, R"({"detail":"Request was throttled.Expected available in 3.0 second."})", false)
          .wait,
      seconds(3));
  EXPECT_EQ(judge(429, text, false, "5").wait, seconds(5));
  EXPECT_EQ(judge(503, "", false, "9").answer_class, AnswerClass::throttled);
  EXPECT_EQ(judge(503, "", false, "9").wait, seconds(9));
}

}  // namespace
}  // namespace affsync::engine::exness_manifest_test
