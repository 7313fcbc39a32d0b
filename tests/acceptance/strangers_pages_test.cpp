// Each kind of paging with the ends, counts and page limits that the documentation describes.
#include <atomic>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_pages_test {
namespace {

class StrangersPages : public Strangers {
 protected:
  // `page`: paging of the list /list, whose rows are in `items`.
  void list(std::string const& page, Answer answer, std::string const& more = "") {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "Token ${credentials.key}"}
streams:
  rows:
    table: commission
    path: /api/list
    records: items
    key: id
    map: {amount: {from: sum, required: true}, currency: cur, occurred_on: day}
    page: )" + page + "\n" +
                         more,
                     "{key: kk-planted-77}", std::move(answer));
  }
  std::vector<std::string> books;  // the broker's rows
};

std::string line(int id, std::string const& sum = "1.25") {
  return R"({"id":)" + std::to_string(id) + R"(,"sum":)" + sum +
         R"(,"cur":"EUR","day":"2026-02-0)" + std::to_string(1 + id % 7) + "\"}";
}

std::vector<std::string> lines(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(line(1000 + i));
  return out;
}

// The count is a text and correct. But numbered pages may pass over a row while the count stays the
// same, so two passes have to miss one.
TEST_F(StrangersPages, numbered_from_0_with_the_count_as_text) {
  books = lines(26);
  list("{type: page, parameter: no, first: 0, limit: per_page, size: 50, total: meta.count}",
       [&](Asked const& asked) {
         auto const per = std::min(asked.number("per_page", 5), 5);
         return reply(R"({"items":)" + slice(books, asked.number("no", 0) * per, per) +
                      R"(,"meta":{"count":")" + std::to_string(books.size()) + "\"}}");
       });
  expect_green(pass(), 26);
  expect_no_change();
  books.erase(books.begin() + 9);
  for (char const* keys : {"", "1009"}) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 0) << synced.out;
    EXPECT_EQ(marked(), keys);
  }
  books.insert(books.begin() + 3, line(1009));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(marked(), "");
  EXPECT_EQ(live_count(), "26");
}

// The count includes rows that the filter leaves out: the rows are stored, but the pass does not
// succeed.
TEST_F(StrangersPages, count_that_is_too_high_is_never_green) {
  books = lines(9);
  list("{type: offset, size: 4, total: count}", [&](Asked const& asked) {
    return reply(R"({"items":)" +
                 slice(books, asked.number("offset", 0), asked.number("limit", 4)) +
                 R"(,"count":12})");
  });
  for (int i = 0; i < 2; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1) << synced.out;
    EXPECT_EQ(synced.of("rows", "status"), "partial");
    EXPECT_EQ(live_count(), "9");
    if (i == 0) books.pop_back();
  }
  EXPECT_EQ(marked(), "");
}

// The count is that of the page; the last page is full.
TEST_F(StrangersPages, count_that_is_too_low_hides_no_row) {
  books = lines(15);
  list("{type: page, limit: n, size: 5, total: count}", [&](Asked const& asked) {
    return reply(R"({"items":)" + slice(books, (asked.number("page", 1) - 1) * 5, 5) +
                 R"(,"count":5})");
  });
  pass();
  EXPECT_EQ(live_count(), "15");
  pass();
  EXPECT_EQ(live_count(), "15");
  EXPECT_EQ(marked(), "");
}

// A page after the last one is answered with the last page and the correct count, or with 404.
TEST_F(StrangersPages, last_page_again_and_404_behind_the_last) {
  for (bool const again : {true, false}) {
    books = lines(12);
    auto const page_yaml =
        std::string("{type: page, limit: size, size: 4") + (again ? ", total: n}" : "}");
    list(page_yaml, [&, again](Asked const& asked) {
      auto page = asked.number("page", 1);
      if (page > 3 && !again) return reply(R"({"message":"no such page"})", "404 Not Found");
      page = std::min(page, 3);
      return reply(R"({"n":12,"items":)" + slice(books, (page - 1) * 4, 4) + "}");
    });
    EXPECT_EQ(pass().status, 0);
    EXPECT_EQ(live_count(), "12");
    expect_no_change();
    renew_database();
  }
}

