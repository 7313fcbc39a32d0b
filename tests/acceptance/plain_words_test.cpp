// What an answer says in plain words beside its rows: that it failed, that more rows follow, that
// it is not ready yet. None of it may pass for a whole list.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::plain_words_test {
namespace {

class PlainWords : public Strangers {
 protected:
  void list(Answer answer, std::string const& stream = "", std::string const& rules = "") {
    start_own_broker(yaml(stream, rules), "{}", std::move(answer));
  }
  static std::string yaml(std::string const& stream, std::string const& rules = "") {
    return "auth: {type: none}\n" + rules + R"(streams:
  rows:
    table: commission
    path: /list
    records: rows
    key: id
    map: {amount: {from: sum, required: true}, currency: {const: EUR}}
)" + stream;
  }
  // `count` rows from number `begin` on.
  static std::string rows(int begin, int count) {
    std::string out;
    for (int i = begin; i < begin + count; ++i) {
      out +=
          (i == begin ? "" : ",") + std::string(R"({"id":)") + std::to_string(i) + R"(,"sum":2})";
    }
    return "[" + out + "]";
  }
  // Runs a pass that is stored but in doubt, and says so with these words.
  void expect_doubt(std::string const& words, long live) {
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "status"), "partial") << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "error_code"), "sweep_unverified") << synced.out;
    EXPECT_NE(problem().find(words), std::string::npos) << problem();
    EXPECT_EQ(live_count(), std::to_string(live));
    EXPECT_EQ(marked(), "");
  }
  Synced pass() {
    auto synced = Strangers::pass();
    problem_ = synced.of("rows", "error");
    return synced;
  }
  // What the last pass says about itself.
  std::string const& problem() const { return problem_; }

 private:
  std::string problem_;
};

TEST_F(PlainWords, an_error_beside_an_empty_list_is_no_empty_list) {
  std::string body = R"({"rows":)" + rows(0, 12) + "}";
  list([&](Asked const&) { return reply(body); });
  expect_green(pass(), 12);
  for (auto const* bad :
       {R"({"success":false,"error":{"code":500,"message":"database timeout"},"rows":[]})",
        R"({"errors":["x"],"rows":[]})", R"({"status":"error","rows":[]})",
        R"({"error_code":17,"rows":[]})", R"({"ok":false,"rows":{}})"}) {
    body = bad;
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "error_code"), "malformed_answer") << bad << synced.out;
    EXPECT_EQ(live_count(), "12") << bad;
    EXPECT_EQ(marked(), "") << bad;
  }
  EXPECT_NE(problem().find("`ok`"), std::string::npos) << problem();
  for (auto const* fine :
       {R"({"error":null,"errors":[],"status":"ok","success":true,"rows":[]})",
        R"({"error":{"code":0,"message":""},"error_code":"0","err":false,"rows":[]})"}) {
    body = fine;
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "error_code"), "mass_drop") << fine << synced.out;
  }
}

// The rule says what the error means.
TEST_F(PlainWords, a_rule_of_the_connector_speaks_before_the_words) {
  std::string body = R"({"error":"no data","rows":[]})";
  list([&](Asked const&) { return reply(body); }, "",
       "errors: [{json: error, equals: no data, class: empty}]\n"
       "good: {json: errorCode, equals: [\"200\"], absent: true}\n");
  expect_green(pass(), 0);
  body = R"({"errorCode":"200","rows":[]})";
  expect_green(pass(), 0);
  body = R"({"error":"database away","rows":[]})";
  EXPECT_EQ(pass().of("rows", "error_code"), "malformed_answer");
}

TEST_F(PlainWords, lists_inside_and_graphql_and_xml_too) {
  std::string body = R"({"rows":[{"id":1,"in":[]}],"error":"timeout"})";
  list([&](Asked const& asked) {
    return asked.path == "/x" ? reply(body, "200 OK", "", "application/xml") : reply(body);
  });
  replace_connector(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    records: {from: rows, each: {from: in}}
    key: [parent.id, id]
    map: {amount: sum, currency: {const: EUR}}
)");
  EXPECT_EQ(pass().of("rows", "error_code"), "malformed_answer");
  replace_connector(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    method: POST
    reads: true
    body: {graphql: "query { c { id sum } }"}
    records: data.c
    key: id
    map: {amount: sum, currency: {const: EUR}}
)");
  for (auto const* part :
       {R"({"errors":[{"message":"shard 2"}],"data":{"c":[]}})",
        R"({"errors":[{"message":"shard 2"}],"data":{"c":[{"id":1,"sum":2}]}})"}) {
    body = part;
    EXPECT_EQ(pass().of("rows", "error_code"), "malformed_answer") << part;
    EXPECT_NE(problem().find("shard 2"), std::string::npos) << problem();
  }
  body = R"({"errors":[],"data":{"c":[{"id":1,"sum":2}]}})";
  expect_green(pass(), 1);
  replace_connector(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /x
    format: xml
    xml: {row: row, root: rep}
    key: id
    map: {amount: sum, currency: {const: EUR}}
)");
  body = "<rep status=\"failed\"><message>down</message></rep>";
  EXPECT_EQ(pass().of("rows", "error_code"), "malformed_answer");
}

