// Passes that need not read everything: lists read until known rows, lists in parts, and windows of
// changes; also objects whose members are rows.
#include <gtest/gtest.h>

#include "connectors/engine/values/times.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "connectors/engine/answer/records.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::increments_test {
namespace {

// Lists selected by `state`, newest first; stored rows are known.
class Ledger {
 public:
  std::map<std::string, std::vector<std::string>> lists;
  std::set<std::string> known;
  std::vector<std::string> targets;

  Answer answer(HttpRequest const& request) {
    targets.push_back(request.target);
    auto const query = query_of(request);
    auto const& ids = lists[query.contains("state") ? query.at("state") : ""];
    auto const limit = std::stoul(query.at("limit"));
    bool const numbered = query.contains("page");
    auto const offset =
        numbered ? (std::stoul(query.at("page")) - 1) * limit : std::stoul(query.at("offset"));
    auto const end = std::min(ids.size(), offset + limit);
    std::string text = R"({"data":[)";
    for (auto i = offset; i < end; ++i) text += (i > offset ? "," : "") + ListServer::row(ids[i]);
    Answer out;
    out.body = parse_json(text + "]}").value();
    return out;
  }

  // One pass. Each page is stored as late as the reader allows: after the next page was taken, or
  // before.
  Pass pass(StreamPlan const& plan, std::string cursor, ReadMode mode = ReadMode::incremental,
            int most = 1000) {
    ReaderStart start;
    start.now = at("2026-06-15");
    start.cursor = std::move(cursor);
    start.mode = mode;
    StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
    Pass result;
    std::optional<PageStored> waiting;
    targets.clear();
    for (int i = 0; i < most; ++i) {
      auto const request = reader.next_request();
      if (!request) break;
      auto const next = answer(*request);
      if (waiting && reader.awaits_stored()) reader.on_stored(*std::exchange(waiting, {}));
      auto page = reader.on_answer(next, start.now).value();
      if (waiting) reader.on_stored(*waiting);
      PageStored stored;
      for (auto const& batch : page.batches) {
        for (std::size_t row = 0; row < batch.size(); ++row) {
          ++(known.insert(batch.external_id(row)).second ? stored.news : stored.known);
        }
      }
      take(result, page);
      waiting = stored;
    }
    result.checkpoints.push_back(reader.final_checkpoint());
    full = reader.is_full_pass();
    return result;
  }
  bool full = false;
};

std::vector<std::string> ids(std::string const& prefix, int from, int to) {
  std::vector<std::string> out;
  for (int i = from; i > to; --i) out.push_back(prefix + std::to_string(i));
  return out;
}

StreamPlan plan_until_known() {
  auto plan = list_plan(10, 1);
  plan.spec->page.total.reset();
  plan.spec->page.until_known = true;
  return plan;
}

StreamPlan plan_of_numbered_pages() {
  auto plan = plan_until_known();
  plan.spec->page.kind = NumberPaging{};
  return plan;
}

// 100 rows are known, 50 are new, and a pass is stopped after two pages of them. Returns its place.
std::string stopped_amid_news(Ledger& ledger, StreamPlan const& plan) {
  ledger.lists[""] = ids("r", 100, 0);
  auto const first = ledger.pass(plan, "");
  ledger.lists[""] = ids("r", 150, 0);
  auto const begun = ledger.pass(plan, first.checkpoints.back(), ReadMode::incremental, 2);
  EXPECT_LT(ledger.known.size(), 125U);
  return begun.checkpoints[begun.checkpoints.size() - 2];
}

StreamPlan plan_in_parts() {
  auto plan = list_plan(10, 1);
  plan.spec->page.total.reset();
  plan.spec->parts = {{{{"state", "pending"}}, false}, {{{"state", "paid"}}, true}};
  return plan;
}

TEST(UntilKnown, TheFirstPassReadsEverythingAndLaterOnesOnlyTheNews) {
  Ledger ledger;
  ledger.lists[""] = ids("r", 100, 0);
  auto const plan = plan_until_known();
  auto const first = ledger.pass(plan, "");
  EXPECT_EQ(first.ids().size(), 100U);
  EXPECT_TRUE(ledger.full);
  EXPECT_TRUE(first.ends.at(0).markable);

  ledger.lists[""] = ids("r", 103, 0);
  auto const second = ledger.pass(plan, first.checkpoints.back());
  EXPECT_FALSE(ledger.full);
  EXPECT_TRUE(ledger.known.contains("r103"));
  EXPECT_TRUE(ledger.known.contains("r101"));
  // The page with new rows, one without, and the one already requested.
  EXPECT_LE(ledger.targets.size(), 3U);
  EXPECT_FALSE(second.ends.at(0).markable) << "rows that were not read have not vanished";
}

TEST(UntilKnown, AFullPassReadsEverythingAgain) {
  Ledger ledger;
  ledger.lists[""] = ids("r", 100, 0);
  auto const first = ledger.pass(plan_until_known(), "");
  auto const second = ledger.pass(plan_until_known(), first.checkpoints.back(), ReadMode::full);
  EXPECT_EQ(second.ids().size(), 100U);
  EXPECT_TRUE(second.ends.at(0).markable);
}

TEST(UntilKnown, AFirstPassThatWasStoppedIsNotTakenForAWholeOne) {
  Ledger ledger;
  ledger.lists[""] = ids("r", 100, 0);
  auto const begun = ledger.pass(plan_until_known(), "", ReadMode::incremental, 3);
  // The position is discarded, as after a change of the list; everything must still be read.
  auto other = plan_until_known();
  other.spec->request.query.emplace_back("order", "DESC");
  auto const second = ledger.pass(other, begun.checkpoints.back());
  EXPECT_EQ(second.ids().size(), 100U);
}

// The page before the place is requested once more. Its rows are known only because the stopped
// pass has stored them, and those behind them are not.
TEST(UntilKnown, AStoppedPassDoesNotEndAtRowsThatItStoredItself) {
  for (auto const& plan : {plan_of_numbered_pages(), plan_until_known()}) {
    Ledger ledger;
    auto const place = stopped_amid_news(ledger, plan);
    ledger.pass(plan, place);
    EXPECT_EQ(ledger.known.size(), 150U);
    EXPECT_LT(ledger.targets.size(), 10U) << "it still ends at rows that were known before";
  }
}

// The list has moved, so the pass begins anew: at rows that the stopped one has stored.
TEST(UntilKnown, AStoppedPassThatBeginsAnewReadsOn) {
  for (auto const& plan : {plan_of_numbered_pages(), plan_until_known()}) {
    Ledger ledger;
    auto const place = stopped_amid_news(ledger, plan);
    auto& list = ledger.lists[""];
    auto const more = ids("s", 30, 0);
    list.insert(list.begin(), more.begin(), more.end());
    // Also if it is stopped once more.
    auto const again = ledger.pass(plan, place, ReadMode::incremental, 5);
    EXPECT_LT(ledger.known.size(), 180U);
    auto const last = ledger.pass(plan, again.checkpoints[again.checkpoints.size() - 2]);
    EXPECT_EQ(ledger.known.size(), 180U);
    // The next pass ends at known rows, as always.
    ledger.pass(plan, last.checkpoints.back());
    EXPECT_LE(ledger.targets.size(), 3U);
  }
}

// Nobody knows the place: it is too old, or was asked for with other days.
TEST(UntilKnown, AStoppedPassWhosePlaceIsOfNoUseReadsOn) {
  Ledger ledger;
  auto const plan = plan_of_numbered_pages();
  auto place = stopped_amid_news(ledger, plan);
  auto const at = place.find("\"at\":\"2026-06-15");
  ASSERT_NE(at, std::string::npos) << place;
  place.replace(at, 16, "\"at\":\"2026-06-14");
  ledger.pass(plan, place);
  EXPECT_EQ(ledger.known.size(), 150U);

  Ledger other;
  auto unreadable = stopped_amid_news(other, plan);
  auto const began = unreadable.find("\"began\":\"2026");
  ASSERT_NE(began, std::string::npos) << unreadable;
  unreadable.replace(began, 13, "\"began\":\"20x6");
  other.pass(plan, unreadable);
  EXPECT_EQ(other.known.size(), 150U);
}

TEST(Parts, AreReadOneAfterAnotherAndSweptTogether) {
  Ledger ledger;
  ledger.lists["pending"] = ids("p", 15, 0);
  ledger.lists["paid"] = ids("d", 25, 0);
  auto const pass = ledger.pass(plan_in_parts(), "");
  EXPECT_EQ(pass.ids().size(), 40U);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 40U);
  EXPECT_TRUE(std::ranges::is_sorted(pass.ends[0].seen_keys));
  EXPECT_TRUE(pass.ends[0].markable);
}

