// Cells of a workbook that are more, or less, than a text or a number: errors, merged ones, sums
// with the noise of binary arithmetic, and sheets that nobody sees.
#include <gtest/gtest.h>

#include "connectors/engine/document/xlsx.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "tests/unit/engine/documents.hpp"
#include "tests/unit/engine/workbook_bytes.hpp"

namespace affsync::engine::workbook_cells_test {
namespace {

std::string row(int number, std::string const& cells) {
  return "<row r=\"" + std::to_string(number) + "\">" + cells + "</row>";
}

std::string head(std::string const& a, std::string const& b, std::string const& c) {
  return row(1, text_cell("A1", a) + text_cell("B1", b) + text_cell("C1", c));
}

std::string read(std::string const& bytes) {
  auto spec = of_format(DocumentFormat::xlsx);
  spec.table.required = {"id"};
  return read_as(spec, bytes);
}

std::string merged(std::string const& ranges) {
  return "<mergeCells count=\"1\">" + ranges + "</mergeCells>";
}

std::shared_ptr<StreamPlan const> plan_of(std::string const& format, std::string const& key) {
  auto const manifest = parse_manifest(
      "name: f\nbase_url: file:///\nstreams:\n  s:\n    table: commission\n    path: /x\n"
      "    format: " +
          format + "\n    key: " + key +
          "\n    map: {client_ref: Client, amount: Amount, occurred_on: {from: Day, formats: iso, "
          "optional: true}}\n",
      "f.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.front();
}

// What each row of the document becomes: its key, or the reason for its quarantine.
std::string stored(std::string const& format, std::string const& key, std::string const& bytes) {
  auto const plan = plan_of(format, key);
  auto const document = read_document(bytes, plan->spec->document);
  if (!document) return document.error().to_line();
  std::string text;
  RowMapper const mapper(*plan, plan->spec->map);
  for (auto const& one : document->find("rows")->items()) {
    Row out;
    auto const reason = mapper.map(one, TimePoint(*parse_day("2026-11-20")), out);
    text += reason.value_or(out.external_id) + "\n";
  }
  return text;
}

std::string three(std::string const& first_cell, std::string const& second,
                  std::string const& fourth) {
  return row(1, text_cell("A1", "Id") + text_cell("B1", "Client") + text_cell("C1", "Amount") +
                    text_cell("D1", "Note")) +
         row(2, first_cell + second + cell("C2", "<v>5</v>") + fourth);
}

TEST(WorkbookCells, AnErrorInAColumnThatIsReadIsNoValue) {
  auto const ann = text_cell("B2", "ann");
  auto const note = text_cell("D2", "x");
  auto const id = cell("A2", "<v>81</v>");
  EXPECT_EQ(stored("xlsx", "Id", workbook(three(error_cell("A2", "#REF!"), ann, note))),
            "the field \"Id\", which belongs to the row's key, holds the error #REF! (cell A2), "
            "which is no value\n");
  EXPECT_EQ(stored("xlsx", "{hash: [Id]}", workbook(three(error_cell("A2", "#REF!"), ann, note))),
            "the field \"Id\", which belongs to the row's key, holds the error #REF! (cell A2), "
            "which is no value\n");
  EXPECT_EQ(stored("xlsx", "Id", workbook(three(id, error_cell("B2", "#N/A"), note))),
            "client_ref: the field \"Client\" holds the error #N/A (cell B2), which is no value\n");
  // What nothing reads may hold anything, and the row's text keeps it.
  EXPECT_EQ(stored("xlsx", "Id", workbook(three(id, ann, error_cell("D2", "#DIV/0!")))), "81\n");
  // A row of errors alone is a row.
  auto const errors =
      row(1, text_cell("A1", "Id") + text_cell("B1", "Client") + text_cell("C1", "Amount")) +
      row(2, error_cell("A2", "#NAME?") + error_cell("B2", "#NAME?"));
  EXPECT_EQ(stored("xlsx", "Id", workbook(errors)),
            "the field \"Id\", which belongs to the row's key, holds the error #NAME? (cell A2), "
            "which is no value\n");
}

TEST(WorkbookCells, AnErrorThatATableHasAsATextIsNoKey) {
  EXPECT_EQ(stored("csv", "Id", "Id,Client,Amount\n#REF!,ann,5\n#1,ann,5\n"),
            "the field \"Id\", which belongs to the row's key, holds the error #REF! of a "
            "spreadsheet, which is no value\n#1\n");
  EXPECT_EQ(stored("csv", "{hash: [Id, Client]}", "Id,Client,Amount\n#N/A,ann,5\n"),
            "the field \"Id\", which belongs to the row's key, holds the error #N/A of a "
            "spreadsheet, which is no value\n");
}

TEST(WorkbookCells, AMergedRangeHasItsValueInEachCell) {
  auto const rows = head("id", "client", "day") +
                    row(2, cell("A2", "<v>1</v>") + text_cell("B2", "ann") + text_cell("C2", "d")) +
                    row(3, cell("A3", "<v>2</v>") + "<c r=\"B3\"/>") +
                    row(4, cell("A4", "<v>3</v>"));
  EXPECT_EQ(read(workbook_of({.rows = rows,
                              .behind = merged("<mergeCell ref=\"B2:B3\"/>"
                                               "<mergeCell ref=\"C2:C4\"/>")})),
            R"({"rows":[{"id":1,"client":"ann","day":"d"},{"id":2,"client":"ann","day":"d"},)"
            R"({"id":3,"day":"d"}]})");
  // Beside each other too, but a title is one text, and so is the name of a column.
  auto const wide = row(1, text_cell("A1", "Report")) +
                    row(2, text_cell("A2", "id") + text_cell("B2", "client")) +
                    row(3, cell("A3", "<v>1</v>") + text_cell("B3", "ann"));
  EXPECT_EQ(read(workbook_of({.rows = wide, .behind = merged("<mergeCell ref=\"A1:B1\"/>")})),
            R"({"rows":[{"id":1,"client":"ann"}],"before":["Report"]})");
  // A header of two lines is none of the rows below it.
  auto const high = row(1, text_cell("A1", "id") + text_cell("B1", "client")) +
                    row(2, text_cell("B2", "name")) +
                    row(3, cell("A3", "<v>1</v>") + text_cell("B3", "ann"));
  EXPECT_EQ(read(workbook_of({.rows = high, .behind = merged("<mergeCell ref=\"A1:A2\"/>")})),
            R"({"rows":[{"client":"name"},{"id":1,"client":"ann"}]})");
  // What a cell has of its own stays.
  auto const own = head("id", "client", "day") +
                   row(2, cell("A2", "<v>1</v>") + text_cell("B2", "ann")) +
                   row(3, cell("A3", "<v>2</v>") + text_cell("B3", "bob"));
  EXPECT_EQ(read(workbook_of({.rows = own, .behind = merged("<mergeCell ref=\"B2:B3\"/>")})),
            R"({"rows":[{"id":1,"client":"ann"},{"id":2,"client":"bob"}]})");
  // A range that is no range, or without a value, is nothing.
  EXPECT_EQ(read(workbook_of({.rows = own,
                              .behind = merged("<mergeCell ref=\"x\"/><mergeCell/>"
                                               "<mergeCell ref=\"C2:C3\"/>"
                                               "<mergeCell ref=\"C3:A1\"/>")})),
            R"({"rows":[{"id":1,"client":"ann"},{"id":2,"client":"bob"}]})");
}

// One amount for two rows counts once: the second row has none of its own.
TEST(WorkbookCells, AMergedAmountIsNotRepeated) {
  auto const plan = plan_of("xlsx", "Id");
  auto const rows =
      row(1, text_cell("A1", "Id") + text_cell("B1", "Client") + text_cell("C1", "Amount")) +
      row(2, cell("A2", "<v>81</v>") + text_cell("B2", "ann") + cell("C2", "<v>5</v>")) +
      row(3, cell("A3", "<v>82</v>"));
  EXPECT_EQ(
      read_as(plan->spec->document, workbook_of({.rows = rows,
                                                 .behind = merged("<mergeCell ref=\"B2:B3\"/>"
                                                                  "<mergeCell ref=\"C2:C3\"/>")})),
      R"({"rows":[{"Id":81,"Client":"ann","Amount":5},{"Id":82,"Client":"ann"}]})");
}

TEST(WorkbookCells, AHiddenSheetIsReadOnlyByItsName) {
  auto const may = head("id", "client", "day") + row(2, cell("A2", "<v>1</v>"));
  auto const old = head("id", "client", "day") + row(2, cell("A2", "<v>9</v>"));
  for (std::string const state : {"hidden", "veryHidden"}) {
    auto const bytes =
        workbook_of({.rows = may,
                     .first_sheet = R"(<sheet name="Old" state=")" + state + R"(" r:id="z"/>)",
                     .first_rows = old});
    EXPECT_EQ(read(bytes), R"({"rows":[{"id":1}]})");
    auto spec = of_format(DocumentFormat::xlsx);
    spec.table.required = {"id"};
    spec.sheet = "Old";
    EXPECT_EQ(read_as(spec, bytes), R"({"rows":[{"id":9}]})");
    EXPECT_EQ(sheet_names(bytes, {}).value(), std::vector<std::string>{"May"});
  }
  auto const seen = workbook_of({.rows = may,
                                 .first_sheet = R"(<sheet name="Old" state="visible" r:id="z"/>)",
                                 .first_rows = old});
  EXPECT_EQ(read(seen), R"({"rows":[{"id":9}]})");
}

TEST(WorkbookCells, TheNoiseOfASumIsNoDigit) {
  EXPECT_EQ(fifteen_digits("0.30000000000000004"), "0.3");
  EXPECT_EQ(fifteen_digits("-0.30000000000000004"), "-0.3");
  EXPECT_EQ(fifteen_digits("12345.678901230001"), "12345.67890123");
  EXPECT_EQ(fifteen_digits("1234.5600000000013"), "1234.56");
  EXPECT_EQ(fifteen_digits("2675.3499999999995"), "2675.35");
  EXPECT_EQ(fifteen_digits("99.999999999999986"), "100");
  // Digits up to the last one are no noise, whatever a workbook shows of them.
  EXPECT_EQ(fifteen_digits("0.1234567890123456"), "0.1234567890123456");
  EXPECT_EQ(fifteen_digits("1234567.12345678912"), "1234567.12345678912");
  // Whole numbers may be ids.
  EXPECT_EQ(fifteen_digits("12345678901230001"), "12345678901230001");
  EXPECT_EQ(fifteen_digits("1.2345678901230002E16"), "1.2345678901230002E16");
  EXPECT_EQ(fifteen_digits("1234567890123000.5"), "1234567890123000.5");
}

TEST(WorkbookCells, EscapedLettersOfATextAreThoseLetters) {
  auto const rows = head("id", "client", "day") +
                    row(2, text_cell("A2", "a_x000D_b_x005F_x0041_")) +
                    row(3, R"(<c r="A3" t="s"><v>0</v></c>)");
  EXPECT_EQ(read(workbook(rows, "<si><t>_x0041_x_x00G1_ _x2014_</t></si>")),
            "{\"rows\":[{\"id\":\"a\\rb_x0041_\"},{\"id\":\"Ax_x00G1_ \xE2\x80\x94\"}]}");
}

TEST(WorkbookCells, AnEmptyFileIsNoReasonToChangeTheKey) {
  auto const document = read_document("", csv_with({"Id"}));
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().to_line(), "no header with column `Id`: nothing is in it");
}

}  // namespace
}  // namespace affsync::engine::workbook_cells_test
