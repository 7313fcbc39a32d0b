// Workbooks as programs write them that compute nothing, and those that name one text many times.
#include <gtest/gtest.h>

#include "tests/unit/engine/documents.hpp"
#include "tests/unit/engine/workbook_bytes.hpp"

namespace affsync::engine::workbooks_test {
namespace {

std::string const header =
    "<row r=\"1\">" + text_cell("A1", "id") + text_cell("B1", "amount") + "</row>";

std::string read(std::string const& bytes) {
  auto spec = of_format(DocumentFormat::xlsx);
  spec.table.required = {"id"};
  return read_as(spec, bytes);
}

TEST(Workbooks, AFormulaWithoutItsResultIsNoEmptyCell) {
  auto const with = [](std::string const& formula) {
    return read(workbook(header + "<row r=\"2\">" + cell("A2", "<v>1</v>") + formula + "</row>"));
  };
  EXPECT_EQ(with(cell("B2", "<f>A2*0.3</f><v>0.3</v>")), R"({"rows":[{"id":1,"amount":0.3}]})");
  // Excel writes an empty text as a result so.
  EXPECT_EQ(with(R"(<c r="B2" t="str"><f>IF(A2,"","")</f><v></v></c>)"), R"({"rows":[{"id":1}]})");
  auto const refused =
      "malformed_answer: line 2 of the sheet \"May\": the cell B2 has a formula whose result is "
      "not in the file";
  EXPECT_EQ(with(cell("B2", "<f>A2*0.3</f>")), refused);
  // As openpyxl writes it.
  EXPECT_EQ(with(cell("B2", "<f>A2*0.3</f><v></v>")), refused);
  EXPECT_EQ(with(cell("B2", "<f>A2*0.3</f><v/>")), refused);
  EXPECT_EQ(with(R"(<c r="B2"><f t="shared" si="0"/></c>)").substr(0, 24),
            "malformed_answer: line 2");
}

TEST(Workbooks, ALongTextIsNotRepeatedWithoutEnd) {
  auto const texts = "<si><t>" + std::string(1000000, 'x') + "</t></si>";
  std::string rows = header;
  for (int i = 2; i < 600; ++i) {
    rows += "<row>" + cell("A", "<v>1</v>") + R"(<c t="s"><v>0</v></c></row>)";
  }
  EXPECT_EQ(read(workbook(rows, texts)),
            "answer_too_large: line 538: the cells repeat more than 512 MiB of texts");
  EXPECT_EQ(read(workbook(header, "<si><t>" + std::string(1100000, 'x') + "</t></si>")),
            "answer_too_large: XLSX refused: a text has too many bytes");
}

}  // namespace
}  // namespace affsync::engine::workbooks_test
