// XML becomes rows and a tree. Types of documents and entities are refused.
#include <gtest/gtest.h>

#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::documents_xml_test {
namespace {

std::string read(std::string_view text, std::string row = {}, std::string root = {}) {
  auto spec = of_format(DocumentFormat::xml);
  spec.row = std::move(row);
  spec.root = std::move(root);
  return read_as(spec, text);
}

TEST(Xml, AnElementIsItsTextOrAnObject) {
  EXPECT_EQ(read("<?xml version='1.0'?><!-- a --><r><a> 1.50 </a><b><c>x</c></b><d/></r>"),
            R"({"root":{"a":"1.50","b":{"c":"x"},"d":""}})");
}

TEST(Xml, ElementsOfOneNameBecomeAList) {
  EXPECT_EQ(read("<r><a>1</a><b>2</b><a>3</a></r>"), R"({"root":{"a":["1","3"],"b":"2"}})");
}

TEST(Xml, AttributesAndTextBesideElementsAreKept) {
  EXPECT_EQ(read("<r id='7' xmlns:x='u' x:y='&lt;2'>t<a cur=\"USD\">5</a></r>"),
            R"({"root":{"@id":"7","@y":"<2","a":{"@cur":"USD","#text":"5"},"#text":"t"}})");
}

TEST(Xml, SectionsOfTextAreText) {
  EXPECT_EQ(read("<r><a>x <![CDATA[<b> & ]]>y</a></r>"), R"({"root":{"a":"x <b> & y"}})");
}

TEST(Xml, RowsAreTakenOutOfTheTree) {
  EXPECT_EQ(read("<r><n>2</n><l><row><a>1</a></row><row/></l></r>", "row"),
            R"({"rows":[{"a":"1"},{}],"root":{"n":"2","l":""}})");
}

TEST(Xml, AnElementWithinARowMayHaveItsName) {
  EXPECT_EQ(
      read(document_file("cellxpert.xml"), "Commission"),
      R"({"rows":[{"id":"236600","TraderId":"examplebrand-5990000000000000001",)"
      R"("TrackingCode":"Default","afp":"|afp1:{YOURCLICKID}|afp10:Streamers",)"
      R"("CommissionType":"CPA FR","Commission":"90.00","created":"10/14/2025 11:59:59 PM"},)"
      R"({"id":"236601","TraderId":"examplebrand-5990000000000000002",)"
      R"("TrackingCode":"Default","afp":"","CommissionType":"RevShare","Commission":"-12.50",)"
      R"("created":"10/15/2025 11:59:59 PM"}],"root":""})");
}

TEST(Xml, NilIsNullAndNamespacesAreLeftOut) {
  auto spec = of_format(DocumentFormat::xml);
  spec.row = "conversion";
  auto const document = read_document(document_file("cake.xml"), spec).value();
  auto const dump = [&](char const* path) {
    auto const* value = JsonPath(path).in(document);
    return value == nullptr ? "nothing" : value->dump();
  };
  EXPECT_EQ(document.find("rows")->items().size(), 2U);
  EXPECT_EQ(dump("rows.0.order_total"), "null");
  EXPECT_EQ(dump("rows.0.subid_1"), R"("")");
  EXPECT_EQ(dump("rows.1.price"), R"("493.5800")");
  EXPECT_EQ(dump("root.success"), R"("true")");
  EXPECT_EQ(dump("root.summary.price"), R"("493.5800")");
  EXPECT_EQ(dump("root.@xmlns"), "nothing");
}

TEST(Xml, WithoutRowsTheOutermostElementTellsWhetherItIsTheAnswer) {
  EXPECT_EQ(read("<Error><Code>7</Code></Error>", "row"),
            "malformed_answer: no element <row> in <Error>");
  EXPECT_EQ(read("<Error><Code>7</Code></Error>", "row", "ResultSet"),
            "malformed_answer: the outermost element is <Error>, not <ResultSet>");
  EXPECT_EQ(read("<ResultSet/>", "row", "ResultSet"), R"({"rows":[],"root":""})");
}

TEST(Xml, ACharsetIsReadAsDeclared) {
  EXPECT_EQ(read("<?xml version=\"1.0\" encoding=\"windows-1251\"?><r><a>\xD0\xF3\xE1</a></r>"),
            R"({"root":{"a":"Руб"}})");
  EXPECT_EQ(read("<?xml version=\"1.0\" encoding=\"ebcdic\"?><r/>"),
            "malformed_answer: the charset \"ebcdic\" is unknown");
}

TEST(Xml, ADocumentTypeIsRefusedBeforeAnythingInItIsRead) {
  auto const refused = "malformed_answer: not XML: it has a document type, which is not allowed";
  EXPECT_EQ(read("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><r>&a;</r>"), refused);
  EXPECT_EQ(read("<?xml version='1.0'?> <!-- <r> --> <!DOCTYPE r SYSTEM 'http://a'><r/>"), refused);
}

TEST(Xml, AnEntityThatXmlDoesNotHaveIsRefused) {
  auto const refused = read("<r>\n<a>&nbsp;</a></r>");
  EXPECT_TRUE(refused.starts_with("malformed_answer: not XML: line 2, column ")) << refused;
}

TEST(Xml, ABrokenDocumentIsRefusedWithItsPlace) {
  for (auto const* broken : {"<r>\n<a>1</b></r>", "<r>\n<a>", "<r>\n<a b=1/></r>", "<r/>\n<r/>"}) {
    auto const refused = read(broken);
    EXPECT_TRUE(refused.starts_with("malformed_answer: not XML: line 2, column ")) << refused;
  }
  EXPECT_EQ(read(" \n"), "malformed_answer: not XML: it is empty");
}

TEST(Xml, TheBoundsHold) {
  DocumentLimits limits;
  limits.depth = 3;
  auto const spec = of_format(DocumentFormat::xml);
  EXPECT_EQ(read_as(spec, "<a><b><c><d><e/></d></c></b></a>", limits),
            "answer_too_large: XML refused: nested too deeply");
  limits = {};
  limits.values = 3;
  EXPECT_EQ(read_as(spec, "<a><b/><b/><b/></a>", limits),
            "answer_too_large: XML refused: too many elements");
  limits = {};
  limits.columns = 2;
  EXPECT_EQ(read_as(spec, "<a><b/><c/><d/></a>", limits),
            "answer_too_large: XML refused: an element has too many different ones in it");
}

}  // namespace
}  // namespace affsync::engine::documents_xml_test
