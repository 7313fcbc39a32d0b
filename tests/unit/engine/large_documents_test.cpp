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

}  // namespace
}  // namespace affsync::engine::large_documents_test
