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

TEST(FourDigitsOfAYear, AreNotTwo) {
  TimeReader const days({"%d.%m.%Y", "%d.%m.%y"}, "UTC");
  EXPECT_EQ(format_day(days.read_day("20.11.26").value()), "2026-11-20");
  EXPECT_EQ(format_day(days.read_day("20.11.2026").value()), "2026-11-20");
  EXPECT_FALSE(TimeReader({"%d.%m.%Y"}, "UTC").read_day("20.11.26"));
}

}  // namespace
}  // namespace affsync::engine::format_mistakes_test