// One cursor for the whole list; the server remembers the position. The list ends with an empty
// page.
TEST_F(StrangersPages, cursor_that_stays_the_same) {
  books = lines(14);
  std::size_t at = 0;
  list("{type: cursor, parameter: scroll, next: scroll_id, limit: n, size: 5}",
       [&](Asked const& asked) {
         if (!asked.has("scroll")) at = 0;
         auto const items = slice(books, at, 5);
         at += 5;
         return reply(R"({"items":)" + items + R"(,"scroll_id":"walk-1"})");
       });
  auto const synced = pass();
  EXPECT_EQ(live_count(), "14") << synced.out << synced.err;
  EXPECT_EQ(synced.status, 0) << synced.out;
  expect_no_change();
}

// Pages that a filter has emptied come between others; the list ends with the word "null".
TEST_F(StrangersPages, cursor_with_empty_pages_on_the_way_and_a_word_as_its_end) {
  books = lines(6);
  list("{type: cursor, next: next, more: has_more}", [&](Asked const& asked) {
    auto const at = asked.number("cursor", 0);
    auto const last = at >= 9;
    auto const items = at % 3 == 1 ? slice(books, 2 * (at / 3), 2) : "[]";
    return reply(R"({"items":)" + items + R"(,"has_more":")" + (last ? "no" : "yes") +
                 R"(","next":)" + (last ? "\"null\"" : std::to_string(at + 1)) + "}");
  });
  expect_green(pass(), 6);
  expect_no_change();
}

// The address of the next page is relative and contains the key that the broker was sent.
TEST_F(StrangersPages, links_relative_and_absolute_that_quote_the_key) {
  books = lines(11);
  list("{type: link, next: links.next.href, limit: count, size: 4}", [&](Asked const& asked) {
    if (asked.header("Authorization") != "Token kk-planted-77")
      return reply("{}", "401 Unauthorized");
    auto const at = asked.number("at", 0);
    auto const more = at + 4 < 11;
    auto const start = at == 0 ? std::string("/api/list?") : base_url + "/api/list?";
    auto const next = R"({"href":")" + start + "count=4&at=" + std::to_string(at + 4) +
                      "&token=" + "kk-planted-77&f%5B%5D=a%20b\"}";
    return reply(R"({"items":)" + slice(books, at, 4) + R"(,"links":{"next":)" +
                 (more ? next : "false") + "}}");
  });
  expect_green(pass(), 11);
  expect_no_change();
  for (auto const& one : asked()) EXPECT_EQ(one.method, "GET");
  expect_not_leaked({"kk-planted-77"});
}

// Links as Laravel and JSON:API write them: brackets, spaces and letters that are invalid in a URL.
TEST_F(StrangersPages, links_that_are_not_encoded) {
  books = lines(11);
  list("{type: link, next: links.next}", [&](Asked const& asked) {
    auto const page = asked.number("page%5Bnumber%5D", asked.number("page[number]", 1));
    auto const next = R"("/api/list?page[number]=)" + std::to_string(page + 1) + "&q=a|b c\u00e9\"";
    return reply(R"({"items":)" + slice(books, (page - 1) * 4, 4) + R"(,"links":{"next":)" +
                 (page < 3 ? next : "null") + "}}");
  });
  expect_green(pass(), 11);
  expect_no_change();
}

