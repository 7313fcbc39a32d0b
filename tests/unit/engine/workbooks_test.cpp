// Workbooks as programs write them that compute nothing, and those that name one text many times.
#include <gtest/gtest.h>

#include <boost/crc.hpp>

#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::workbooks_test {
namespace {

void put(std::string& out, std::uint32_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xFF);
}

// An archive whose members are not compressed.
class Archive {
 public:
  void add(std::string const& name, std::string const& bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    std::string head;
    for (auto const number : {20U, 0U, 0U, 0U, 0U}) put(head, number, 2);
    put(head, crc.checksum(), 4);
    put(head, static_cast<std::uint32_t>(bytes.size()), 4);
    put(head, static_cast<std::uint32_t>(bytes.size()), 4);
    put(head, static_cast<std::uint32_t>(name.size()), 2);
    put(head, 0, 2);
    list_ += "PK\x01\x02";
    put(list_, 20, 2);
    list_ += head;
    for (auto const size : {2, 2, 2, 4}) put(list_, 0, size);
    put(list_, static_cast<std::uint32_t>(out_.size()), 4);
    list_ += name;
    out_ += "PK\x03\x04" + head + name + bytes;
    ++count_;
  }
  std::string bytes() const {
    std::string end = "PK\x05\x06";
    put(end, 0, 4);
    put(end, count_, 2);
    put(end, count_, 2);
    put(end, static_cast<std::uint32_t>(list_.size()), 4);
    put(end, static_cast<std::uint32_t>(out_.size()), 4);
    put(end, 0, 2);
    return out_ + list_ + end;
  }

 private:
  std::string out_, list_;
  std::uint32_t count_ = 0;
};

std::string workbook(std::string const& rows, std::string const& texts = "") {
  Archive archive;
  archive.add("xl/workbook.xml", R"(<workbook xmlns:r="r"><sheets><sheet name="May" r:id="a"/>)"
                                 "</sheets></workbook>");
  archive.add(
      "xl/_rels/workbook.xml.rels",
      R"(<Relationships><Relationship Id="a" Type="x/worksheet" Target="sheet.xml"/>)"
      R"(<Relationship Id="b" Type="x/sharedStrings" Target="texts.xml"/></Relationships>)");
  archive.add("xl/sheet.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>");
  archive.add("xl/texts.xml", "<sst>" + texts + "</sst>");
  return archive.bytes();
}

std::string cell(std::string const& place, std::string const& inside) {
  return "<c r=\"" + place + "\">" + inside + "</c>";
}

std::string text_cell(std::string const& place, std::string const& text) {
  return "<c r=\"" + place + R"(" t="inlineStr"><is><t>)" + text + "</t></is></c>";
}

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
