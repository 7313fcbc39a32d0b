// CSV as programs write it becomes rows; what could be read in two ways is refused with its place.
#include <gtest/gtest.h>

#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::documents_csv_test {
namespace {

using namespace std::string_literals;

std::string read(std::string_view text, DocumentSpec const& spec = csv_with()) {
  return read_as(spec, text);
}

TEST(Csv, EachLineIsARowOfTextsUnderTheNamesOfTheHeader) {
  EXPECT_EQ(read("id,amount\n1,0010.50\n2,\n"),
            R"({"rows":[{"id":"1","amount":"0010.50"},{"id":"2","amount":""}]})");
}

TEST(Csv, PythonsWriterIsReadWithItsQuotesAndLineBreaks) {
  EXPECT_EQ(read(document_file("python.csv")),
            R"({"rows":[{"id":"1","client":"Smith, J.","amount":"12.50","note":"said \"no\""},)"
            R"({"id":"2","client":"line\nbreak","amount":"-0.10","note":""}]})");
}

constexpr auto german_rows =
    R"({"rows":[{"Datum":"05.10.2026","Kunde":"Müller & Söhne","Betrag":"1.234,50","Währung":"€"},)"
    R"({"Datum":"06.10.2026","Kunde":"Ünal","Betrag":"-3,5","Währung":"€"}]})";

TEST(Csv, ExcelsFileWithSemicolonsIsReadInTheDeclaredCharset) {
  auto spec = csv_with();
  spec.charset = "windows-1252";
  EXPECT_EQ(read(document_file("excel_german.csv"), spec), german_rows);
}

TEST(Csv, ExcelsUnicodeTextIsReadByItsByteOrderMark) {
  EXPECT_EQ(read(document_file("excel_unicode.txt")), german_rows);
}

TEST(Csv, CyrillicIsReadInTheDeclaredCharset) {
  auto spec = csv_with({"Дата"});
  spec.charset = "windows-1251";
  EXPECT_EQ(read(document_file("russian.csv"), spec),
            R"({"rows":[{"Дата":"05.10.2026","Сумма":"10,5"}]})");
}

TEST(Csv, AnUndeclaredCharsetIsRefusedWithThePlaceOfItsFirstByte) {
  EXPECT_EQ(read(document_file("excel_german.csv")),
            "malformed_answer: line 1, column 21: the byte 0xe4 is not UTF-8");
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_EQ(read("\xEF\xBB\xBFid,b\n1,2"), R"({"rows":[{"id":"1","b":"2"}]})");
}

TEST(Csv, TheDelimiterIsFoundOut) {
  auto const row = R"({"rows":[{"a":"1,5","b":"2"}]})";
  EXPECT_EQ(read("a;b\n1,5;2\n"), row);
  EXPECT_EQ(read("a\tb\n1,5\t2\n"), row);
  EXPECT_EQ(read("a|b\n1,5|2\n"), row);
  EXPECT_EQ(read("sep=^\na^b\n1,5^2\n"), row);
}

TEST(Csv, TheHeaderHasWhatTheMappingsRead) {
  auto spec = csv_with({"id"});
  spec.table.mapped = {{"sum", "amount"}, {"day"}};
  EXPECT_EQ(read("id,day,amount\n1,2,3\n", spec),
            R"({"rows":[{"id":"1","day":"2","amount":"3"}]})");
  EXPECT_EQ(read("id,day\n1,2\n", spec),
            "malformed_answer: line 1: the header has no column `sum` or `amount`, which `map` or "
            "`where` reads; it has: id day");
  spec.table.required.clear();
  EXPECT_EQ(read("a report\nday;sum\n2;3\n", spec),
            R"({"rows":[{"day":"2","sum":"3"}],"before":["a report"]})");
  EXPECT_EQ(read("Error, try later\n", spec),
            "malformed_answer: no header with the columns that `map` reads; the first line: Error "
            "try later");
  EXPECT_EQ(read("day,cur\n2,3\n", spec),
            "malformed_answer: the header has no column `sum` or `amount`, which `map` or `where` "
            "reads; it has: day cur");
}

TEST(Csv, AWrongLineDoesNotChangeTheDelimiter) {
  EXPECT_EQ(read("id;a;b\n1;2\n", csv_with({"id"})),
            "malformed_answer: line 2: 2 cells, but the header on line 1 has 3 columns");
}

TEST(Csv, AllLineEndsEndALine) {
  auto const rows = R"({"rows":[{"a":"1","b":"2"},{"a":"3","b":"4"}]})";
  EXPECT_EQ(read("a,b\r\n1,2\r\n3,4\r\n"), rows);
  EXPECT_EQ(read("a,b\r1,2\r3,4\r"), rows);
  EXPECT_EQ(read("a,b\n\n1,2\n,\n3,4"), rows);  // lines without anything in them are none
}