TEST_F(PlainWords, more_that_no_word_of_the_connector_reads) {
  std::string body, header;
  list([&](Asked const&) { return reply(body, "200 OK", header); });
  for (auto const* more :
       {R"("has_more":true)", R"("hasMore":true)", R"("meta":{"paging":{"has_next":true}})",
        R"("page_info":{"hasNextPage":true})", R"("links":{"more":true})"}) {
    body = R"({"rows":)" + rows(0, 10) + "," + more + "}";
    expect_doubt("more", 10);
    EXPECT_NE(problem().find("`page`"), std::string::npos) << problem();
  }
  body = R"({"rows":)" + rows(0, 10) + "}";
  header = "Link: </list>; rel=\"first\", </list?page=2>; rel=\"next\"\r\n";
  expect_doubt("`Link`", 10);
  // The page itself is not another one.
  header = "Link: </list>; rel=\"next\"\r\n";
  expect_green(pass(), 0);
  header = "";
  for (auto const* none : {R"("has_more":false)", R"("more":null)", R"("meta":{"more":"3 days"})",
                           R"("total":250,"next":"/list?page=2")"}) {
    body = R"({"rows":)" + rows(0, 10) + "," + none + "}";
    expect_green(pass(), 0);
  }
  // A row's own field is the row's.
  body = R"({"rows":[{"id":0,"sum":2,"more":true,"meta":{"has_more":true}}],"has_more":false})";
  EXPECT_NE(pass().of("rows", "error_code"), "sweep_unverified");
  body = R"({"rows":)" + rows(0, 10) + R"(,"has_more":true})";
  replace_connector(yaml("    page: {type: none, more: false}\n"));
  expect_green(pass(), 0);
}

TEST_F(PlainWords, a_way_on_that_leads_nowhere) {
  list(
      [&](Asked const& asked) {
        int const begin = asked.number("cursor", 0);
        return reply(R"({"rows":)" + rows(begin, 10) + R"(,"paging":{"has_more":)" +
                     (begin < 20 ? "true" : "false") + R"(,"cursors":{"after":")" +
                     (begin < 20 ? std::to_string(begin + 10) : "") + "\"}}}");
      },
      "    page: {type: cursor, next: paging.after}\n");
  expect_doubt("`paging.has_more`", 10);
  auto const checked = run_command({"check"});
  EXPECT_NE((checked.out + checked.err).find("`paging.after`"), std::string::npos)
      << checked.out << checked.err;
  replace_connector(yaml("    page: {type: cursor, next: paging.cursors.after}\n"));
  expect_green(pass(), 20);
  EXPECT_EQ(live_count(), "30");
}

// Also on a page that is not the last one.
TEST_F(PlainWords, a_list_inside_of_a_row_that_goes_on) {
  start_own_broker(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    page: {type: page, limit: n, size: 1, total: total}
    records: {from: rows, each: {from: parts.data}}
    key: [parent.id, id]
    map: {amount: {from: sum, required: true}, currency: {const: EUR}}
)",
                   "{}", [](Asked const& asked) {
                     bool const is_first = asked.number("page", 1) == 1;
                     return reply(std::string(R"({"total":2,"rows":[{"id":)") +
                                  (is_first ? "1" : "2") + R"(,"parts":{"has_more":)" +
                                  (is_first ? "true" : "false") +
                                  R"(,"data":[{"id":7,"sum":2}]}}]})");
                   });
  expect_doubt("`parts.has_more`", 2);
}

TEST_F(PlainWords, check_says_that_the_only_answer_goes_on) {
  list([&](Asked const&) { return reply(R"({"has_more":true,"rows":)" + rows(0, 10) + "}"); });
  for (auto const& command : {std::vector<std::string>{"check"}, {"inspect", "main", "rows"}}) {
    auto const shown = run_command(command);
    EXPECT_NE((shown.out + shown.err).find("`has_more` is true"), std::string::npos)
        << shown.out << shown.err;
  }
}

