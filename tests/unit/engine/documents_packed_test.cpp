// Workbooks, packed documents and JSON lines.
#include <gtest/gtest.h>

#include "connectors/engine/document/xlsx.hpp"
#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::documents_packed_test {
namespace {

DocumentSpec workbook() {
  auto spec = of_format(DocumentFormat::xlsx);
  spec.sheet = "Commissions";
  spec.table.required = {"id"};
  spec.dates = {"Date"};
  spec.table.totals = TotalsSpec{"", {"total"}};
  return spec;
}

TEST(Xlsx, CellsKeepTheirTextsDigitsAndDays) {
  EXPECT_EQ(read_as(workbook(), document_file("commissions.xlsx")),
            R"({"rows":[{"id":7001,"Date":"2026-10-05","Amount":1.1,"Client name":"Zoë & Co",)"
            R"("Paid":true},{"id":7002,"Date":"2026-10-05T14:30:00","Amount":-12.5}],)"
            R"("totals":[{"id":"Total","Amount":-11.4}],"before":["Period: October"]})");
}

TEST(Xlsx, AWorkbookMayCountItsDaysFrom1904) {
  auto const text = read_as(workbook(), document_file("commissions_1904.xlsx"));
  EXPECT_NE(text.find(R"("Date":"2030-10-06")"), std::string::npos) << text;
}

TEST(Xlsx, NumbersAreDaysOnlyWhereTheConnectorSaysSo) {
  auto spec = workbook();
  spec.dates.clear();
  auto const text = read_as(spec, document_file("commissions.xlsx"));
  EXPECT_NE(text.find(R"("id":7001,"Date":46300,)"), std::string::npos) << text;
}

TEST(Xlsx, AMissingSheetIsNamed) {
  auto spec = workbook();
  spec.sheet = "Rewards";
  EXPECT_EQ(read_as(spec, document_file("commissions.xlsx")),
            R"(malformed_answer: the workbook has no sheet "Rewards"; it has "Summary", )"
            R"("Commissions")");
  spec.sheet.clear();  // the first one, which is empty
  EXPECT_EQ(read_as(spec, document_file("commissions.xlsx")),
            "malformed_answer: no header with column `id`: nothing is in it");
}

TEST(Xlsx, WhatIsNoWorkbookIsRefused) {
  EXPECT_EQ(read_as(workbook(), "id,Date\n"), "malformed_answer: not XLSX: it is no archive");
  EXPECT_EQ(read_as(workbook(), "\xD0\xCF\x11\xE0\xA1\xB1"),
            "malformed_answer: a workbook of the old form (XLS) or with a password");
  EXPECT_EQ(read_as(workbook(), document_file("python.csv.zip")),
            "malformed_answer: not XLSX: the archive holds no workbook");
  auto const whole = document_file("commissions.xlsx");
  auto const cut = read_as(workbook(), whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(cut.starts_with("malformed_answer: not ")) << cut;
}

TEST(Xlsx, BinaryNoiseOfNumbersIsNoPartOfTheirDigits) {
  EXPECT_EQ(fifteen_digits("1.1000000000000001"), "1.1");
  EXPECT_EQ(fifteen_digits("18371.605400000001"), "18371.6054");
  EXPECT_EQ(fifteen_digits("-0.10000000000000001"), "-0.1");
  EXPECT_EQ(fifteen_digits("1.0000000000000001E-5"), "1.00000000000000e-05");
  // Numbers that promise nothing.
  EXPECT_EQ(fifteen_digits("12345678901234567"), "12345678901234567");
  EXPECT_EQ(fifteen_digits("1234.50"), "1234.50");
}

// As Java's Double.toString writes numbers, and with it many programs that make workbooks.
TEST(Xlsx, NumbersOfJavaAreReadWithAllTheirDigits) {
  DocumentSpec spec = of_format(DocumentFormat::xlsx);
  spec.sheet = "Commissions";
  spec.table.required = {"id"};
  EXPECT_EQ(read_as(spec, document_file("java.xlsx")),
            R"({"rows":[{"id":12345678,"Date":46300,"Amount":1234567.89},)"
            R"({"id":9999999,"Date":46301,"Amount":-0.00012},)"
            R"({"id":10000000,"Date":46301,"Amount":0.1}],"before":["Period: October"]})");
  EXPECT_EQ(plain_digits("1.2345678E7"), "12345678");
  EXPECT_EQ(plain_digits("1.0E7"), "10000000");
  EXPECT_EQ(plain_digits("-9.007199254740991E15"), "-9007199254740991");
  EXPECT_EQ(plain_digits("1.00000000000000e-05"), "0.00001");
  EXPECT_EQ(plain_digits("1234.0"), "1234");
  EXPECT_EQ(plain_digits("0.0"), "0");
  EXPECT_EQ(plain_digits("1234.50"), "1234.50");
  EXPECT_EQ(plain_digits("1200"), "1200");
  EXPECT_EQ(plain_digits("1E+300"), "1E+300");
}

TEST(Xlsx, SerialNumbersAreDaysFrom1900) {
  EXPECT_EQ(day_of_serial("1", false), "1900-01-01");
  EXPECT_EQ(day_of_serial("59", false), "1900-02-28");
  EXPECT_EQ(day_of_serial("61", false), "1900-03-01");
  EXPECT_EQ(day_of_serial("46300.999999", false), "2026-10-06");
  EXPECT_EQ(day_of_serial("-1", false), "-1");
  EXPECT_EQ(day_of_serial("2958466", false), "2958466");
}

constexpr auto python_rows =
    R"({"rows":[{"id":"1","client":"Smith, J.","amount":"12.50","note":"said \"no\""},)"
    R"({"id":"2","client":"line\nbreak","amount":"-0.10","note":""}]})";

