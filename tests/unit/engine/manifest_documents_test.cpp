// The words about documents that are not JSON: what they mean for a stream, and every mistake.
#include <gtest/gtest.h>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "tests/unit/engine/documents.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::manifest_documents_test {
namespace {

std::string file_with(std::string const& words, std::string const& key = "rowid") {
  return "name: demo\nbase_url: https://demo.example\nauth: {type: none}\nstreams:\n"
         "  members:\n    table: commission\n    path: /report\n    key: " +
         key + "\n    map: {amount: totalcommission, currency: currencysymbol}\n" + words;
}

Result<Manifest> parsed(std::string const& words, std::string const& key = "rowid") {
  return parse_manifest(file_with(words, key), "demo.yaml");
}

StreamSpec stream_of(std::string const& words, std::string const& key = "rowid") {
  return parsed(words, key).value().streams.at(0);
}

struct Mistake {
  char const* words;
  char const* told;
};

class DocumentMistake : public testing::TestWithParam<Mistake> {};

TEST_P(DocumentMistake, IsToldWithItsPlace) {
  auto const manifest = parsed(GetParam().words);
  ASSERT_FALSE(manifest) << "no error";
  EXPECT_EQ(manifest.error().to_line(), std::string("demo.yaml:") + GetParam().told);
}

INSTANTIATE_TEST_SUITE_P(
    Words, DocumentMistake,
    testing::Values(
        Mistake{"    format: cvs\n",
                "10:13: \"cvs\" is not a format of answers. Did you mean `csv`?"},
        Mistake{"    format: json\n", "6:5: the stream \"members\" needs the key `records`"},
        Mistake{"    format: xml\n", "6:5: the stream \"members\" needs the key `records`"},
        Mistake{"    csv: {}\n", "10:10: the stream's answers are json. Set `format: csv`."},
        Mistake{"    format: csv\n    xlsx: {sheet: a}\n",
                "11:11: the stream's answers are csv. Set `format: xlsx`."},
        Mistake{"    format: csv\n    csv: {delimiter: ;;}\n",
                "11:22: \";;\" is not one character. Write one character, or `tab`."},
        Mistake{"    format: csv\n    csv: {quote: ''}\n",
                "11:18: \"\" is not one character. Write one character, or `none`."},
        Mistake{"    format: csv\n    csv: {quote: ';', delimiter: ;}\n",
                "11:10: `delimiter` and `quote` are the same character"},
        Mistake{"    format: csv\n    csv: {charset: windows-1525}\n",
                "11:20: \"windows-1525\" is not a charset that affsync reads. Did you mean "
                "`windows-1250`?"},
        Mistake{"    format: csv\n    csv: {header_after: a, skip_lines: 2}\n",
                "11:40: `header_after` says already where the header is. Leave out one of them."},
        Mistake{"    format: csv\n    csv: {skip_lines: 0}\n",
                "11:23: expected a whole number from 1 to 90, found \"0\""},
        Mistake{"    format: csv\n    csv: {columns: [a, a]}\n",
                "11:24: the column \"a\" is there twice"},
        Mistake{"    format: csv\n    csv: {columns: [a], totals: {column: b, words: x}}\n",
                "11:42: \"b\" is not one of `columns`. One of: a."},
        Mistake{"    format: csv\n    csv: {totals: {column: b}}\n",
                "11:19: a line of sums needs the key `words`"},
        Mistake{"    format: csv\n    compression: bzip2\n",
                "11:18: \"bzip2\" is not a compression. One of: auto, none, gzip, zip."},
        Mistake{"    format: xlsx\n    compression: zip\n",
                "11:18: a workbook is itself a zip archive. Leave out `compression`."},
        Mistake{"    format: xml\n    xml: {rows: a}\n",
                "11:11: unknown key \"rows\" in the XML. Did you mean "
                "`row`?"}));

INSTANTIATE_TEST_SUITE_P(
    Reports, DocumentMistake,
    testing::Values(
        Mistake{"    format: csv\n    report: {id: i, poll: x, until: {json: s, equals: d}, "
                "download: u}\n",
                "11:27: \"x\" is not the path of a request. Start it with a single /; the host "
                "belongs in `base_url`."},
        Mistake{"    format: csv\n    report: {id: i, poll: '/${id}', until: {json: s, equals: d}, "
                "download: u}\n",
                "11:27: only ${report.id} can be used here"},
        Mistake{"    format: csv\n    report: {id: i, poll: /x, until: {json: s}, download: u}\n",
                "11:38: a state of the report needs the key `equals`"},
        Mistake{"    format: csv\n    page: {type: page}\n    report: {id: i, poll: /x, until: "
                "{json: s, equals: d}, download: u}\n",
                "12:13: a report has no pages. Leave out `page`."}));

TEST(DocumentWords, AModeNeedsTheColumnOfItsDays) {
  auto const manifest = parsed("    format: csv\n    mode: replace_window\n");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_line(),
            "demo.yaml:11:11: `replace_window` needs a `window` with a `column`: which stored rows "
            "belong to its days. Set `column` of `window` to the mapped column of days that its "
            "parameters filter on.");
}

