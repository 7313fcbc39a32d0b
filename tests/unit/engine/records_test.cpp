// Where the rows of an answer are, in the list formats of different brokers.
#include "connectors/engine/answer/records.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/document/document.hpp"

namespace affsync::engine::records_test {
namespace {

StreamSpec spec_of(std::vector<std::string> const& paths) {
  StreamSpec spec;
  for (auto const& path : paths) spec.records.emplace_back(path);
  spec.map.key.emplace_back("id");
  spec.page.total = JsonPath("n");
  return spec;
}

// The ids of the rows, or "error".
std::string ids(StreamSpec const& spec, std::string const& json, bool behind_rows = false) {
  auto const body = parse_json(json).value();
  auto const found = find_records(spec, body, behind_rows);
  if (!found) {
    EXPECT_EQ(found.error().code, ErrorCode::malformed_answer);
    return "error";
  }
  std::string text;
  for (auto const* row : found->rows) {
    auto const* id = JsonPath("id").in(*row);
    text += (text.empty() ? "" : " ") + (id == nullptr ? "?" : std::string(*id->scalar_text()));
  }
  return text;
}

// What find_records() says to an XML document whose rows are elements <record>.
std::string answer_to(std::string const& xml, std::string const& key = "key: id") {
  auto const manifest = parse_manifest(
      "name: b\nbase_url: https://b.example\nauth: {type: none}\nstreams: {s: {path: /s, format: "
      "xml, xml: {row: record, root: rep}, table: commission, " +
          key + ", map: {amount: sum, currency: cur, client_ref: who}}}",
      "b.yaml");
  if (!manifest) return manifest.error().to_line();
  auto const& spec = manifest->streams.front();
  auto const document = read_document(xml, spec.document);
  if (!document) return document.error().to_line();
  auto const found = find_records(spec, *document);
  return found ? std::to_string(found->rows.size()) : found.error().message;
}

TEST(Records, RowsOfXmlUnderAnotherNameAreNotNothing) {
  for (auto const* none : {"<rep/>", "<rep><n>0</n><record_count/></rep>", "<rep><records/></rep>",
                           "<rep><partner><id>7</id><name>x</name></partner><records/></rep>",
                           "<rep><total><sum>0</sum><cur>USD</cur></total></rep>"}) {
    EXPECT_EQ(answer_to(none), "0") << none;
  }
  EXPECT_EQ(answer_to("<rep><record><id>1</id></record></rep>"), "1");
  EXPECT_EQ(answer_to("<rep><Record><id>1</id></Record></rep>"),
            "the document has no element <record>, but <Record>");
  auto const* const words =
      "the document has no element <record>, but <rec> has the key and the fields of a row";
  EXPECT_EQ(answer_to("<rep><rec><id>1</id><sum>5</sum><cur>USD</cur></rec></rep>"), words);
  EXPECT_EQ(answer_to("<rep><l><rec><id>1</id><sum>5</sum><cur/></rec><rec/></l></rep>"), words);
  EXPECT_EQ(answer_to("<rep><rec><sum>5</sum><cur>USD</cur></rec></rep>", "key: {hash: all}"),
            words);
}

TEST(Records, AListThatComesAsAnObjectWithNumbersForNames) {
  auto const spec = spec_of({"data"});
  EXPECT_EQ(ids(spec, R"({"data":{"0":{"id":1},"2":{"id":2},"17":{"id":3}}})"), "1 2 3");
  EXPECT_EQ(ids(spec, R"({"data":{"1":{"id":7}}})"), "7");
  EXPECT_EQ(ids(spec_of({"$"}), R"({"5":{"id":1},"6":{"id":2}})"), "1 2");
  EXPECT_EQ(ids(spec_of({"result.*"}), R"({"result":{"pages":{"0":3},"x":{"0":{"id":1}}}})"), "1");
  // Any other object is one row, even with a number among its names.
  EXPECT_EQ(ids(spec, R"({"data":{"id":9,"0":{"id":1}}})"), "9");
  EXPECT_EQ(ids(spec_of({"data"}), R"({"data":{"0":5,"1":6}})"), "?");
}

TEST(Records, NullIsAnEmptyListWhereTheBrokerCountsNone) {
  auto const spec = spec_of({"data"});
  for (auto const* none : {R"({"data":null,"n":0})", R"({"data":null,"n":"0"})",
                           R"({"data":{},"n":0})", R"({"n":0})"}) {
    EXPECT_EQ(ids(spec, none), "") << none;
  }
  for (auto const* bad : {R"({"data":null})", R"({"data":null,"n":3})", R"({"data":null,"n":null})",
                          R"({"data":{}})", R"({})", R"({"n":7})", R"({"data":"none","n":7})"}) {
    EXPECT_EQ(ids(spec, bad), "error") << bad;
  }
}

TEST(Records, NullBesideAnErrorStaysAnError) {
  auto spec = spec_of({"data"});
  spec.empty_if_null = true;
  for (auto const* error : {R"("error":"bad token")", R"("errors":["x"])", R"("error":{"code":5})",
                            R"("success":false)", R"("ok":0)", R"("status":"error")",
                            R"("Error":"x")", R"("error_code":17)"}) {
    EXPECT_EQ(ids(spec, std::string(R"({"data":null,"n":0,)") + error + "}"), "error") << error;
  }
  for (auto const* fine :
       {R"("error":null)", R"("errors":[])", R"("error":"")", R"("error":0)", R"("error":false)",
        R"("success":true)", R"("status":"ok")", R"("message":"nothing found")"}) {
    EXPECT_EQ(ids(spec, std::string(R"({"data":null,"n":0,)") + fine + "}"), "") << fine;
  }
}

TEST(Records, NullIsAnEmptyListWhereTheConnectorSaysSo) {
  auto spec = spec_of({"data"});
  spec.empty_if_null = true;
  EXPECT_EQ(ids(spec, R"({"data":null})"), "");
  EXPECT_EQ(ids(spec, R"({"data":{}})"), "");
  EXPECT_EQ(ids(spec, R"({"rows":null})"), "error") << "the list is missing";
}

TEST(Records, NullBehindPagesWithAllRowsIsAnEmptyPage) {
  auto const spec = spec_of({"data"});
  EXPECT_EQ(ids(spec, R"({"data":null})", true), "");
  EXPECT_EQ(ids(spec, R"({"items":1})", true), "error");
}

TEST(Records, AMemberThatIsTwiceAroundTheRowsHidesNone) {
  auto const spec = spec_of({"data"});
  for (auto const* twice :
       {R"({"data":[{"id":1}],"data":[]})", R"({"data":[],"data":[{"id":1}]})",
        R"({"n":1,"data":[{"id":1}],"n":5})", R"({"data":[{"id":1}],"meta":{"a":1,"a":2}})",
        R"({"data":[{"id":1}],"d\u0061ta":[]})", R"({"list":[{"x":1,"x":2}],"data":[]})"}) {
    EXPECT_EQ(ids(spec, twice), "error") << twice;
  }
  auto const inner = spec_of({"result.*"});
  EXPECT_EQ(ids(inner, R"({"result":{"x":[{"id":1}],"x":[]}})"), "error");
  // A row is judged by itself.
  EXPECT_EQ(ids(spec, R"({"data":[{"id":1,"a":1,"a":2},{"id":2}]})"), "1 2");
  EXPECT_EQ(ids(spec_of({"$"}), R"([{"id":1,"a":{"b":1,"b":2}}])"), "1");
}

TEST(Records, AnEnvelopeIsNoRow) {
  auto const any = spec_of({"data", "results", "$"});
  for (auto const* envelope : {R"({"data":null})", R"({"results":null,"page":1})",
                               R"({"status":"busy"})", R"({"data":"x","id":null})"}) {
    EXPECT_EQ(ids(any, envelope), "error") << envelope;
  }
  EXPECT_EQ(ids(any, R"({"data":null,"n":0})"), "");
  EXPECT_EQ(ids(any, R"({"id":5,"amount":1})"), "5");
  EXPECT_EQ(ids(any, R"([{"id":5},{"id":6}])"), "5 6");
  EXPECT_EQ(
      ids(spec_of({"result.rows", "result.*", "result"}), R"({"result":{"rows":null,"n":0}})"),
      "error");
  EXPECT_EQ(ids(spec_of({"result.rows", "result.*", "result"}), R"({"result":{"id":3}})"), "3");
}

}  // namespace
}  // namespace affsync::engine::records_test
