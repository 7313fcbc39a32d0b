// Mistakes of a connector file that would put every row aside, or count rows twice: they are
// refused when the file is loaded.
#include <gtest/gtest.h>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/values/time_format.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine::format_mistakes_test {
namespace {

TEST(FlawOfAFormat, NamesWhatCannotBeRead) {
  EXPECT_EQ(flaw_of_format("%d.%q.%Y"), "the format '%d.%q.%Y' has %q, which is no directive");
  EXPECT_EQ(flaw_of_format("%d.%m"), "the format '%d.%m' names no day, month and year");
  EXPECT_EQ(flaw_of_format("%H:%M"), "the format '%H:%M' names no day, month and year");
  EXPECT_EQ(flaw_of_format("%Y-%m-%d %H:%m"),
            "the format '%Y-%m-%d %H:%m' has %m twice; minutes are %M");
  EXPECT_EQ(flaw_of_format("%Y-%M-%d %H:%M"),
            "the format '%Y-%M-%d %H:%M' has %M twice; months are %m");
  EXPECT_EQ(flaw_of_format("%d.%m.%Y %I:%M"),
            "the format '%d.%m.%Y %I:%M' has hours up to 12 (%I) without %p");
  for (std::string const format :
       {"%m/%d/%Y %H:%M:%S %p", "%m/%d/%Y %T %p", "%p %R %d.%m.%Y", "%d.%m.%Y %OH:%M %p"}) {
    EXPECT_EQ(flaw_of_format(format), "the format '" + format +
                                          "' has hours up to 24, which make %p mean nothing; "
                                          "hours up to 12 are %I");
  }
  EXPECT_EQ(flaw_of_format("%d.%m.%Y %"), "the format '%d.%m.%Y %' ends in a %");
}

TEST(FlawOfAFormat, FindsNoneInWhatIsRead) {
  for (auto const* format : {"iso", "%Y-%m-%d", "%d/%m/%y %H:%M", "%b %d, %Y %I:%M:%S %p", "%F %T",
                             "%F %T %z", "%d %B %Y", "%A, %e %b %Y", "%m/%d/%Y %r", "%Y%j", "%D",
                             "%G-W%V-%u", "100%% %d.%m.%Y", "%Y-%m-%dT%H:%M:%S%Ez"}) {
    EXPECT_EQ(flaw_of_format(format), "") << format;
  }
}

std::string refusal(std::string const& stream) {
  auto const manifest = parse_manifest(R"(name: one
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
    map: {amount: amount, currency: {const: USD}, occurred_on: {from: day, formats: "%Y-%m-%d"}}
)" + stream,
                                       "one.yaml");
  return manifest ? "" : manifest.error().to_line();
}

TEST(MistakesOfRequests, AreToldWithTheirPlace) {
  EXPECT_EQ(refusal("    parts: [{query: {a: x}}, {query: {a: y}}]\n"), "");
  EXPECT_EQ(refusal("    parts: [{query: {a: x}}, {query: {a: x}}]\n"),
            "one.yaml:10:30: this part asks for the same as another one, so its rows would count "
            "twice");
  std::string const window = "    window: {from: a, to: b, start: -7d, column: occurred_on}\n";
  EXPECT_EQ(refusal("    page: {type: page, parameter: p}\n" + window), "");
  EXPECT_EQ(refusal("    page: {type: page, parameter: b}\n" + window),
            "one.yaml:11:13: the parameter \"b\" is sent twice, with two values. `from`, `to` and "
            "the parameters of `page` need different names.");
}

std::string refused_formats(std::string const& formats) {
  auto const manifest = parse_manifest(R"(name: one
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
    map:
      amount: a
      currency: {const: USD}
      occurred_on:
        from: day
        formats: )" + formats + "\n",
                                       "one.yaml");
  return manifest ? "" : manifest.error().to_line();
}