TEST(Packed, GzipAndZipAreRecognizedByTheirFirstBytes) {
  EXPECT_EQ(read_as(csv_with(), document_file("python.csv.gz")), python_rows);
  EXPECT_EQ(read_as(csv_with(), document_file("python.csv.zip")), python_rows);
}

TEST(Packed, GzipInPiecesIsOneDocument) {
  auto const piece = document_file("python.csv.gz");
  auto const text = read_as(csv_with(), piece + piece);
  EXPECT_NE(text.find(R"("-0.10","note":""},{"id":"1")"), std::string::npos) << text;
}

TEST(Packed, AnotherPackingThanDeclaredIsRefused) {
  auto spec = csv_with();
  spec.packing = DocumentPacking::gzip;
  EXPECT_EQ(read_as(spec, "id,b\n"), "malformed_answer: the gzip data is damaged");
  spec.packing = DocumentPacking::zip;
  auto const refused = read_as(spec, "id,b\n");
  EXPECT_TRUE(refused.starts_with("malformed_answer: not a zip archive: ")) << refused;
}

TEST(Packed, CutOrDamagedDataIsRefused) {
  auto const whole = document_file("python.csv.gz");
  EXPECT_EQ(read_as(csv_with(), whole.substr(0, whole.size() - 3)),
            "malformed_answer: the gzip data is cut off");
  auto damaged = whole;
  damaged[whole.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(read_as(csv_with(), damaged), "malformed_answer: the gzip data is damaged");
}

// 4 GB of zeros in 4 MB, as an attacker would send them, are given up early.
TEST(Packed, ABombIsGivenUp) {
  DocumentLimits limits;
  limits.bytes = 80;
  EXPECT_EQ(read_as(csv_with(), document_file("python.csv.gz"), limits),
            "answer_too_large: unpacked, the document has too many bytes");
  EXPECT_EQ(read_as(csv_with(), document_file("python.csv.zip"), limits),
            "answer_too_large: unpacked, the document has too many bytes");
}

TEST(Packed, AnArchiveOfSeveralFilesIsNotGuessed) {
  auto const refused = read_as(csv_with(), document_file("commissions.xlsx"));
  EXPECT_TRUE(refused.starts_with("malformed_answer: the archive holds 6 files instead of one: "))
      << refused;
}

TEST(JsonLines, EachLineIsARow) {
  EXPECT_EQ(read_as(of_format(DocumentFormat::json_lines), "{\"a\":1.50}\r\n\n{\"a\":2}"),
            R"({"rows":[{"a":1.50},{"a":2}]})");
}

TEST(JsonLines, ABrokenLineIsNamed) {
  auto const text = read_as(of_format(DocumentFormat::json_lines), "{\"a\":1}\n{\"a\":");
  EXPECT_TRUE(text.starts_with("malformed_answer: line 2: not valid JSON")) << text;
}

}  // namespace
}  // namespace affsync::engine::documents_packed_test
