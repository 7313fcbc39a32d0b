// Numbers, times and words of brokers as texts for PostgreSQL.
#include <gtest/gtest.h>

#include <random>

#include "base/decimal.hpp"
#include "base/error.hpp"
#include "connectors/engine/values/numbers.hpp"
#include "connectors/engine/values/times.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine::values_test {
namespace {

std::string decimal(std::string_view text, int shift = 0, std::optional<int> scale = {}) {
  std::string out;
  auto const problem = read_decimal(text, shift, scale, out);
  return problem.empty() ? out : "! " + std::string(problem);
}

std::string integer(std::string_view text) {
  std::string out;
  auto const problem = read_integer(text, out);
  return problem.empty() ? out : "! " + std::string(problem);
}

std::string epoch(std::string_view text, bool milliseconds) {
  TimePoint time;
  auto const problem = read_epoch(text, milliseconds, time);
  return problem.empty() ? format_time(time) : "! " + std::string(problem);
}

std::string instant(std::string_view text, std::vector<std::string> const& formats = {},
                    std::string const& zone = "UTC") {
  auto const found = TimeReader(formats, zone).read_instant(text);
  return found ? format_time(*found) : "none";
}

std::string day(std::string_view text, std::vector<std::string> const& formats = {}) {
  auto const found = TimeReader(formats, "UTC").read_day(text);
  return found ? format_day(*found) : "none";
}

TEST(ValuesNumbers, EveryDigitOfADecimalStays) {
  EXPECT_EQ(decimal("1756.287846940199989393"), "1756.287846940199989393");
  EXPECT_EQ(decimal("835449167911924693"), "835449167911924693");
  EXPECT_EQ(decimal("1234.50"), "1234.50");
  EXPECT_EQ(decimal("1e-11"), "0.00000000001");
  EXPECT_EQ(decimal("-0.00"), "0.00");
  EXPECT_EQ(decimal("+7"), "7");
  EXPECT_EQ(decimal("007.10"), "7.10");
}

TEST(ValuesNumbers, TheFastWayGivesWhatTheThoroughOneGives) {
  std::mt19937 random(3);
  std::string const letters = "0011259.-+eE ";
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (auto n = random() % 9; n > 0; --n) text += letters[random() % letters.size()];
    auto const parsed = parse_decimal(text);
    auto const read = decimal(text);
    if (parsed.error == DecimalError::none) {
      ASSERT_EQ(read, parsed.text) << text;
    } else {
      ASSERT_TRUE(read.starts_with("! ")) << text;
    }
  }
}

TEST(ValuesNumbers, WhatIsNoNumberIsToldSo) {
  EXPECT_EQ(decimal("1,234.50"), "! is not a number");
  EXPECT_EQ(decimal("abc"), "! is not a number");
  EXPECT_EQ(decimal("NaN"), "! is not a number");
  EXPECT_EQ(decimal("1e999999"), "! has too large an exponent");
  EXPECT_EQ(decimal(std::string(2000, '9')), "! has more digits than can be stored");
}

TEST(ValuesNumbers, ShiftsAndRounds) {
  EXPECT_EQ(decimal("1.234567", 6), "1234567");
  EXPECT_EQ(decimal("12.5", -2), "0.125");
  EXPECT_EQ(decimal("2.345", 0, 2), "2.35");
  EXPECT_EQ(decimal("0.0000015", 6, 0), "2");
}

TEST(ValuesNumbers, APercentMayCarryItsSign) {
  for (auto const* text : {"30", "30%", "30 %"}) {
    std::string out;
    EXPECT_EQ(read_percent(text, 0, {}, out), "");
    EXPECT_EQ(out, "30");
  }
  std::string out;
  EXPECT_EQ(read_percent("0.3", 2, 0, out), "");
  EXPECT_EQ(out, "30");
  EXPECT_NE(read_percent("%", 0, {}, out), "");
}