TEST(MistakesOfFormats, TwoThatReadOneTextAsTwoDays) {
  EXPECT_EQ(
      refused_formats(R"(["%m/%d/%Y", "%d/%m/%Y"])"),
      "one.yaml:14:31: the formats '%m/%d/%Y' and '%d/%m/%Y' read \"02/11/2026\" as two days, "
      "2026-02-11 and 2026-11-02, so nobody knows which one is meant. Keep the one in which "
      "the broker writes its days; for two fields that are written differently, map each by "
      "itself.");
  for (auto const* formats :
       {R"(["%d/%m/%y", "%y/%m/%d"])", R"(["%d.%m.%Y %H:%M", "%m.%d.%Y %H:%M"])",
        R"([iso, "%Y-%d-%m"])", R"(["%Y-%d-%m", iso])", R"(["%D", "%d/%m/%y"])",
        R"(["%Y-%m-%d", "%d.%m.%Y", "%Y-%d-%m"])"}) {
    EXPECT_NE(refused_formats(formats).find("as two days"), std::string::npos) << formats;
  }
  for (auto const* formats :
       {R"(["%d.%m.%Y", "%d.%m.%y"])", R"([iso, "%d.%m.%Y"])", R"(["%d.%m.%Y", "%m/%d/%Y"])",
        R"(["%Y%m%d", "%d%m%Y"])", R"(["%d %b %Y", "%b %d, %Y", "%d/%m/%Y"])",
        R"(["%Y-%m-%d", "%F", iso])", R"(["%d.%m.%Y %H:%M", "%d.%m.%Y %I:%M %p", "%d.%m.%Y"])",
        R"(["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S"])"}) {
    EXPECT_EQ(refused_formats(formats), "") << formats;
  }
}

TEST(MistakesOfPaths, StepsUpwardsAreRefused) {
  auto const refused = [](std::string const& path) {
    auto const manifest = parse_manifest(R"(name: one
auth: {type: none}
streams:
  rows:
    table: commission
    path: )" + path + R"(
    records: data
    key: id
    map: {amount: a, currency: {const: USD}}
)",
                                         "one.yaml");
    return manifest ? "" : manifest.error().to_line();
  };
  EXPECT_EQ(refused("/../x"),
            "one.yaml:6:11: \"/../x\" has a step upwards. Write the path without `.` and `..`.");
  for (auto const* path : {"/v1/../x", "/v1/..", "/./x", "/v1/%2E%2e/x", "/v1/.%2e"}) {
    EXPECT_NE(refused(path).find("has a step upwards"), std::string::npos) << path;
  }
  for (auto const* path : {"/v1/..x", "/v1/x..", "/v1/.well-known/x", "/v1/a.b/"}) {
    EXPECT_EQ(refused(path), "") << path;
  }
}

TEST(MistakesOfWords, AreToldWithWhatWasMeant) {
  auto const refused = [](std::string const& text) {
    auto const manifest = parse_manifest(text, "one.yaml");
    return manifest ? "" : manifest.error().to_line();
  };
  EXPECT_EQ(
      refused(""),
      "one.yaml:1:1: the file is empty. `affsync connectors new` makes a first connector of a "
      "sample.");
  std::string const stream = R"(name: one
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
)";
  EXPECT_EQ(refused(stream + "    map:\n"),
            "one.yaml:9:5: the key `map` of the stream \"rows\" has no value");
  for (auto const* word : {"ndjson", "jsonl"}) {
    EXPECT_EQ(refused(stream + "    map: {amount: a}\n    format: " + word + "\n"),
              "one.yaml:10:13: \"" + std::string(word) +
                  "\" is not a format of answers. Did you mean `json_lines`?");
  }
  EXPECT_EQ(
      refused(stream + "    map: {amount: a}\n"
                       "    for_each: {values: {stream: rows, column: client_ref}, as: a}\n"),
      "one.yaml:10:33: \"rows\" is not another stream of this connector. There is none here.");
}

TEST(FourDigitsOfAYear, AreNotTwo) {
  TimeReader const days({"%d.%m.%Y", "%d.%m.%y"}, "UTC");
  EXPECT_EQ(format_day(days.read_day("20.11.26").value()), "2026-11-20");
  EXPECT_EQ(format_day(days.read_day("20.11.2026").value()), "2026-11-20");
  EXPECT_FALSE(TimeReader({"%d.%m.%Y"}, "UTC").read_day("20.11.26"));
}

}  // namespace
}  // namespace affsync::engine::format_mistakes_test