TEST(Parts, ARowThatMovesFromOneToTheNextIsOneRow) {
  Ledger ledger;
  ledger.lists["pending"] = {"a", "b"};
  ledger.lists["paid"] = {"b", "c"};
  EXPECT_EQ(ledger.pass(plan_in_parts(), "").ends.at(0).seen_keys.size(), 3U);
}

TEST(Parts, ThoseThatMayChangeAreReadWholeEachTimeTheOthersUntilKnown) {
  Ledger ledger;
  ledger.lists["pending"] = ids("p", 35, 0);
  ledger.lists["paid"] = ids("d", 100, 0);
  auto const first = ledger.pass(plan_in_parts(), "");
  ledger.pass(plan_in_parts(), first.checkpoints.back());
  auto const of = [&](char const* state) {
    return std::ranges::count_if(ledger.targets, [&](auto const& target) {
      return target.find(std::string("state=") + state) != std::string::npos;
    });
  };
  EXPECT_EQ(of("pending"), 5);  // pages with 10, 9, 9 and 7 new rows, and one that shows the end
  EXPECT_LE(of("paid"), 2);
}

TEST(Parts, AStopInASecondPartGoesOnThereAndMarksNothing) {
  Ledger ledger;
  ledger.lists["pending"] = ids("p", 15, 0);
  ledger.lists["paid"] = ids("d", 45, 0);
  auto const begun = ledger.pass(plan_in_parts(), "", ReadMode::incremental, 4);
  auto const rest = ledger.pass(plan_in_parts(), begun.checkpoints[begun.checkpoints.size() - 2]);
  EXPECT_EQ(ledger.targets.front().find("state=pending"), std::string::npos);
  EXPECT_EQ(ledger.known.size(), 60U);
  EXPECT_FALSE(rest.ends.at(0).markable) << "the keys of the first part are no longer known";
}

