// Documents that are larger than they look, and objects with many members.
#include <gtest/gtest.h>

#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::large_documents_test {
namespace {

TEST(LargeDocuments, AnObjectMayHaveAsManyMembersAsADocumentHasValues) {
  std::string json = "{";
  for (int i = 0; i < 5000; ++i)
    json += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":{\"a\":1}";
  auto const document = read_document(json + "}", of_format(DocumentFormat::json));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->members().size(), 5000U);
  DocumentLimits limits;
  limits.values = 9000;
  EXPECT_EQ(read_as(of_format(DocumentFormat::json), json + "}", limits),
            "answer_too_large: JSON refused: too many values");
}

TEST(LargeDocuments, NamesOfColumnsAreShort) {
  auto const head = "id;" + std::string(5000, 'x') + "\n";
  EXPECT_EQ(read_as(csv_with({"id"}), head + "1;2\n"),
            "malformed_answer: line 1: the name of column 2 has 5000 bytes, more than 4096");
}

TEST(LargeDocuments, RowsDoNotRepeatNamesWithoutEnd) {
  std::string text = "id";
  for (int i = 0; i < 400; ++i) text += ";" + std::to_string(i) + std::string(4000, 'x');
  text += "\n";
  std::string const line = "1" + std::string(400, ';') + "\n";
  for (int i = 0; i < 500; ++i) text += line;
  EXPECT_EQ(read_as(csv_with({"id"}), text),
            "answer_too_large: line 337: the rows repeat more than 512 MiB of names of columns");
}

}  // namespace
}  // namespace affsync::engine::large_documents_test