TEST(Csv, AQuoteWithinATextIsAnOrdinaryCharacter) {
  EXPECT_EQ(read("id,size\n1,5\" screen\n"), R"({"rows":[{"id":"1","size":"5\" screen"}]})");
}

TEST(Csv, BlanksBeforeAQuoteDoNotMatter) {
  EXPECT_EQ(read("id, note\n1, \"a, b\" \n"), R"({"rows":[{"id":"1","note":"a, b"}]})");
}

TEST(Csv, AQuoteThatNeverEndsIsNamedWithItsPlace) {
  EXPECT_EQ(read("id,b\n1,2\n3,\"4\n5,6\n"),
            "malformed_answer: line 3, column 3: a quote that is never closed");
}

TEST(Csv, TextBehindAClosingQuoteIsNamedWithItsPlace) {
  EXPECT_EQ(read("id,b\n1,\"a \"b\" c\"\n"),
            "malformed_answer: line 2, column 7: text behind a closing quote");
}

TEST(Csv, AFileWithoutQuotesMayHaveThemAnywhere) {
  auto spec = csv_with();
  spec.quote = '\0';
  EXPECT_EQ(read("id,b\n1,\"a\" b\n", spec), R"({"rows":[{"id":"1","b":"\"a\" b"}]})");
}

TEST(Csv, ALineWithOtherThanTheHeadersColumnsIsRefused) {
  EXPECT_EQ(read("a,b,c\n1,2,3\n1,2\n"),
            "malformed_answer: line 3: 2 cells, but the header on line 1 has 3 columns");
  EXPECT_EQ(read("a,b\n1,2\n1,2,3\n"),
            "malformed_answer: line 3: 3 cells, but the header on line 1 has 2 columns");
}

TEST(Csv, DelimitersAtTheEndOfLinesAddNoColumn) {
  EXPECT_EQ(read("a,b,\n1,2,\n3,4\n"), R"({"rows":[{"a":"1","b":"2"},{"a":"3","b":"4"}]})");
}

TEST(Csv, TheSecondColumnOfANameGetsANumber) {
  EXPECT_EQ(read("id,id,id_2,id,\"\",x\n1,2,3,4,5,6\n"),
            R"({"rows":[{"id":"1","id_3":"2","id_2":"3","id_4":"4","column_5":"5","x":"6"}]})");
}

TEST(Csv, TextBeforeTheHeaderIsPassedToTheFirstLineWithTheKey) {
  EXPECT_EQ(read("Report of partner 7\nPeriod, October \"26\n\nid,b\n1,2\n", csv_with({"id"})),
            R"({"rows":[{"id":"1","b":"2"}],"before":["Report of partner 7",)"
            R"("Period October \"26"]})");
}

TEST(Csv, TheHeaderFollowsTheLineThatTheConnectorNames) {
  auto spec = csv_with({"id"});
  spec.table.header_after = "--- data";
  EXPECT_EQ(read("a \"report\nid,b\n--- data ---\nid,amount\n1,2\n", spec),
            R"({"rows":[{"id":"1","amount":"2"}],"before":["a \"report","id,b","--- data ---"]})");
  EXPECT_EQ(read("id,b\n1,2\n", spec),
            "malformed_answer: no line holds \"--- data\", after which the header follows; the "
            "first line: id b");
}

TEST(Csv, AsManyLinesAreSkippedAsTheConnectorSays) {
  auto spec = csv_with();
  spec.table.skip_lines = 2;
  EXPECT_EQ(read("an \"open quote\nx,y,z\na,b\n1,2\n", spec),
            R"({"rows":[{"a":"1","b":"2"}],"before":["an \"open quote","x,y,z"]})");
}

TEST(Csv, ARepeatedHeaderIsNoRow) {
  EXPECT_EQ(read("a,b\n1,2\na,b\n3,4\n"), R"({"rows":[{"a":"1","b":"2"},{"a":"3","b":"4"}]})");
}

TEST(Csv, ATableBelowAnotherMayHaveColumnsOfItsOwn) {
  auto const text = "day,brand,income\n1,A,2.5\nday,brand,cpa,income\n1,B,4,5.5\n";
  EXPECT_EQ(read(text, csv_with({"day", "brand"})),
            R"({"rows":[{"day":"1","brand":"A","income":"2.5"},)"
            R"({"day":"1","brand":"B","cpa":"4","income":"5.5"}]})");
  // As many columns, but others: without the second header 4 would be income.
  EXPECT_EQ(
      read("day,brand,income\n1,A,2.5\nday,brand,clicks\n1,B,4\n", csv_with({"day", "brand"})),
      R"({"rows":[{"day":"1","brand":"A","income":"2.5"},)"
      R"({"day":"1","brand":"B","clicks":"4"}]})");
  // A row that holds the name of one column of the key is a row.
  EXPECT_EQ(read("day,brand\n1,brand\n", csv_with({"day", "brand"})),
            R"({"rows":[{"day":"1","brand":"brand"}]})");
}