StreamPlan plan_of_changes() {
  auto plan = list_plan(10, 1);
  plan.spec->page.total.reset();
  WindowSpec window;
  window.from_parameter = "since";
  window.to_parameter = "until";
  window.lookback_days = 2;
  window.changes = true;
  plan.spec->window = window;
  return plan;
}

TEST(WindowOfChanges, TheFirstPassSendsNoDaysAndTheNextAsksForTheNewsOnly) {
  Ledger ledger;
  ledger.lists[""] = ids("r", 20, 0);
  auto const first = ledger.pass(plan_of_changes(), "");
  EXPECT_EQ(ledger.targets.front(), "/api/rewards/?limit=10&offset=0");
  EXPECT_TRUE(first.ends.at(0).markable);
  EXPECT_TRUE(ledger.full);

  auto const second = ledger.pass(plan_of_changes(), first.checkpoints.back());
  EXPECT_EQ(ledger.targets.front(),
            "/api/rewards/?since=2026-06-13&until=2026-06-15&limit=10&offset=0");
  EXPECT_FALSE(second.ends.at(0).markable);
  EXPECT_FALSE(ledger.full);

  ledger.pass(plan_of_changes(), second.checkpoints.back(), ReadMode::full);
  EXPECT_EQ(ledger.targets.front(), "/api/rewards/?limit=10&offset=0");
}