TEST(DocumentWords, ATableMustHaveTheColumnsOfItsKey) {
  auto const stream = stream_of("    format: csv\n", "[playerid, {const: x}, day]");
  EXPECT_EQ(stream.document.table.required, (std::vector<std::string>{"playerid", "day"}));
  EXPECT_EQ(stream.records.at(0).text(), "rows");
}

TEST(DocumentWords, FieldsThatRecordsMakesNeedNoColumn) {
  auto const stream =
      stream_of("    format: csv\n    records: {from: rows, names: n, value: v, keep: {day: x}}\n",
                "[n, day, id]");
  EXPECT_EQ(stream.document.table.required, (std::vector<std::string>{"id"}));
}

TEST(DocumentWords, WhatADocumentIsDecidesTheMapping) {
  auto const one = stream_of("    format: csv\n    csv: {delimiter: ;}\n");
  auto const other = stream_of("    format: csv\n    csv: {delimiter: tab}\n");
  EXPECT_NE(one.mapping_text, other.mapping_text);
  EXPECT_EQ(other.document.delimiter, '\t');
}

TEST(DocumentWords, AReportInCsvIsReadLikeAListInJson) {
  auto plan = list_plan(100, 0);
  plan.spec = stream_of(
      "    format: csv\n    csv: {totals: {column: rowid, words: 2}}\n"
      "    reconcile: [{column: amount, total: totals.0.totalcommission}]\n",
      "[rowid, playerid]");
  HttpResponse response;
  response.status = 200;
  response.body = document_file("income_access_accounts.csv");
  auto const verdict = classify(response, {}, {}, false, {}, {}, plan.spec->document);
  ASSERT_FALSE(verdict.error) << verdict.error->to_line();
  StreamReader reader(std::make_shared<StreamPlan>(plan), ReaderStart());
  Answer answer;
  answer.body = verdict.body;
  auto const page = reader.on_answer(answer, {}).value();
  auto const& batch = page.batches.at(0);
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(std::string(batch.cell(1, *batch.table().index_of("amount"))), "100.00");
  ASSERT_TRUE(page.slice_end);
  EXPECT_EQ(page.slice_end->totals.at(0).value, "111.37");
}

// The answer of a stream with a document that is not JSON.
Verdict verdict_on(int status, std::string body, std::vector<ErrorRule> const& rules = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return classify(response, rules, {}, false, {}, {}, csv_with({"id"}));
}

TEST(DocumentAnswers, ARefusalInJsonIsUnderstood) {
  auto const verdict = verdict_on(403, R"({"message": "no access"})");
  EXPECT_EQ(verdict.answer_class, AnswerClass::permission);
  EXPECT_EQ(verdict.error->message, "HTTP 403: no access");
}

TEST(DocumentAnswers, ARuleSeesTheJsonOfAGoodStatus) {
  ErrorRule rule;
  rule.json = JsonPath("code");
  rule.json_equals = {"17"};
  rule.answer_class = AnswerClass::throttled;
  EXPECT_EQ(verdict_on(200, R"({"code": 17})", {rule}).answer_class, AnswerClass::throttled);
}

TEST(DocumentAnswers, AnotherDocumentIsNotTakenForAnEmptyOne) {
  auto const verdict = verdict_on(200, R"({"code": 17})");
  EXPECT_EQ(verdict.answer_class, AnswerClass::transient);
  EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
  EXPECT_EQ(verdict.error->message, "HTTP 200: not CSV (it is JSON, not a table): {\"code\": 17}");
}

TEST(DocumentAnswers, PackedBytesAreNotQuoted) {
  auto const verdict = verdict_on(200, document_file("commissions.xlsx"));
  EXPECT_EQ(verdict.error->message.find("PK"), std::string::npos) << verdict.error->message;
}

}  // namespace
}  // namespace affsync::engine::manifest_documents_test