TEST_F(StrangersPages, link_to_another_host_is_not_followed) {
  books = lines(4);
  list("{type: link, next: next}", [&](Asked const&) {
    return reply(R"({"items":)" + slice(books) + R"(,"next":"http://127.0.0.2:80/api/list?p=2"})");
  });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_NE(synced.of("rows", "status"), "succeeded");
  pass();
  EXPECT_EQ(marked(), "");
}

// What is missing at the end of such a list no later pass would look for: so a page that is refused
// is asked for twice, and a refusal before any known row is no end.
TEST_F(StrangersPages, numbers_newest_first_with_a_refused_page) {
  for (int i = 0; i < 40; ++i) books.insert(books.begin(), line(1000 + i));
  int refused_page = 4, refusals = 1;
  list("{type: page, limit: n, size: 5, until_known: true}", [&](Asked const& asked) {
    auto const page = asked.number("page", 1);
    if (page == refused_page && refusals > 0) {
      --refusals;
      return reply("{}", "400 Bad Request");
    }
    return reply(R"({"items":)" + slice(books, (page - 1) * 5, 5) + "}");
  });
  expect_green(pass(), 40);
  for (int i = 0; i < 30; ++i) books.insert(books.begin(), line(2000 + i));
  refusals = 2;
  auto const cut = pass();
  EXPECT_EQ(cut.of("rows", "status"), "partial") << cut.out;
  EXPECT_EQ(live_count(), "55");
  expect_green(pass(), 15);
  EXPECT_EQ(live_count(), "70");
}

// These say nothing about the page, so they are no end of the list.
TEST_F(StrangersPages, a_refusal_for_another_reason_amid_a_list_is_no_end) {
  books = lines(12);
  std::string refusal;
  for (std::string const paging :
       {"{type: page, limit: n, size: 2}", "{type: offset, limit: n, size: 2, overlap: 0}"}) {
    list(paging, [&](Asked const& asked) {
      auto const begin =
          asked.has("page") ? 2 * (asked.number("page", 1) - 1) : asked.number("offset", 0);
      if (begin == 8 && !refusal.empty()) return reply(R"({"error":"no"})", refusal);
      return reply(R"({"items":)" + slice(books, begin, 2) + "}");
    });
    expect_green(pass(), 12);
    for (std::string const status : {"402", "407", "409", "421", "451", "499"}) {
      refusal = status + " No";
      auto const cut = pass({"--full"});
      EXPECT_EQ(cut.status, 1) << status << cut.out;
      EXPECT_EQ(cut.of("rows", "status"), "failed") << status << cut.out;
      EXPECT_EQ(cut.of("rows", "error_code"), "refused") << status << cut.out;
      EXPECT_NE(cut.of("rows", "error").find("HTTP " + status + ": no"), std::string::npos)
          << cut.out;
    }
    EXPECT_EQ(marked(), "");
    refusal.clear();
    expect_no_change({"--full"});
    renew_database();
  }
}

// Such a failure may be any, so it is no end of the list unless a rule says so.
TEST_F(StrangersPages, a_failure_in_an_envelope_amid_a_list_is_no_end) {
  books = lines(12);
  bool fails = false;
  auto const answer = [&](Asked const& asked) {
    auto const page = asked.number("page", 1);
    if (page == 5 && fails) return reply(R"({"code":"50001","message":"try again","items":[]})");
    return reply(R"({"code":"0","items":)" + slice(books, 2 * (page - 1), 2) + "}");
  };
  std::string const page = "{type: page, limit: n, size: 2}",
                    good = "good: {json: code, equals: \"0\"}";
  list(page, answer, good + "\n");
  expect_green(pass(), 12);
  fails = true;
  for (int i = 0; i < 2; ++i) {
    auto const cut = pass({"--full"});
    EXPECT_EQ(cut.of("rows", "status"), "failed") << cut.out;
    EXPECT_EQ(cut.of("rows", "error_code"), "bad_request") << cut.out;
  }
  EXPECT_EQ(marked(), "");
  renew_database();
  list(page, answer, good + "\nerrors: [{json: code, equals: \"50001\", class: end_of_list}]\n");
  expect_green(pass(), 8);
}

// No part of the list was asked for.
TEST_F(StrangersPages, part_of_a_list_is_never_the_whole) {
  books = lines(5);
  int count = 5;
  std::string range;
  list("{type: none}", [&](Asked const&) {
    auto const items = R"({"items":)" + slice(books, 0, count) + "}";
    if (range == "full") return reply(items);
    return reply(items, "206 Partial Content", range);
  });
  range = "full";
  expect_green(pass(), 5);
  count = 4;
  for (std::string const told : {"Content-Range: items 0-3/5\r\n", "Content-Range: 0-3/*\r\n",
                                 "Content-Range: items 1-4/5\r\n", ""}) {
    range = told;
    for (int i = 0; i < 2; ++i) {
      auto const cut = pass({"--full"});
      EXPECT_EQ(cut.of("rows", "status"), "partial") << told << cut.out;
      EXPECT_EQ(cut.status, 1) << told;
    }
    EXPECT_EQ(marked(), "") << told;
  }
  // Bytes of the text are missing, whatever is left of it can be read.
  range = "Content-Range: bytes 0-90/5000\r\n";
  auto const torn = pass({"--full"});
  EXPECT_EQ(torn.of("rows", "status"), "failed") << torn.out;
  EXPECT_EQ(torn.of("rows", "error_code"), "truncated") << torn.out;
  EXPECT_EQ(marked(), "");
  count = 5;
  range = "Content-Range: items 0-4/5\r\n";
  expect_no_change({"--full"});
}

TEST_F(StrangersPages, links_in_a_header_in_every_form) {
  books = lines(6);
  std::string form;
  list("{type: link, next: {header: Link}}", [&](Asked const& asked) {
    auto const page = asked.number("page", 1);
    std::string header;
    if (page < 3) {
      header = form;
      auto const next = "</api/list?page=" + std::to_string(page + 1) + ">";
      if (auto const at = header.find("NEXT"); at != std::string::npos) header.replace(at, 4, next);
    }
    return reply(R"({"items":)" + slice(books, 2 * (page - 1), 2) + "}", "200 OK", header);
  });
  for (std::string const good :
       {R"(Link: NEXT; title="page \"2\", of 3"; rel="next")", R"(Link: , NEXT; rel="next")",
        R"(Link: </api/list>; rel="first",, , NEXT; rel="next")", R"(Link: NEXT; rel='next')",
        "Link: NEXT; rel=\"last\tnext\"", "Link:\r\nLink: NEXT; rel=next"}) {
    form = good + "\r\n";
    expect_green(pass(), 6);
    EXPECT_EQ(live_count(), "6") << good;
    renew_database();
  }
  // What cannot be read is not absent.
  for (std::string const bad : {R"(Link: NEXT; title="open; rel="next")", "Link: </api/list?page=2",
                                R"(Link: </api/list>; rel="first", NEXT rel="next")"}) {
    form = bad + "\r\n";
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "status"), "failed") << bad << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "paging_broken") << bad << synced.out;
    renew_database();
  }
}