TEST(ValuesNumbers, IntegersAreWholeAndFitABigint) {
  EXPECT_EQ(integer("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(integer("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(integer("9223372036854775808"), "! does not fit in 64 bits");
  EXPECT_EQ(integer("12.00"), "12");
  EXPECT_EQ(integer("1e3"), "1000");
  EXPECT_EQ(integer("-0"), "0");
  EXPECT_EQ(integer("12.5"), "! is not a whole number");
  EXPECT_EQ(integer("twelve"), "! is not a number");
}

TEST(ValuesNumbers, EpochsInSecondsAndMilliseconds) {
  EXPECT_EQ(epoch("0", false), "1970-01-01T00:00:00Z");
  EXPECT_EQ(epoch("1767225600", false), "2026-01-01T00:00:00Z");
  EXPECT_EQ(epoch("1767225600123", true), "2026-01-01T00:00:00.123000Z");
  EXPECT_EQ(epoch("1767225600.5", false), "2026-01-01T00:00:00.500000Z");
  EXPECT_EQ(epoch("1.7672256e9", false), "2026-01-01T00:00:00Z");
  EXPECT_EQ(epoch("-1", false), "1969-12-31T23:59:59Z");
  for (auto const* text : {"1767225600123456", "1e30", "-1e18", "9223372036854775807"}) {
    EXPECT_TRUE(epoch(text, false).starts_with("! ")) << text;
  }
  EXPECT_EQ(epoch("soon", false), "! is not a number");
}

TEST(ValuesTimes, IsoInAllItsForms) {
  EXPECT_EQ(instant("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(instant("2026-01-02 03:04:05"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(instant("2026-01-02T03:04"), "2026-01-02T03:04:00Z");
  EXPECT_EQ(instant("2026-01-02T03:04:05+03:00"), "2026-01-02T00:04:05Z");
  EXPECT_EQ(instant("2026-01-02T03:04:05-0530"), "2026-01-02T08:34:05Z");
  EXPECT_EQ(instant("2026-01-02T03:04:05 +03"), "2026-01-02T00:04:05Z");
  EXPECT_EQ(instant("2026-01-02T03:04:05.5Z"), "2026-01-02T03:04:05.500000Z");
  EXPECT_EQ(instant("2026-01-02T03:04:05,123456789Z"), "2026-01-02T03:04:05.123456Z");
  EXPECT_EQ(instant("2026-01-02"), "2026-01-02T00:00:00Z");
  EXPECT_EQ(instant("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
}

TEST(ValuesTimes, WhatIsNoTimeIsNone) {
  for (auto const* text : {"",
                           "2026",
                           "2026-13-01",
                           "2026-02-30",
                           "2026-01-02T",
                           "2026-01-02T3:04",
                           "2026-01-02T24:00",
                           "2026-01-02T03:60",
                           "2026-01-02T03:04:61",
                           "2026-01-02T03:04:05.",
                           "2026-01-02T03:04:05+3",
                           "2026-01-02T03:04:05+24:00",
                           "2026-01-02T03:04:05+03:",
                           "2026-01-02T03:04:05ZZ",
                           "2026-01-02X03:04:05",
                           "0000-01-01",
                           "0001-01-01T00:00:00+05:00",
                           "9999-12-31T23:59:59-01:00",
                           "02.01.2026",
                           "20260102",
                           "2026-01-02T03:04:05 ",
                           "-026-01-02",
                           "now"}) {
    EXPECT_EQ(instant(text), "none") << text;
  }
}

TEST(ValuesTimes, IsoNeverCrashesOnCutsAndNoise) {
  std::mt19937 random(5);
  std::string const whole = "2026-01-02T03:04:05.123456+03:00";
  for (std::size_t n = 0; n <= whole.size(); ++n) parse_iso(std::string_view(whole).substr(0, n));
  for (int i = 0; i < 5'000; ++i) {
    std::string text = whole.substr(0, random() % (whole.size() + 1));
    for (int k = 0; k < 2 && !text.empty(); ++k) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    if (auto const found = TimeReader({}, "Europe/Moscow").read_instant(text)) {
      EXPECT_EQ(instant(format_time(*found)), format_time(*found));
    }
  }
}

TEST(ValuesTimes, ATimeWithoutAZoneIsOfTheGivenZone) {
  EXPECT_EQ(instant("2026-01-02 03:04:05", {}, "Europe/Moscow"), "2026-01-02T00:04:05Z");
  EXPECT_EQ(instant("2026-07-01 12:00:00", {}, "America/New_York"), "2026-07-01T16:00:00Z");
  EXPECT_EQ(instant("2026-01-01 12:00:00", {}, "America/New_York"), "2026-01-01T17:00:00Z");
  // An offset in the text has priority.
  EXPECT_EQ(instant("2026-01-02T03:04:05Z", {}, "Europe/Moscow"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(instant("2026-01-02", {}, "Europe/Moscow"), "2026-01-01T21:00:00Z");
}

TEST(ValuesTimes, ATimeThatTheZoneSkipsIsTheFirstAfterTheGap) {
  EXPECT_EQ(instant("2026-03-29 02:30:00", {}, "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(instant("2026-03-29 03:00:00", {}, "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(instant("2026-03-29 01:59:59", {}, "Europe/Berlin"), "2026-03-29T00:59:59Z");
}

TEST(ValuesTimes, ATimeThatOccursTwiceIsTheEarlier) {
  EXPECT_EQ(instant("2026-10-25 02:30:00", {}, "Europe/Berlin"), "2026-10-25T00:30:00Z");
}

TEST(ValuesTimes, OtherFormsInTheirOrder) {
  std::vector<std::string> const forms = {"%d.%m.%Y %H:%M:%S", "%d.%m.%Y", "iso"};
  EXPECT_EQ(instant("02.01.2026 03:04:05", forms, "Europe/Moscow"), "2026-01-02T00:04:05Z");
  EXPECT_EQ(instant("02.01.2026", forms), "2026-01-02T00:00:00Z");
  EXPECT_EQ(instant("2026-01-02", forms), "2026-01-02T00:00:00Z");
  EXPECT_EQ(instant("02.01.2026 03:04:05 tail", forms), "none");
  EXPECT_EQ(instant("31.02.2026", forms), "none");
  EXPECT_EQ(instant("02.01.2026", {"iso"}), "none");
  EXPECT_EQ(instant("2026-01-02T03:04:05.25+0300", {"%Y-%m-%dT%H:%M:%S%z"}),
            "2026-01-02T00:04:05.250000Z");
  EXPECT_EQ(instant("Jan 2 2026 03:04", {"%b %d %Y %H:%M"}), "2026-01-02T03:04:00Z");
}

TEST(ValuesTimes, NamesOfZonesCountOrAreRefused) {
  auto const at = [](std::string const& text, std::string const& zone = "UTC") {
    return instant(text, {"%d %b %Y %H:%M %Z"}, zone);
  };
  for (auto const* name : {"UTC", "GMT", "UT", "Z", "gmt"}) {
    EXPECT_EQ(at("02 Jan 2026 03:04 " + std::string(name), "Asia/Tokyo"), "2026-01-02T03:04:00Z");
  }
  // RFC 5322, 4.3.
  EXPECT_EQ(at("02 Jan 2026 23:04 EST"), "2026-01-03T04:04:00Z");
  EXPECT_EQ(at("02 Jul 2026 23:04 PDT"), "2026-07-03T06:04:00Z");
  // The zone's own words, also where they mean something else elsewhere and where an hour is twice.
  EXPECT_EQ(at("02 Jan 2026 03:04 MSK", "Europe/Moscow"), "2026-01-02T00:04:00Z");
  EXPECT_EQ(at("02 Jan 2026 03:04 CST", "Asia/Shanghai"), "2026-01-01T19:04:00Z");
  EXPECT_EQ(at("25 Oct 2026 02:30 CEST", "Europe/Berlin"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(at("25 Oct 2026 02:30 CET", "Europe/Berlin"), "2026-10-25T01:30:00Z");
  // That of the other half of the year is a mistake of the broker's.
  EXPECT_EQ(at("02 Jul 2026 03:04 CET", "Europe/Berlin"), "none");
  for (auto const* name : {"MSK", "GMT+0300", "UTC-3", "XYZ", "Europe/Moscow", "+0300"}) {
    EXPECT_EQ(at("02 Jan 2026 03:04 " + std::string(name)), "none") << name;
  }
  EXPECT_EQ(day("02 Jan 2026 XYZ", {"%d %b %Y %Z"}), "none");
  // A number says it all, whatever word is beside it.
  EXPECT_EQ(instant("2026-01-02 03:04 +0300 XYZ", {"%Y-%m-%d %H:%M %z %Z"}),
            "2026-01-02T00:04:00Z");
  TimeReader const moscow({"%Y-%m-%d %H:%M %Z"}, "Europe/Moscow");
  EXPECT_EQ(moscow.read_day_of_instant("2026-01-02 22:30 UTC"), parse_day("2026-01-03"));
}

TEST(ValuesTimes, StrangeFormsNeverCrash) {
  for (auto const* form : {"%", "%%", "%H:%M", "%q", "%Q%!", "%y", "%s", "%Z", "%E", "%O"}) {
    EXPECT_EQ(instant("2026-01-02", {form}), "none") << form;
  }
}

TEST(ValuesTimes, ADayIsCutFromATimeOnlyWhereAFormSaysSo) {
  EXPECT_EQ(day("2026-01-02"), "2026-01-02");
  EXPECT_EQ(day("2026-01-02T23:04:05Z"), "none");
  EXPECT_EQ(day("2026-01-02T23:04:05Z", {"%Y-%m-%dT%H:%M:%SZ"}), "2026-01-02");
  EXPECT_EQ(day("02/01/2026", {"%d/%m/%Y"}), "2026-01-02");
}

TEST(ValuesTimes, TheDayOfAnInstantIsThatOfTheZone) {
  TimeReader const moscow({}, "Europe/Moscow");
  EXPECT_EQ(moscow.read_day_of_instant("2026-01-02T22:30:00Z"), parse_day("2026-01-03"));
  EXPECT_EQ(moscow.read_day_of_instant("2026-01-02 22:30:00"), parse_day("2026-01-02"));
}

TEST(ValuesTimes, ADayBeyondTheStorableYearsIsNone) {
  TimeReader const utc({}, "UTC");
  EXPECT_EQ(utc.read_day_of_instant("0001-01-01T00:00:00+01:00"), std::nullopt);
  EXPECT_EQ(utc.read_day_of_instant("9999-12-31T23:30:00-01:00"), std::nullopt);
  EXPECT_EQ(utc.read_day_of_instant("9999-12-31T23:30:00+01:00"), parse_day("9999-12-31"));
}

TEST(ValuesTimes, AppendsWhatTheClockFormats) {
  for (auto const* text : {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.000001Z",
                           "2026-11-21T03:14:15.120000Z", "9999-12-31T23:59:59.999999Z"}) {
    auto const time = TimeReader().read_instant(text);
    ASSERT_TRUE(time) << text;
    std::string out;
    append_time(out, *time);
    EXPECT_EQ(out, text);
    EXPECT_EQ(out, format_time(*time));
  }
}

TEST(ValuesTimes, AnUnknownZoneIsAnErrorOfTheConfiguration) {
  try {
    Zone("Moon/Tycho");
    FAIL() << "no error";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::config_invalid);
    EXPECT_NE(failure.error().message.find("Moon/Tycho"), std::string::npos);
  }
}

TEST(ValuesWords, Booleans) {
  auto const read = [](std::string_view text) {
    std::string out;
    auto const problem = read_boolean(text, out);
    return problem.empty() ? out : "! " + std::string(problem);
  };
  EXPECT_EQ(read("true"), "true");
  EXPECT_EQ(read("False"), "false");
  EXPECT_EQ(read("1"), "true");
  EXPECT_EQ(read("0"), "false");
  EXPECT_EQ(read("2"), "! is neither true nor false");
  EXPECT_EQ(read("maybe"), "! is neither true nor false");
}

TEST(ValuesWords, TextsAreStrippedThenCutThenTrimmed) {
  auto const read = [](std::string_view text, TextRules const& rules) {
    std::string out;
    read_text(text, rules, out);
    return out;
  };
  EXPECT_EQ(read("#123", {"#", "", false}), "123");
  EXPECT_EQ(read("##123", {"#", "", false}), "#123");
  EXPECT_EQ(read("# 123", {"#", "", false}), "123");
  EXPECT_EQ(read("1A2b3c4d-ffff-4444", {"", "-", true}), "1a2b3c4d");
  EXPECT_EQ(read("no dash", {"", "-", false}), "no dash");
  EXPECT_EQ(read("-", {"", "-", false}), "");
}

TEST(ValuesWords, WordsAreFoundWithoutCase) {
  WordTable const strict({{"paid", "paid"}, {"in progress", "processing"}}, std::nullopt);
  std::string out;
  EXPECT_EQ(strict.read("PAID", out), "");
  EXPECT_EQ(out, "paid");
  out.clear();
  EXPECT_EQ(strict.read("In Progress", out), "");
  EXPECT_EQ(out, "processing");
  EXPECT_NE(strict.read("lost", out), "");
  WordTable const open({{"paid", "paid"}}, "unknown");
  out.clear();
  EXPECT_EQ(open.read("lost", out), "");
  EXPECT_EQ(out, "unknown");
}

}  // namespace
}  // namespace affsync::engine::values_test
