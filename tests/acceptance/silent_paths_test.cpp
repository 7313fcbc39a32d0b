// What a connector names and no row has: it is told by `check` and `inspect` before money is
// missing, and a list of which nothing is taken by a pass too.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::silent_paths_test {
namespace {

class SilentPaths : public Strangers {
 protected:
  // Serves two rows to a connector with these lines of its stream.
  void serve(std::string const& stream) {
    start_own_broker(
        "auth: {type: none}\nstreams:\n  rows:\n    table: commission\n    path: "
        "/list\n    records: rows\n    key: id\n" +
            stream,
        "{}", [](Asked const&) {
          return reply(R"({"rows":[{"id":1,"type":"sale","st":"ok","a":"5","c":"USD"},)"
                       R"({"id":2,"type":"refund","st":"refund","a":"7","c":"USD"}]})");
        });
  }
  // Returns what `check` says about the stream: its result, and its remarks.
  std::string checked() {
    auto const finished = affsync({"check", "--output", "json"});
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
    auto const json = parse_json(finished.out).value();
    for (auto const& line : json.find("checks")->items()) {
      if (line.find("stream")->dump() != "\"rows\"") continue;
      std::string text(*line.find("result")->scalar_text());
      for (auto const& remark : line.find("remarks")->items()) text += "\n" + remark.as_string();
      return text;
    }
    return finished.out;
  }
  static std::string lack(std::string const& paths) {
    return "warning\nno row of this page has a value for: " + paths +
           ". Correct the connector unless the broker leaves out what has no value; `affsync "
           "inspect main rows` shows the rows";
  }
};

TEST_F(SilentPaths, a_sign_that_no_row_decides) {
  serve("    map: {amount: {from: a, negative_if: {typ: refund}}, currency: c}\n");
  EXPECT_EQ(checked(), lack("amount.negative_if <- typ"));
  auto const shown = run_command({"inspect", "main", "rows"});
  EXPECT_NE(shown.out.find("Mappings that found nothing:\n  amount.negative_if <- typ\n"),
            std::string::npos)
      << shown.out;
}

TEST_F(SilentPaths, an_amount_that_no_row_has) {
  serve("    map: {amount: payot, currency: {from: c, only_if: {stt: ok}}, link_code: tag}\n");
  EXPECT_EQ(checked(), lack("amount <- payot, currency.only_if <- stt, link_code <- tag"));
  auto const shown = run_command({"inspect", "main", "rows"});
  EXPECT_NE(shown.out.find("  amount <- payot\n  currency.only_if <- stt\n"), std::string::npos)
      << shown.out;
}

TEST_F(SilentPaths, a_field_without_money_is_only_mentioned) {
  serve("    map: {amount: a, currency: c, link_code: tag}\n");
  EXPECT_EQ(checked(), "ok");
  EXPECT_NE(affsync({"check"}).out.find("no row of this page has a value for: link_code <- tag"),
            std::string::npos);
}

TEST_F(SilentPaths, a_filter_that_takes_nothing) {
  serve("    where: {stt: ok}\n    map: {amount: a, currency: c}\n");
  EXPECT_EQ(checked(), lack("where <- stt"));
  auto const first = pass();
  EXPECT_EQ(first.of("rows", "status"), "succeeded") << first.out;
  EXPECT_EQ(live_count(), "0");
  auto const words =
      "none of the rows of the whole list is stored, because `where` takes none of "
      "them";
  EXPECT_NE(first.err.find(words), std::string::npos) << first.err;
  EXPECT_NE(first.err.find("stt"), std::string::npos) << first.err;
}

TEST_F(SilentPaths, a_word_in_another_case) {
  serve("    where: {st: OK}\n    map: {amount: a, currency: c}\n");
  EXPECT_EQ(checked(),
            "warning\nnone of the 2 rows of the page is stored: `where` wants OK in `st`, which is "
            "\"ok\" in the first of them");
  EXPECT_NE(pass().err.find("`where` takes none of them"), std::string::npos);
}

TEST_F(SilentPaths, a_filter_that_takes_nothing_of_a_file) {
  serve("    where: {st: [paid, open]}\n    map: {amount: a, currency: c}\n");
  auto const list =
      dir_.write("export.json", R"({"rows":[{"id":"1","st":"ok","a":"5","c":"USD"}]})");
  auto const done = run_command({"import", list.string(), "--source", "main", "--stream", "rows"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_NE(done.out.find("none of its rows is stored, because `where` (`st`) takes none of them"),
            std::string::npos)
      << done.out << done.err;
}

TEST_F(SilentPaths, a_filter_that_takes_some_is_quiet) {
  serve("    where: {st: ok}\n    map: {amount: a, currency: c}\n");
  EXPECT_EQ(checked(), "ok");
  auto const first = pass();
  EXPECT_EQ(live(), "1=5");
  EXPECT_EQ(first.err.find("`where`"), std::string::npos) << first.err;
}

TEST_F(SilentPaths, xml_rows_under_another_name) {
  start_own_broker(
      "auth: {type: none}\nstreams:\n  rows:\n    table: commission\n    path: /list\n    format: "
      "xml\n    xml: {row: record, root: rep}\n    key: id\n    map: {amount: a, currency: c}\n",
      "{}", [](Asked const&) {
        return reply("<rep><rec><id>1</id><a>5</a><c>USD</c></rec></rep>", "200 OK", "",
                     "application/xml");
      });
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "error_code"), "malformed_answer") << synced.out;
  EXPECT_NE(synced.out.find("no element <record>, but <rec> has the key and the fields of a row"),
            std::string::npos)
      << synced.out;
}

}  // namespace
}  // namespace affsync::test::silent_paths_test