// Newest first, by the last id. A later pass ends at known rows; a full pass reads the rest.
TEST_F(StrangersPages, ids_newest_first_until_known) {
  for (int i = 0; i < 40; ++i) books.insert(books.begin(), line(1000 + i));
  list(
      "{type: id, parameter: older_than, id: id, limit: n, size: 5, more: more, until_known: true}",
      [&](Asked const& asked) {
        std::vector<std::string> rest;
        auto const before = asked.number("older_than", 1 << 20);
        for (auto const& one : books) {
          if (std::stoi(one.substr(6)) < before) rest.push_back(one);
        }
        return reply(R"({"items":)" + slice(rest, 0, 5) + R"(,"more":)" +
                     (rest.size() > 5 ? "1" : "\"off\"") + "}");
      });
  expect_green(pass(), 40);
  asked();
  books.insert(books.begin(), line(1040, "7e-3"));
  auto const synced = pass();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("rows", "inserted"), 1);
  EXPECT_LE(asked_for("/api/list"), 4);
  EXPECT_EQ(query("select amount from affsync.commission where external_id = '1040'"), "0.007");
  EXPECT_EQ(query("select sum(amount) = 40 * 1.25 + 0.007 from affsync.commission"), "t");
  books.pop_back();
  books.erase(books.begin() + 30);
  pass({"--full"});
  pass({"--full"});
  EXPECT_EQ(live_count(), "39");
  // Without days it is unknown whether the oldest id only expired.
  EXPECT_EQ(marked(), "1000 1010");
}

// Rows move between two requests: those that stay are all stored.
TEST_F(StrangersPages, list_that_moves_while_it_is_read) {
  books = lines(30);
  int requests = 0;
  list("{type: offset, size: 6, total: total}", [&](Asked const& asked) {
    if (++requests == 3) books.erase(books.begin());
    if (requests == 4) books.insert(books.begin() + 1, line(2000));
    return reply(R"({"total":)" + std::to_string(books.size()) + R"(,"items":)" +
                 slice(books, asked.number("offset", 0), asked.number("limit", 6)) + "}");
  });
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "30");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "30");
  EXPECT_EQ(query("select count(*) from affsync.commission where external_id = '2000'"), "1");
}

}  // namespace
}  // namespace affsync::test::strangers_pages_test
