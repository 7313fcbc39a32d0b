#include "daemon/reports/csv.hpp"

#include <gtest/gtest.h>

#include "daemon/cli/terminal/shown_csv.hpp"
#include "daemon/cli/terminal/standard_output.hpp"

namespace affsync::cli::csv_test {
namespace {

using namespace reports;

std::string field(std::string const& text) {
  std::string out;
  append_csv_field(out, text);
  return out;
}

TEST(Csv, what_a_spreadsheet_would_run_becomes_a_text) {
  EXPECT_EQ(field("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(field("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
  EXPECT_EQ(field("+49 30 1"), "\"'+49 30 1\"");
  EXPECT_EQ(field("-cmd"), "\"'-cmd\"");
  EXPECT_EQ(field("@SUM(A1)"), "\"'@SUM(A1)\"");
  EXPECT_EQ(field("\t=1"), "\"'\t'=1\"");
  EXPECT_EQ(field("\r=1"), "\"'\r'=1\"");
  EXPECT_EQ(field("  =1"), "\"'  =1\"");
  EXPECT_EQ(field("\n=1"), "\"'\n'=1\"");
  EXPECT_EQ(field("＝1+1"), "\"'＝1+1\"");
  EXPECT_EQ(field("-1+2"), "\"'-1+2\"");
  EXPECT_EQ(field("-"), "\"'-\"");
}

// Where a comma is in numbers, a semicolon divides the cells, and some programs divide at a tab
// too.
TEST(Csv, what_other_countries_divide_at_begins_no_formula) {
  EXPECT_EQ(field("C1;=1+1"), "\"C1;'=1+1\"");
  EXPECT_EQ(field("C1\t=1+1"), "\"C1\t'=1+1\"");
  EXPECT_EQ(field("a; -5;+7"), "\"a; -5;+7\"");
  EXPECT_EQ(field("a\tb"), "\"a\tb\"");
}

TEST(Csv, numbers_and_plain_texts_stay_as_they_are) {
  EXPECT_EQ(field("-12.50"), "-12.50");
  EXPECT_EQ(field("+7"), "+7");
  EXPECT_EQ(field("-1e5"), "-1e5");
  EXPECT_EQ(field("a=b"), "a=b");
  EXPECT_EQ(field("2026-01-02"), "2026-01-02");
  EXPECT_EQ(field(""), "\"\"");
  EXPECT_EQ(field("a,\"b\""), "\"a,\"\"b\"\"\"");
  std::string none;
  append_csv_field(none, std::nullopt);
  EXPECT_EQ(none, "");
}

TEST(Csv, ATerminalGetsNothingThatDrivesIt) {
  EXPECT_EQ(
      without_controls(
          "a,\"\x1b[2J\u202ek\u009bx\x07\"\r\nb\tc,\"two\nlines\"\r\nover\rwritten,\xff,é\r\n"),
      "a,\"\uFFFD[2J\uFFFDk\uFFFDx\uFFFD\"\r\nb\tc,\"two\nlines\"\r\nover\uFFFDwritten,\uFFFD,"
      "é\r\n");
}

TEST(Terminal, ShowsControlsBeyondAsciiAsJsonWritesThem) {
  EXPECT_EQ(with_visible_controls("a\xC2\x9B"
                                  "31m \xE2\x80\xAE"
                                  "b"),
            "a\\u009b31m \\u202eb");
  // Styles of tables, letters of all kinds, and bytes that are no text stay.
  EXPECT_EQ(with_visible_controls("\x1B[1m\xC3\xA4\xE2\x86\x92\n\xFF"),
            "\x1B[1m\xC3\xA4\xE2\x86\x92\n\xFF");
}

}  // namespace
}  // namespace affsync::cli::csv_test
