// Broker answers as shown by vendors' documents and other programs, read by the shipped connectors:
// see tests/fixtures/README.md.
#include <gtest/gtest.h>

#include <set>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "tests/support/wire_fixture.hpp"

namespace affsync::engine::fixtures_test {
namespace {

using test::ExpectedRow;
using test::WireFixture;

std::vector<Manifest> const& manifests() {
  static auto const all = builtin_manifests().value();
  return all;
}

Manifest const& manifest(std::string const& name) {
  auto const found = std::ranges::find(manifests(), name, &Manifest::name);
  if (found == manifests().end()) throw std::runtime_error("no connector " + name);
  return *found;
}

TimePoint time_of(std::string const& text) {
  auto const day = parse_day(text.substr(0, 10)).value();
  int hours = 0, minutes = 0, seconds = 0;
  if (std::sscanf(text.c_str() + 10, "T%d:%d:%dZ", &hours, &minutes, &seconds) != 3) {
    throw std::runtime_error("no time: " + text);
  }
  return TimePoint(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

SourcePlan plan_of(std::string const& connector) {
  auto const source = test::fixture_source(connector);
  SourceSettings settings;
  settings.name = "main";
  settings.base_url = source.get("base_url");
  for (auto const& name : source.words("credentials")) settings.credentials[name] = Secret("x");
  for (auto const& line : source.all("setting")) {
    auto const blank = line.find(' ');
    settings.settings[line.substr(0, blank)] = line.substr(blank + 1);
  }
  // A stream without a path is tested too: the user's settings give it one.
  for (auto const& stream : manifest(connector).streams) {
    if (stream.request.path.empty()) settings.streams[stream.name].path = "/given";
  }
  return make_source_plan(manifest(connector), settings).value();
}

std::shared_ptr<StreamPlan const> stream_of(SourcePlan const& plan, std::string const& name) {
  for (auto const& stream : plan.streams) {
    if (stream->stream == name) return stream;
  }
  throw std::runtime_error("no stream " + name);
}

TimePoint read_time(WireFixture const& fixture) {
  return time_of(fixture.get("read", "2026-11-22T10:00:00Z"));
}

HttpResponse response_of(WireFixture const& fixture) {
  HttpResponse response;
  response.status = std::stoi(fixture.get("status", "200"));
  static std::map<std::string, std::string> const types{{".csv", "text/csv"},
                                                        {".xml", "application/xml"},
                                                        {".html", "text/html"},
                                                        {".txt", "text/plain"}};
  auto const type = types.find(fixture.extension);
  response.headers.add("Content-Type", type == types.end() ? "application/json" : type->second);
  for (auto const& line : fixture.all("header")) {
    auto const colon = line.find(':');
    response.headers.add(line.substr(0, colon), line.substr(colon + 1));
  }
  response.body = fixture.body;
  return response;
}

// `stream`: of the list that is answered; nullptr for a refusal of any request and for logins.
Verdict verdict_of(SourcePlan const& plan, StreamPlan const* stream, WireFixture const& fixture) {
  auto const spec = stream == nullptr ? StreamSpec() : stream->spec;
  return classify(response_of(fixture), plan.errors, plan.rate, fixture.of() == "login",
                  read_time(fixture), spec.good, spec.document);
}

ReaderStart start_of(StreamPlan const& stream, WireFixture const& fixture) {
  ReaderStart start;
  start.mode = ReadMode::full;
  start.now = read_time(fixture);
  if (stream.spec.window && !stream.spec.window->changes) {
    auto const days = fixture.words("days");
    start.since = parse_day(days.at(0)).value();
    start.until = parse_day(days.at(1)).value();
  }
  return start;
}

Result<PageRead> give(StreamReader& reader, SourcePlan const& plan, WireFixture const& fixture) {
  auto verdict = verdict_of(plan, stream_of(plan, fixture.of()).get(), fixture);
  EXPECT_EQ(to_string(verdict.answer_class), fixture.get("class", "ok"));
  Answer answer;
  answer.body = std::move(verdict.body);
  answer.headers = response_of(fixture).headers;
  answer.no_rows = verdict.answer_class == AnswerClass::empty;
  return reader.on_answer(answer, read_time(fixture));
}

std::vector<ExpectedRow> rows_of(PageRead const& page, std::vector<std::string>& raws) {
  std::vector<ExpectedRow> rows;
  for (auto const& batch : page.batches) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ExpectedRow row;
      row.table = batch.table().name;
      if (batch.table().keeps_records()) row.columns["external_id"] = batch.external_id(i);
      raws.emplace_back(batch.raw(i));
      for (std::size_t c = 0; c < batch.table().columns.size(); ++c) {
        if (auto const* cell = batch.cell(i, c)) {
          row.columns[std::string(batch.table().columns[c].name)] = cell;
        }
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string text_of(std::vector<ExpectedRow> const& rows) {
  std::string text;
  for (auto const& row : rows) {
    text += row.table + ":";
    for (auto const& [name, value] : row.columns) text += " " + name + "=" + value;
    text += "\n";
  }
  return text;
}

// Fields that no table of the stream uses.
std::set<std::string> unmapped_of(StreamPlan const& stream, Json const& body) {
  std::set<std::string> unmapped;
  auto const records = find_records(stream.spec, body);
  if (!records) return unmapped;
  for (auto const* row : records.value().rows) {
    auto const main = RowMapper(stream, stream.spec.map).unmapped_fields(*row);
    std::set<std::string> left(main.begin(), main.end());
    for (auto const& also : stream.spec.also) {
      auto const others = RowMapper(stream, also).unmapped_fields(*row);
      std::erase_if(left, [&](auto const& one) { return !std::ranges::count(others, one); });
    }
    unmapped.merge(left);
  }
  return unmapped;
}

void read_list(SourcePlan const& plan, WireFixture const& fixture) {
  auto const stream = stream_of(plan, fixture.of());
  StreamReader reader(stream, start_of(*stream, fixture));
  for (auto const& name : fixture.words("after")) {
    auto const all = test::fixtures_of(fixture.connector);
    ASSERT_TRUE(reader.next_request());
    ASSERT_TRUE(give(reader, plan, *std::ranges::find(all, name, &WireFixture::name)));
  }
  auto const request = reader.next_request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, fixture.get("asked", request->target));
  auto const read = give(reader, plan, fixture);
  ASSERT_TRUE(read) << read.error().message;
  auto const& page = read.value();
  for (auto const& row : page.quarantined) ADD_FAILURE() << row.reason << "\n" << row.raw;
  std::vector<std::string> raws;
  auto rows = rows_of(page, raws);
  auto expected = fixture.rows;
  std::ranges::sort(rows);
  std::ranges::sort(expected);
  EXPECT_EQ(text_of(rows), text_of(expected));
  EXPECT_TRUE(fixture.has_tables);

  auto const unmapped = fixture.words("unmapped");
  EXPECT_EQ(unmapped_of(*stream, verdict_of(plan, stream.get(), fixture).body),
            std::set<std::string>(unmapped.begin(), unmapped.end()));
  for (auto const& raw : raws) {
    for (auto const& word : fixture.words("never kept")) {
      EXPECT_EQ(raw.find(word), std::string::npos) << word << " in " << raw;
    }
  }
  auto const next = reader.next_request();
  EXPECT_EQ(next ? next->target : "none", fixture.get("next"));
  EXPECT_EQ(page.expected_rows ? std::to_string(*page.expected_rows) : "none",
            fixture.get("count", "none"));
  std::set<std::string> totals;
  if (page.slice_end) {
    for (auto const& total : page.slice_end->totals)
      totals.insert(total.metric + "=" + total.value);
  }
  auto const told = fixture.words("totals");
  EXPECT_EQ(totals, std::set<std::string>(told.begin(), told.end()));
}

void read_refusal(SourcePlan const& plan, WireFixture const& fixture) {
  bool const any = fixture.of() == "any" || fixture.of() == "login";
  for (auto const& stream : plan.streams) {
    if (!any && stream->stream != fixture.of()) continue;
    SCOPED_TRACE(stream->stream);
    auto const verdict =
        verdict_of(plan, fixture.of() == "login" ? nullptr : stream.get(), fixture);
    EXPECT_EQ(to_string(verdict.answer_class), fixture.get("class"));
    auto const wait = verdict.wait ? std::to_string(verdict.wait->count() / 1000) : "none";
    EXPECT_EQ(wait, fixture.get("wait", "none"));
  }
}

void read_login(SourcePlan const& plan, WireFixture const& fixture) {
  auto const verdict = verdict_of(plan, nullptr, fixture);
  ASSERT_EQ(to_string(verdict.answer_class), "ok");
  auto const token =
      read_token(std::get<LoginTokenAuth>(plan.auth), verdict.body, read_time(fixture));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token.value().text.reveal(), fixture.get("token"));
  EXPECT_EQ(format_time(token.value().expires_at), fixture.get("expires"));
}

class Fixtures : public testing::TestWithParam<std::string> {};

TEST_P(Fixtures, AreReadByTheConnectorAsItShips) {
  auto const plan = plan_of(GetParam());
  auto const fixtures = test::fixtures_of(GetParam());
  EXPECT_FALSE(fixtures.empty());
  for (auto const& fixture : fixtures) {
    SCOPED_TRACE(fixture.label());
    if (!fixture.has("token") && fixture.get("class", "ok") != "ok") {
      read_refusal(plan, fixture);
    } else if (fixture.of() == "login") {
      read_login(plan, fixture);
    } else {
      read_list(plan, fixture);
    }
  }
}

// Compares the `evidence` that each stream declares with the existing fixtures.
TEST_P(Fixtures, AreTheEvidenceThatEachStreamClaims) {
  auto const fixtures = test::fixtures_of(GetParam());
  std::set<std::string> named{"any", "login"};
  for (auto const& stream : manifest(GetParam()).streams) {
    SCOPED_TRACE(stream.name);
    named.insert(stream.name);
    ASSERT_TRUE(stream.evidence);
    EXPECT_NE(stream.evidence->note, "");
    std::set<std::string> shown;
    for (auto const& fixture : fixtures) {
      if (fixture.of() == stream.name && !fixture.rows.empty())
        shown.insert(fixture.get("evidence"));
    }
    EXPECT_FALSE(shown.empty()) << "no fixture shows a row";
    std::string const best = shown.contains("vendor")        ? "vendor"
                             : shown.contains("third_party") ? "third_party"
                                                             : "none";
    EXPECT_EQ(to_string(stream.evidence->by), best);
  }
  for (auto const& fixture : fixtures) {
    EXPECT_TRUE(named.contains(fixture.of())) << fixture.label() << " is of no stream";
    EXPECT_TRUE((std::set<std::string>{"vendor", "third_party", "inferred"})
                    .contains(fixture.get("evidence")))
        << fixture.label();
  }
}

TEST(FixturesOfConnectors, AreThereForEachThatShips) {
  std::vector<std::string> names;
  for (auto const& one : manifests()) names.push_back(one.name);
  std::ranges::sort(names);
  EXPECT_EQ(test::fixture_connectors(), names);
}

INSTANTIATE_TEST_SUITE_P(Connector, Fixtures, testing::ValuesIn(test::fixture_connectors()),
                         [](auto const& of) { return of.param; });

}  // namespace
}  // namespace affsync::engine::fixtures_test