TEST(Csv, SumsAreNoRows) {
  auto spec = csv_with();
  spec.table.totals = TotalsSpec{"kind", {"total"}};
  EXPECT_EQ(read("id,kind,sum\n1,cpa,2\n,TOTAL,2\n", spec),
            R"({"rows":[{"id":"1","kind":"cpa","sum":"2"}],)"
            R"("totals":[{"id":"","kind":"TOTAL","sum":"2"}]})");
  spec.table.totals = TotalsSpec{"", {"Total"}};
  EXPECT_EQ(read("id,sum\n1,2\nTotal\n", spec),
            R"({"rows":[{"id":"1","sum":"2"}],"totals":[{"id":"Total"}]})");
  spec.table.totals->column = "type";
  EXPECT_EQ(read("id,sum\n1,2\n", spec),
            "malformed_answer: line 1: the header has no column `type`, which tells the lines of "
            "sums");
}

TEST(Csv, AFileWithoutAHeaderGetsTheConnectorsNames) {
  auto spec = csv_with({"id"});
  spec.table.columns = {"id", "sum"};
  EXPECT_EQ(read("1;2\n3;4\n", spec), R"({"rows":[{"id":"1","sum":"2"},{"id":"3","sum":"4"}]})");
  EXPECT_EQ(read("1,2,3\n", spec),
            "malformed_answer: line 1: 3 cells, but the header has 2 columns");
}

TEST(Csv, AHeaderWithoutTheKeyIsAnotherFile) {
  EXPECT_EQ(read("Bad authentication", csv_with({"id"})),
            "malformed_answer: no header with column `id`; the first line: Bad authentication");
  EXPECT_EQ(read("", csv_with({"id", "day"})),
            "malformed_answer: no header with columns `id`, `day`: nothing is in it");
}

TEST(Csv, ALineThatMayBeARowIsNotShown) {
  EXPECT_EQ(
      read("Ann,ann@example.com\nBob,b\n", csv_with({"id"})),
      "malformed_answer: no header with column `id`; the first line: (not shown, since it may "
      "be a row)");
}

TEST(Csv, AnErrorIsNotTakenForAHeader) {
  EXPECT_EQ(read("Invalid token"), "malformed_answer: one cell alone is no table: Invalid token");
  EXPECT_EQ(read(R"({"error": "a", "code": 1})"), "malformed_answer: it is JSON, not a table");
  EXPECT_EQ(read("<!DOCTYPE html><html>a,b</html>"),
            "malformed_answer: it is a web page, not a table");
}

TEST(Csv, AHeaderAloneMeansNoRows) {
  EXPECT_EQ(read("id,sum\n", csv_with({"id"})), R"({"rows":[]})");
}

TEST(Csv, TheBoundsHold) {
  DocumentLimits limits;
  limits.columns = 3;
  auto spec = csv_with();
  spec.delimiter = ',';
  EXPECT_EQ(read_as(spec, "a,b,c,d\n", limits), "answer_too_large: line 1: too many cells");
  limits = {};
  limits.cell_bytes = 3;
  EXPECT_EQ(read_as(csv_with(), "a,b\n1,\"2345\"\n", limits),
            "answer_too_large: line 2: a cell has too many bytes");
  limits = {};
  limits.values = 6;
  EXPECT_EQ(read_as(csv_with(), "a,b\n1,2\n3,4\n5,6\n", limits),
            "answer_too_large: line 4: too many cells");
}

TEST(Csv, AReportOfIncomeAccessHasItsSecondMemberUnderANumberAndItsSumsApart) {
  auto spec = csv_with({"memberid"});
  spec.table.totals = TotalsSpec{"rowid", {"2"}};
  auto const document = read_document(document_file("income_access.csv"), spec).value();
  auto const text = [&](char const* path) {
    auto const* value = JsonPath(path).in(document);
    return value == nullptr ? "nothing" : value->as_string();
  };
  EXPECT_EQ(document.find("rows")->items().size(), 1U);
  EXPECT_EQ(text("rows.0.memberid"), "1001");
  EXPECT_EQ(text("rows.0.memberid_2"), "1001");
  EXPECT_EQ(text("rows.0.totalcommission"), "111.37");
  EXPECT_EQ(text("totals.0.totalcommission"), "111.37");
  EXPECT_EQ(text("totals.0.memberid"), "");
}

}  // namespace
}  // namespace affsync::engine::documents_csv_test
