#include "daemon/cli/terminal/table.hpp"

#include <gtest/gtest.h>

#include "daemon/log/utf8.hpp"

namespace affsync::cli::text_table_test {
namespace {

Terminal plain() {
  return {};
}

Terminal window(int columns) {
  Terminal terminal;
  terminal.interactive = true;
  terminal.columns = columns;
  terminal.rows = 24;
  return terminal;
}

int widest_line(std::string const& text) {
  int widest = 0;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = text.find('\n', from);
    widest = std::max(widest, log::display_width(text.substr(from, end - from)));
    from = end + 1;
  }
  return widest;
}

TEST(TextTable, TextsLeftNumbersRight) {
  TextTable table({{"name"}, {"rows", Align::right}});
  table.add_row({"a", "5"});
  table.add_row({"longer", "1,234"});
  EXPECT_EQ(table.render(plain()),
            "name     rows\n"
            "a           5\n"
            "longer  1,234\n");
}

TEST(TextTable, WideCharactersKeepColumnsAligned) {
  TextTable table({{"name"}, {"x"}});
  table.add_row({"用户", "1"});
  table.add_row({"ab", "2"});
  EXPECT_EQ(table.render(plain()),
            "name  x\n"
            "用户  1\n"
            "ab    2\n");
}

TEST(TextTable, NothingIsCutWithoutATerminal) {
  TextTable table({{"text", Align::left, 1, 4, true}});
  std::string const text(300, 'x');
  table.add_row({text});
  EXPECT_NE(table.render(plain()).find(text), std::string::npos);
}

TEST(TextTable, LeastImportantTextIsShortenedFirst) {
  TextTable table({{"a", Align::left, 9, 4}, {"b", Align::left, 1, 4}});
  table.add_row({"aaaaaaaaaa", "bbbbbbbbbb"});
  EXPECT_EQ(table.render(window(18)),
            "a           b\n"
            "aaaaaaaaaa  bbbbb…\n");
}

TEST(TextTable, NextOneIsShortenedWhenTheFirstIsAtItsLeast) {
  TextTable table({{"a", Align::left, 9, 4}, {"b", Align::left, 1, 4}});
  table.add_row({"aaaaaaaaaa", "bbbbbbbbbb"});
  EXPECT_EQ(table.render(window(12)),
            "a       b\n"
            "aaaaa…  bbb…\n");
}

TEST(TextTable, NumbersAreNeverCut) {
  TextTable table({{"name", Align::left, 9, 4}, {"amount", Align::right, 1}});
  table.add_row({"name", "123,456,789.00"});
  EXPECT_NE(table.render(window(10)).find("123,456,789.00"), std::string::npos);
}

TEST(TextTable, ColumnsThatDoNotFitAreLeftOutAndNamed) {
  TextTable table({{"name", Align::left, 9},
                   {"pages", Align::right, 1, 0, true},
                   {"rows", Align::right, 5, 0, true}});
  table.add_row({"exness-main", "12", "5,000"});
  EXPECT_EQ(table.render(window(20)),
            "name          rows\n"
            "exness-main  5,000\n"
            "(a wider terminal\n"
            "also shows: pages)\n");
}

TEST(TextTable, ColumnWithoutATextCanHide) {
  TextTable table({{"a"}, {"b", Align::left, 5, 0, true, true}, {"c"}});
  table.add_row({"1", "", "3"});
  EXPECT_EQ(table.render(window(80)), "a  c\n1  3\n");
  table.add_row({"1", "2", "3"});
  EXPECT_EQ(table.render(window(80)), "a  b  c\n1     3\n1  2  3\n");
}

TEST(TextTable, FitsEveryWidthThatItCan) {
  TextTable table({{"name", Align::left, 9, 6},
                   {"note", Align::left, 2, 5, true},
                   {"rows", Align::right, 7},
                   {"more", Align::left, 3, 0, true}});
  table.add_row({"exness-main/rewards", "用户 wide and long text", "1,234,567", "something"});
  for (int columns = 17; columns <= 100; ++columns) {
    EXPECT_LE(widest_line(table.render(window(columns))), columns) << columns;
  }
}

TEST(TextTable, HostileTextStaysInItsCell) {
  TextTable table({{"a"}, {"b"}});
  table.add_row({"x\ny\x1b[31m", "z"});
  EXPECT_EQ(table.render(plain()),
            "a         b\n"
            "x y [31m  z\n");
}

TEST(TextTable, RuleSpansTheColumns) {
  TextTable table({{"name"}, {"n", Align::right}});
  table.add_row({"abcdef", "10"});
  table.add_rule();
  table.add_row({"all", "10"});
  Terminal ascii;
  ascii.unicode = false;
  EXPECT_EQ(table.render(ascii),
            "name     n\n"
            "abcdef  10\n"
            "------  --\n"
            "all     10\n");
}

TEST(TextTable, ColoursOnlyWhereTheTerminalHasThem) {
  TextTable table({{"s"}});
  table.add_row({Cell("failed", Style::bad)});
  EXPECT_EQ(table.render(plain()).find('\x1b'), std::string::npos);
  Terminal colour = window(80);
  colour.colour = true;
  EXPECT_NE(table.render(colour).find("\x1b[31mfailed\x1b[0m"), std::string::npos);
}

TEST(WrapText, BreaksAtBlanks) {
  EXPECT_EQ(wrap_text("one two three", "  ", 9), "  one two\n  three\n");
  EXPECT_EQ(wrap_text("one two three", "", 0), "one two three\n");
}

TEST(WrapText, WordThatIsTooLongStaysWhole) {
  EXPECT_EQ(wrap_text("a https://example.com/long b", "", 10), "a\nhttps://example.com/long\nb\n");
}

TEST(Bar, CountsEighths) {
  EXPECT_EQ(bar_text(0, true), "");
  EXPECT_EQ(bar_text(1, true), "▏");
  EXPECT_EQ(bar_text(20, true), "██▌");
  EXPECT_EQ(bar_text(20, false), "###");
}

TEST(Bar, ProgressFillsItsWidth) {
  EXPECT_EQ(progress_bar(0, 10, 4, true), "░░░░");
  EXPECT_EQ(progress_bar(5, 10, 4, true), "██░░");
  EXPECT_EQ(progress_bar(10, 10, 4, true), "████");
  EXPECT_EQ(progress_bar(15, 10, 4, true), "████");  // more rows than the broker reported
  EXPECT_EQ(progress_bar(5, 10, 4, false), "##..");
}

TEST(Sparkline, ShowsLevelsAndGaps) {
  EXPECT_EQ(sparkline({0, 7, -1, 3}, true), "▁█·▄");
  EXPECT_EQ(sparkline({0, 7}, false), "");
}

TEST(TextTable, NamesThatBeginAlikeAreCutInTheMiddle) {
  TextTable table({{"source", Align::left, 1, 8, false, false, true}});
  table.add_row({"exness-main"});
  table.add_row({"exness-asia"});
  EXPECT_EQ(table.render(window(8)),
            "source\n"
            "exne…ain\n"
            "exne…sia\n");
}

TEST(TextTable, ALineOfItsOwnWidensNoColumn) {
  TextTable table({{"a"}, {"b"}});
  table.add_row({"1", "2"});
  table.add_line("… and 3 more of them", Style::dim);
  EXPECT_EQ(table.render(plain()),
            "a  b\n"
            "1  2\n"
            "… and 3 more of them\n");
}

TEST(CutMiddle, KeepsStartAndEndWithinTheWidth) {
  EXPECT_EQ(cut_middle("abcdef", 6, "…"), "abcdef");
  EXPECT_EQ(cut_middle("abcdefg", 6, "…"), "abc…fg");
  EXPECT_EQ(cut_middle("用户用户用户", 7, "…"), "用…用户");  // a wide character is never split
  EXPECT_EQ(cut_middle("abc", 1, "…"), "…");
  EXPECT_EQ(cut_middle("abc", 0, "…"), "");
}

}  // namespace
}  // namespace affsync::cli::text_table_test