TEST(WindowOfChanges, AStoppedPassGoesOnAsTheSameKindOfPass) {
  Ledger ledger;
  ledger.lists[""] = ids("r", 50, 0);
  auto const begun = ledger.pass(plan_of_changes(), "", ReadMode::incremental, 2);
  ledger.pass(plan_of_changes(), begun.checkpoints[1]);
  EXPECT_EQ(ledger.known.size(), 50U);
  EXPECT_EQ(ledger.targets.front().find("since="), std::string::npos);
  EXPECT_EQ(ledger.targets.front().find("offset=0"), std::string::npos);
}

TEST(WindowForm, WritesMomentsOfTheZoneAndBothKindsOfEnds) {
  auto plan = windowed_plan(10, 1, *parse_day("2026-06-01"), 31);
  plan.spec->window->zone = "Europe/Moscow";
  plan.spec->window->form = WindowForm::datetime;
  ReaderStart start;
  start.now = at("2026-06-15");
  auto target = [&] {
    StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
    return reader.next_request()->target;
  };
  EXPECT_EQ(target(),
            "/api/rewards/?date_from=2026-05-31T21%3A00%3A00Z&date_to=2026-06-15T20%3A59%3A59Z"
            "&limit=10&offset=0");
  plan.spec->window->to_exclusive = true;
  EXPECT_NE(target().find("date_to=2026-06-15T21%3A00%3A00Z"), std::string::npos);
  plan.spec->window->form = WindowForm::epoch_milliseconds;
  EXPECT_NE(target().find("date_from=1780261200000"), std::string::npos);  // date -ud @1780261200
  plan.spec->window->form = WindowForm::day;
  EXPECT_NE(target().find("date_to=2026-06-16"), std::string::npos);
}

