// What `check` and `inspect` report about a page as a whole.
#include "connectors/engine/rows/page_review.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine::page_review_test {
namespace {

StreamPlan plan_of(std::string const& stream, Privacy privacy = Privacy::drop) {
  auto const manifest = parse_manifest(
      "name: b\nbase_url: https://b.example\nauth: {type: none}\nstreams: {s: {path: "
      "/s, records: data, " +
          stream + "}}",
      "b.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  return *make_source_plan(*manifest, settings).value().streams.at(0);
}

PageReview review(StreamPlan const& plan, std::string_view answer) {
  auto const body = parse_json(answer).value();
  std::vector<Json const*> rows;
  for (auto const& row : body.find("data")->items()) rows.push_back(&row);
  return review_page(plan, rows, body);
}

using Texts = std::vector<std::string>;

TEST(PageReview, AFirstFieldThatIsAlwaysZeroIsTold) {
  auto const plan =
      plan_of("table: commission, key: id, map: {amount: [corrected, earned], currency: c}");
  EXPECT_EQ(
      review(plan, R"({"data":[{"corrected":"0.00","earned":"5"},{"corrected":"0.00",)"
                   R"("earned":"7"},{"corrected":null,"earned":"1"}]})")
          .warnings,
      Texts{"amount: the field \"corrected\" is 0 in all 2 rows that have it, while \"earned\" has "
            "values; if 0 means that there is no value, set `null_if: \"0.00\"`"});
  for (auto const* fine : {R"({"data":[{"corrected":0,"earned":5},{"corrected":4,"earned":5}]})",
                           R"({"data":[{"corrected":0,"earned":0},{"corrected":0}]})",
                           R"({"data":[{"earned":5}]})", R"({"data":[]})"}) {
    EXPECT_EQ(review(plan, fine).warnings, Texts{}) << fine;
  }
  auto const corrected = plan_of(
      "table: commission, key: id, map: {amount: {from: [corrected, earned], null_if: \"0\"}}");
  EXPECT_EQ(review(corrected, R"({"data":[{"corrected":0,"earned":5}]})").warnings, Texts{});
}

TEST(PageReview, AClientReferenceFromAPersonalFieldIsTold) {
  std::string const stream =
      "table: commission, key: id, personal: mail, map: {client_ref: mail, amount: sum}";
  auto const* answer = R"({"data":[{"id":1,"mail":"a@b.example","sum":1}]})";
  EXPECT_EQ(
      review(plan_of(stream), answer).warnings,
      Texts{
          "client_ref: the field \"mail\" is personal and dropped, so the column stays empty and "
          "no join finds the client; map an id that identifies no person, or set `privacy: hash`"});
  EXPECT_EQ(review(plan_of(stream, Privacy::hash), answer).warnings, Texts{});
  EXPECT_EQ(review(plan_of(stream, Privacy::keep), answer).warnings, Texts{});
}

TEST(PageReview, ConditionsThatNoRowMeetsAreListed) {
  auto const plan = plan_of(
      "table: commission, key: {hash: [idd, at]}, "
      "map: {amount: {from: sum, negative_if: {typ: refund}}, currency: {from: cur, only_if: {stt: "
      "ok}}, client_ref: {from: who, only_if: paid}, status: {present: [{paidd: paid}], default: "
      "pending}, link_code: tag}, "
      "also: [{table: client, map: {country: geo}}]");
  auto const found = review(
      plan, R"({"data":[{"sum":"7","cur":"USD","type":"refund","st":"ok","at":"1","who":"a",)"
            R"("tag":"t"}]})");
  EXPECT_EQ(found.found_nothing, (Texts{"key <- idd", "amount.negative_if <- typ",
                                        "currency.only_if <- stt", "client_ref.only_if <- paid",
                                        "status.present <- paidd", "client.country <- geo"}));
  // What asks whether a field is there may be right about its absence.
  EXPECT_EQ(found.lacking, (Texts{"key <- idd", "amount.negative_if <- typ",
                                  "currency.only_if <- stt", "client.country <- geo"}));
  EXPECT_TRUE(found.lacks_money);
}

TEST(PageReview, ColumnsThatNoRowFillsAreLacking) {
  auto const plan = plan_of(
      "table: commission, key: id, map: {amount: [payot, sum], currency: cur, occurred_on: dya, "
      "link_code: {from: tag, optional: true}}");
  auto const found = review(plan, R"({"data":[{"id":1,"sum":1,"cur":null},{"id":2,"sum":1}]})");
  EXPECT_EQ(found.lacking, Texts{"occurred_on <- dya"});
  EXPECT_FALSE(found.lacks_money);
  EXPECT_EQ(found.found_nothing, Texts{});  // `inspect` lists it among the columns
  auto const other = review(plan, R"({"data":[{"id":1,"cur":"USD","dya":"2026-11-01"}]})");
  EXPECT_EQ(other.lacking, Texts{"amount <- payot, sum"});
  EXPECT_TRUE(other.lacks_money);
  auto const empty = review(plan, R"({"data":[]})");
  EXPECT_EQ(empty.lacking, Texts{});
}

TEST(PageReview, OnlyRowsThatATableTakesNeedItsFields) {
  auto const plan = plan_of(
      "table: commission, key: id, where: {type: sale}, map: {amount: sum, currency: cur}, also: "
      "[{table: payout, key: id, where: {type: paid}, map: {amount: paid_sum}}]");
  auto const sales = review(plan, R"({"data":[{"id":1,"type":"sale","sum":1,"cur":"USD"}]})");
  EXPECT_EQ(sales.lacking, Texts{});
  EXPECT_EQ(sales.warnings, Texts{});
  auto const both = review(plan, R"({"data":[{"id":1,"type":"sale","sum":1,"cur":"USD"},)"
                                 R"({"id":2,"type":"paid","sum":3,"cur":"USD"}]})");
  EXPECT_EQ(both.lacking, Texts{"payout.amount <- paid_sum"});
}

TEST(PageReview, WordsThatNoRowHasAreTold) {
  std::string const rest = ", map: {amount: sum, currency: cur}";
  auto const* answer = R"({"data":[{"id":1,"st":"ok","sum":1,"cur":"USD"},)"
                       R"({"id":2,"st":"no","sum":1,"cur":"USD"}]})";
  auto const plan = plan_of("table: commission, key: id, where: {st: [OK, PAID]}" + rest);
  EXPECT_EQ(review(plan, answer).warnings,
            Texts{"none of the 2 rows of the page is stored: `where` wants OK, PAID in `st`, which "
                  "is \"ok\" in the first of them"});
  auto const misspelt =
      review(plan_of("table: commission, key: id, where: {stt: ok}" + rest), answer);
  EXPECT_EQ(misspelt.lacking, Texts{"where <- stt"});
  EXPECT_TRUE(misspelt.lacks_money);
  for (auto const* fine : {"{st: ok}", "{st: {none_of: [ok, no]}}", "{sum: {not_zero: true}}"}) {
    auto const found =
        review(plan_of(std::string("table: commission, key: id, where: ") + fine + rest), answer);
    EXPECT_EQ(found.warnings, Texts{}) << fine;
    EXPECT_EQ(found.lacking, Texts{}) << fine;
  }
}

TEST(PageReview, PathsBesideTheMapThatFindNothingAreListed) {
  auto const plan = plan_of(
      "table: commission, key: id, map: {amount: sum}, personal: [maill, who.name], volatile: "
      "seen, "
      "where: {typ: [a]}, page: {type: page, total: meta.count}, "
      "reconcile: [{column: amount, total: meta.sum}]");
  EXPECT_EQ(review(plan, R"({"data":[{"id":1,"who":{"name":"Ann"},"type":"a"}],"meta":{}})")
                .found_nothing,
            (Texts{"personal <- maill", "volatile <- seen", "where <- typ", "total <- meta.count",
                   "reconcile <- meta.sum"}));
  EXPECT_EQ(review(plan, R"({"data":[{"maill":1,"who":{"name":1},"seen":1,"typ":"a"}],)"
                         R"("meta":{"count":1,"sum":"0"}})")
                .found_nothing,
            Texts{});
}

TEST(PageReview, FieldsThatAreNotKeptAreKnown) {
  auto const plan = plan_of("table: client, key: id, personal: manager, map: {country: c}");
  auto const row = parse_json(R"({"id":1,"c":"DE","manager":"Bob","x":{"email":"a@b","y":1},)"
                              R"("list":[{"phone":"1"}],"state":"new"})")
                       .value();
  EXPECT_EQ(hidden_fields(plan, row), (Texts{"manager", "x.email", "list.0.phone"}));
  auto hashing = plan;
  hashing.privacy = Privacy::hash;
  EXPECT_EQ(hidden_fields(hashing, row), (Texts{"manager", "x.email", "list.0.phone"}));
  hashing.privacy = Privacy::keep;
  EXPECT_EQ(hidden_fields(hashing, row), Texts{});
}

}  // namespace
}  // namespace affsync::engine::page_review_test