TEST_F(PlainWords, check_names_a_count_above_the_rows_of_the_only_answer) {
  list([&](Asked const&) {
    return reply(R"({"rows":)" + rows(0, 10) + R"(,"meta":{"total_count":250}})");
  });
  auto const checked = run_command({"check"});
  EXPECT_NE((checked.out + checked.err).find("`meta.total_count` is 250"), std::string::npos)
      << checked.out << checked.err;
  auto const shown = run_command({"inspect", "main", "rows"});
  EXPECT_NE((shown.out + shown.err).find("`meta.total_count` is 250"), std::string::npos)
      << shown.out << shown.err;
}

TEST_F(PlainWords, rows_that_a_rule_takes_for_none_are_not_thrown_away) {
  list([&](Asked const&) { return reply(R"({"code":7,"rows":)" + rows(0, 3) + "}"); }, "",
       "errors: [{json: code, equals: 7, class: empty}]\n");
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "error_code"), "malformed_answer") << synced.out;
  EXPECT_NE(problem().find("class: empty"), std::string::npos) << problem();
  replace_connector(yaml("", "errors: [{status: 200, class: empty}]\n"));
  auto const refused = run_command({"sync"});
  EXPECT_NE(refused.status, 0);
  EXPECT_NE((refused.out + refused.err).find("every good answer"), std::string::npos)
      << refused.out << refused.err;
}

// Some page is short because rows were taken out of it after it was cut.
TEST_F(PlainWords, a_short_page_ends_no_list_whose_total_counts_more) {
  std::vector<int> const sizes{10, 7, 10, 10, 3};
  list(
      [&](Asked const& asked) {
        auto const page = static_cast<std::size_t>(asked.number("page", 1)) - 1;
        int begin = 0;
        for (std::size_t i = 0; i < page && i < sizes.size(); ++i) begin += sizes[i];
        return reply(R"({"total":40,"rows":)" + rows(begin, page < sizes.size() ? sizes[page] : 0) +
                     "}");
      },
      "    page: {type: page, limit: n, size: 10, total: total}\n");
  expect_green(pass(), 40);
}

// The count stays too high, and the page behind the last one is refused.
TEST_F(PlainWords, a_total_that_is_too_high_is_told_and_no_failure) {
  list(
      [&](Asked const& asked) {
        int const page = asked.number("page", 1);
        if (page > 2) return reply("{}", "404 Not Found");
        return reply(R"({"total":40,"rows":)" + rows(10 * page - 10, page == 1 ? 10 : 7) + "}");
      },
      "    page: {type: page, limit: n, size: 10, total: total}\n");
  expect_doubt("17 distinct rows, but the broker counts 40", 17);
}

TEST_F(PlainWords, an_empty_page_that_was_promised_to_have_rows) {
  bool itself = true;
  list(
      [&](Asked const& asked) {
        if (!asked.has("cursor")) {
          return reply(R"({"rows":)" + rows(0, 10) + R"(,"has_more":true,"next":"c"})");
        }
        return reply(std::string(R"({"rows":[],"next":null,"has_more":)") +
                     (itself ? "true}" : "false}"));
      },
      "    page: {type: cursor, next: next, more: has_more}\n");
  expect_doubt("`has_more`", 10);
  // The last page of a cursor may be empty.
  itself = false;
  expect_green(pass(), 0);
}

TEST_F(PlainWords, a_numbered_page_that_was_promised_and_is_empty) {
  bool says_end = false;
  list(
      [&](Asked const& asked) {
        bool const is_first = asked.number("page", 1) == 1;
        std::string const more = is_first   ? R"(,"has_more":true)"
                                 : says_end ? R"(,"has_more":false)"
                                            : "";
        return reply(R"({"rows":)" + rows(0, is_first ? 10 : 0) + more + "}");
      },
      "    page: {type: page, more: has_more}\n");
  expect_doubt("`has_more`", 10);
  // Of a broker that says it of each full page.
  says_end = true;
  expect_green(pass(), 0);
}

TEST_F(PlainWords, an_answer_that_is_not_ready_is_asked_for_again) {
  int asked_before = 0;
  bool is_ready = true;
  list([&](Asked const&) {
    if (is_ready && ++asked_before > 1) return reply(R"({"rows":)" + rows(0, 5) + "}");
    return reply(R"({"status":"processing","rows":[]})", "202 Accepted");
  });
  expect_green(pass(), 5);
  is_ready = false;
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "error_code"), "server_error") << synced.out;
  EXPECT_NE(problem().find("HTTP 202"), std::string::npos) << problem();
  EXPECT_EQ(live_count(), "5");
}

}  // namespace
}  // namespace affsync::test::plain_words_test