// The broker stores rows with fractions of a second, and counts the rows it lists.
struct InstantServer {
  std::string form;
  std::vector<TimePoint> rows;
  Answer answer(HttpRequest const& request) {
    auto const query = query_of(request);
    auto const instant = [&](std::string text) {
      if (form == "datetime") {
        for (auto at = text.find("%3A"); at != text.npos; at = text.find("%3A")) {
          text.replace(at, 3, ":");
        }
        return TimePoint(parse_iso(text)->wall);
      }
      auto const number = std::stoll(text);
      return form == "epoch_seconds" ? TimePoint(std::chrono::seconds(number))
                                     : TimePoint(std::chrono::milliseconds(number));
    };
    auto const from = instant(query.at("date_from")), to = instant(query.at("date_to"));
    std::string text;
    int count = 0;
    for (auto const row : rows) {
      if (row < from || row > to) continue;
      text += (count++ > 0 ? "," : "") + (R"({"id":")" + format_time(row)) + R"(","reward":1})";
    }
    Answer out;
    out.body =
        parse_json(R"({"data":[)" + text + R"(],"totals":{"count":)" + std::to_string(count) + "}}")
            .value();
    return out;
  }
};

TEST(WindowForm, ARowOfTheLastSecondOfASliceIsRead) {
  for (auto const& [name, form] :
       {std::pair("datetime", WindowForm::datetime),
        std::pair("epoch_seconds", WindowForm::epoch_seconds),
        std::pair("epoch_milliseconds", WindowForm::epoch_milliseconds)}) {
    InstantServer server;
    server.form = name;
    auto const midnight = TimePoint(*parse_day("2026-06-08"));
    for (auto const before : {1, 499'999, 500'000, 999'000, 999'999, 1'000'000}) {
      server.rows.push_back(midnight - std::chrono::microseconds(before));
    }
    server.rows.push_back(midnight);
    auto plan = windowed_plan(100, 1, *parse_day("2026-06-01"), 7);
    plan.spec->window->form = form;
    auto const pass = read_all(plan, server);
    ASSERT_FALSE(pass.error) << name;
    EXPECT_EQ(pass.ids().size(), 7U) << name;
    ASSERT_EQ(pass.ends.size(), 3U) << name;
    for (auto const& end : pass.ends) EXPECT_FALSE(end.doubt) << name;
  }
}

TEST(WindowForm, ASliceReachesBackIntoTheLastMomentOfTheOneBefore) {
  auto plan = windowed_plan(10, 1, *parse_day("2026-06-01"), 7);
  plan.spec->window->max_span_days = 7;  // slices without rows do not grow
  plan.spec->window->form = WindowForm::epoch_milliseconds;
  plan.spec->window->max_span_days = 7;
  ListServer empty;
  auto const pass = read_all(plan, empty);
  // date -ud '2026-06-01' +%s: 1780272000; a day has 86,400 seconds.
  EXPECT_NE(pass.targets.at(0).find("date_from=1780272000000&date_to=1780876799999"),
            std::string::npos)
      << pass.targets.at(0);
  EXPECT_NE(pass.targets.at(1).find("date_from=1780876799999&date_to=1781481599999"),
            std::string::npos)
      << pass.targets.at(1);
  // An exclusive end leaves nothing out.
  plan.spec->window->to_exclusive = true;
  EXPECT_NE(read_all(plan, empty).targets.at(1).find("date_from=1780876800000"), std::string::npos);
}

TEST(Window, SlicesWithoutRowsGrowUpToTheLongest) {
  auto plan = windowed_plan(10, 1, *parse_day("2025-01-01"), 10);
  plan.spec->window->max_span_days = 80;
  ListServer server;  // empty
  ReaderStart start;
  start.now = at("2026-06-15");
  auto const pass = read_all(plan, server, start);
  // 10, 20, 40, then 80 at a time: 530 days in 3 + 6 slices.
  EXPECT_EQ(pass.ends.size(), 9U);
  EXPECT_EQ(pass.ends.back().slice.to, parse_day("2026-06-15"));
}

Records records_of(char const* json, StreamSpec const& spec, Json& body) {
  body = parse_json(json).value();
  auto records = find_records(spec, body);
  EXPECT_TRUE(records) << records.error().to_line();
  return std::move(*records);
}

TEST(RecordsExpanded, NestedMembersBecomeRowsWithTheirNames) {
  StreamSpec spec;
  spec.records.emplace_back("rates");
  spec.expand = ExpandSpec{{"on_date", "currency"}, "rate", {}};
  spec.keep.push_back({"base", KeptField::From::answer, JsonPath("base"), ""});
  Json body;
  auto const found = records_of(
      R"({"base":"USD","rates":{"2026-01-02":{"EUR":0.97010,"RUB":91},"2026-01-05":{}}})", spec,
      body);
  ASSERT_EQ(found.rows.size(), 2U);
  EXPECT_EQ(found.rows[0]->dump(),
            R"({"on_date":"2026-01-02","currency":"EUR","rate":0.97010,"base":"USD"})");
  EXPECT_EQ(found.rows[1]->dump(),
            R"({"on_date":"2026-01-02","currency":"RUB","rate":91,"base":"USD"})");
}

TEST(RecordsExpanded, OnlyTheNamedMembersWhereTheyAreThere) {
  StreamSpec spec;
  spec.records.emplace_back("attributes");
  spec.expand = ExpandSpec{
      {"metric"}, "amount", {JsonPath("balance"), JsonPath("totals.balance"), JsonPath("none")}};
  spec.keep.push_back({"currency", KeptField::From::answer, JsonPath("attributes.iso_code"), ""});
  Json body;
  auto const found = records_of(
      R"({"attributes":{"balance":"1.5","iso_code":"rub","totals":{"balance":2}}})", spec, body);
  ASSERT_EQ(found.rows.size(), 2U);
  EXPECT_EQ(found.rows[1]->dump(), R"({"metric":"totals.balance","amount":2,"currency":"rub"})");
}

TEST(Records, AStarIsTheFirstListWhateverItsName) {
  StreamSpec spec;
  spec.records.emplace_back("result.*");
  Json body;
  auto const found =
      records_of(R"({"result":{"note":"x","payouts":[{"id":1}],"z":[]}})", spec, body);
  ASSERT_EQ(found.rows.size(), 1U);
  EXPECT_EQ(found.rows[0]->dump(), R"({"id":1})");
}

}  // namespace
}  // namespace affsync::engine::increments_test
