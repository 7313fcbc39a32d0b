// The broker that is made of a connector's words and a sample: its pages, windows, logins and
// faults.
#include "connectors/proof/broker.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/document/document.hpp"

namespace affsync::proof::broker_test {
namespace {

class StillClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Day(parse_day("2026-11-05").value())); }
};

std::string const yaml = R"(name: broker
base_url: https://api.broker.example/v1
credentials: {key: {}}
auth: {type: static_token, header: X-Key, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /rows
    page: {type: page, limit: size, total: total}
    window: {from: from, to: to, start: 2026-01-01, column: occurred_on}
    records: rows
    key: id
    map: {amount: sum, occurred_on: day}
)";

class BrokerTest : public testing::Test {
 protected:
  BrokerTest() : manifest(engine::parse_manifest(yaml, "broker.yaml").value()) {
    SourceSettings settings;
    settings.name = "main";
    settings.credentials["key"] = Secret("right");
    plan = engine::make_source_plan(manifest, settings).value();
    Fixture fixture;
    fixture.name = "rows";
    fixture.extension = ".json";
    fixture.body = R"({"rows": [{"id": 31, "sum": "1.50", "day": "2026-11-01"},
                                {"id": 32, "sum": "2", "day": "2026-11-02"},
                                {"id": 33, "sum": "3", "day": "2026-11-02"}], "total": "3"})";
    fixture.lines.emplace("of", "rows");
    fixture.lines.emplace("days", "2026-11-01 2026-11-02");
    folder.fixtures.push_back(std::move(fixture));
  }

  Broker broker(Behaviour behaviour = {}) {
    auto listing = Listing::make(plan.streams.front(), {&folder.fixtures.front()});
    EXPECT_TRUE(listing) << listing.error().message;
    return Broker(plan, folder, *listing, behaviour, clock);
  }

  static HttpResponse ask(Broker& broker, std::string const& query,
                          std::string const& key = "right") {
    HttpRequest request(Method::get, "/v1/rows?" + query);
    if (!key.empty()) request.headers.add("X-Key", key);
    return broker.answer(request);
  }

  static std::string ids(HttpResponse const& response) {
    auto const body = parse_json(response.body);
    if (!body) return "no JSON";
    std::string text;
    for (auto const& row : body->find("rows")->items()) {
      text += std::string(row.find("id")->scalar_text().value()) + " ";
    }
    return text + "of " + std::string(body->find("total")->scalar_text().value());
  }

  engine::Manifest manifest;
  engine::SourcePlan plan;
  FixtureFolder folder;
  StillClock clock;
};

TEST_F(BrokerTest, CutsPagesOutOfTheSampleAndKeepsItsShape) {
  Behaviour behaviour;
  behaviour.page_rows = 2;
  auto broker = this->broker(behaviour);
  EXPECT_EQ(ids(ask(broker, "size=100&page=1")), "31 32 of 3");
  auto const last = ask(broker, "size=100&page=2");
  EXPECT_EQ(ids(last), "33 of 3");
  EXPECT_TRUE(parse_json(last.body)->find("total")->is_string());
  EXPECT_EQ(ids(ask(broker, "size=1&page=3")), "33 of 3");
  EXPECT_TRUE(broker.complaints().empty());
}

TEST_F(BrokerTest, SendsTheRowsOfTheDaysThatAreAskedFor) {
  auto broker = this->broker();
  EXPECT_EQ(ids(ask(broker, "page=1&from=2026-11-02&to=2026-11-30")), "32 33 of 2");
  EXPECT_EQ(ids(ask(broker, "page=1&from=2026-11-01&to=2026-11-01")), "31 of 1");
  EXPECT_EQ(ask(broker, "page=1&from=01.11.2026&to=02.11.2026").status, 400);
  EXPECT_EQ(broker.complaints().size(), 1U);
}

TEST_F(BrokerTest, RefusesWhoDoesNotProveWhoItIs) {
  auto broker = this->broker();
  EXPECT_EQ(ask(broker, "page=1", "wrong").status, 401);
  EXPECT_EQ(ask(broker, "page=1", "").status, 401);
  HttpRequest other(Method::post, "/v1/rows?page=1");
  EXPECT_EQ(broker.answer(other).status, 405);
  EXPECT_EQ(broker.answer(HttpRequest(Method::get, "/v1/money")).status, 404);
  EXPECT_EQ(broker.answer(HttpRequest(Method::get, "/rows?page=1")).status, 404);
  EXPECT_EQ(broker.complaints().size(), 5U);
}

TEST_F(BrokerTest, FailsAsItIsTold) {
  Behaviour behaviour;
  behaviour.page_rows = 2;
  behaviour.throttle_at = 1;
  behaviour.fail_from = 3;
  auto broker = this->broker(behaviour);
  EXPECT_EQ(ask(broker, "page=1").status, 429);
  EXPECT_EQ(ask(broker, "page=1").status, 200);
  EXPECT_EQ(ask(broker, "page=2").status, 500);
  EXPECT_EQ(ask(broker, "page=2").status, 500);
  behaviour = {};
  behaviour.cut_at = 2;
  broker.behave(behaviour);
  EXPECT_EQ(ids(ask(broker, "page=1")), "31 32 33 of 3");
  EXPECT_EQ(ids(ask(broker, "page=1")), "no JSON");
}

TEST_F(BrokerTest, InsertsARowInFrontOnceAPageHasShownThatMoreFollow) {
  Behaviour behaviour;
  behaviour.page_rows = 2;
  behaviour.move = true;
  auto broker = this->broker(behaviour);
  EXPECT_EQ(ids(ask(broker, "page=1")), "31 32 of 3");
  EXPECT_EQ(ids(ask(broker, "page=2")), "32 33 of 4");
  EXPECT_TRUE(broker.has_moved());
  auto const first = ids(ask(broker, "page=1"));
  EXPECT_TRUE(first.ends_with(" 31 of 4")) << first;
}

TEST_F(BrokerTest, MakesMoreRowsUnderOtherKeys) {
  auto listing = Listing::make(plan.streams.front(), {&folder.fixtures.front()}).value();
  EXPECT_TRUE(listing.fill_up(7));
  std::set<std::string> keys;
  for (auto const& row : listing.rows()) {
    ASSERT_EQ(row.stored.size(), 1U);
    keys.insert(row.stored.front().columns.at("external_id"));
    EXPECT_TRUE(row.day);
  }
  EXPECT_EQ(keys.size(), 7U);
}

TEST_F(BrokerTest, ShowsItsRowsOnOtherDays) {
  auto listing = Listing::make(plan.streams.front(), {&folder.fixtures.front()}).value();
  listing.spread(Day(parse_day("2027-01-02").value()), 3);
  std::map<std::string, int> days;
  std::set<std::string> ids;
  for (auto const& row : listing.rows()) {
    ++days[format_day(*row.day)];
    ids.insert(row.stored.front().columns.at("external_id"));
    EXPECT_EQ(row.stored.front().columns.at("occurred_on"), format_day(*row.day));
  }
  // Three rows on each of the last three days, each with a key of its own.
  EXPECT_EQ(days,
            (std::map<std::string, int>{{"2026-12-31", 3}, {"2027-01-01", 3}, {"2027-01-02", 3}}));
  EXPECT_EQ(ids.size(), 9U);
}

std::string with_rows(std::string const& text, engine::DocumentSpec const& spec,
                      std::vector<std::size_t> const& places) {
  auto const count = [&](std::string const& one) -> std::optional<std::size_t> {
    auto const document = engine::read_document(one, spec);
    auto const* rows = document ? document->find("rows") : nullptr;
    if (rows == nullptr) return std::nullopt;
    return rows->items().size();
  };
  auto const found = TextRows::find(text, spec, count);
  if (!found) return "the rows cannot be told";
  std::vector<TextRows::Placed> placed;
  for (auto const place : places) placed.push_back({place, found->rows().at(place)});
  return found->with(placed);
}

TEST(TextRows, AreElementsOfXmlWhateverIsInThem) {
  engine::DocumentSpec spec;
  spec.format = engine::DocumentFormat::xml;
  spec.row = "Row";
  auto const text = "<r><n:Row xmlns:n='x'><Row>1</Row></n:Row> <Row/><Rows>3</Rows></r>";
  EXPECT_EQ(with_rows(text, spec, {0}),
            "<r><n:Row xmlns:n='x'><Row>1</Row></n:Row><Rows>3</Rows></r>");
  EXPECT_EQ(with_rows(text, spec, {1}), "<r><Row/><Rows>3</Rows></r>");
  EXPECT_EQ(with_rows(text, spec, {}), "<r><Rows>3</Rows></r>");
}

TEST(TextRows, StayBelowTheirHeaders) {
  engine::DocumentSpec spec;
  spec.format = engine::DocumentFormat::csv;
  spec.table.required = {"id"};
  auto const text = "id,a\n1,2\n3,4\nid,b\n5,6\n";
  EXPECT_EQ(with_rows(text, spec, {2, 0}), "id,a\n1,2\nid,b\n5,6\n");
  EXPECT_EQ(with_rows("id,a\n1,2\n3,4\n", spec, {1, 0, 1}), "id,a\n3,4\n1,2\n3,4\n");
}

}  // namespace
}  // namespace affsync::proof::broker_test
