// Each kind of paging: which pages are requested, how the list ends, and what happens if a broker
// leads in circles.
#include <algorithm>
#include <atomic>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::paging_test {
namespace {

// Serves rows r0, r1, … in pages, by whichever paging parameter the request has.
class List {
 public:
  explicit List(int rows) : rows_(rows) {}

  bool repeats_first_page = false;
  bool repeats_next = false;         // the second page links to itself
  bool promises_more = false;        // a full last page also links to another page
  std::atomic<int> empty_pages = 0;  // number of empty pages sent

  std::string answer(std::string const& target) {
    constexpr int size = 10;
    int begin = begin_of(target);
    auto const next = repeats_next && begin > 0 ? begin : begin + size;
    if (repeats_first_page) begin = 0;
    std::string body = R"({"data":[)";
    int const end = std::min(rows_, begin + size);
    for (int i = begin; i < end; ++i) {
      body += (i > begin ? "," : "") + (R"({"id":"r)" + std::to_string(i)) + R"(","amount":1.10})";
    }
    if (begin >= end) ++empty_pages;
    bool const more = end < rows_ || (promises_more && begin < end);
    auto const cursor = "c" + std::to_string(next);
    body += more ? R"(],"cursor":")" + cursor + R"(","link":"/rows?cursor=)" + cursor + R"("})"
                 : R"(],"cursor":null,"link":null})";
    return answer_of(body);
  }

 private:
  static int begin_of(std::string const& target) {
    if (auto const text = parameter_of(target, "offset"); !text.empty()) return std::stoi(text);
    if (auto const text = parameter_of(target, "page"); !text.empty())
      return (std::stoi(text) - 1) * 10;
    if (auto const text = parameter_of(target, "cursor"); !text.empty())
      return std::stoi(text.substr(1));
    if (auto const text = parameter_of(target, "before"); !text.empty())
      return std::stoi(text.substr(1)) + 1;
    return 0;
  }

  int rows_;
};

struct Kind {
  char const* name;
  char const* page;
};
constexpr Kind kinds[] = {
    {"offset", "{type: offset, size: 10}"},
    {"offset without overlap", "{type: offset, size: 10, overlap: 0}"},
    {"page", "{type: page, size: 10}"},
    {"cursor", "{type: cursor, size: 10, next: cursor}"},
    {"link", "{type: link, size: 10, next: link}"},
    {"id", "{type: id, size: 10, id: id}"},
};

class Paging : public PlainAcceptance {
 protected:
  void serve_list(List& list, std::string const& page) {
    page_yaml = page;
    serve([&list](std::string const& target) { return list.answer(target); });
  }
  // Checks that exactly the rows r0 to r(count-1) are stored, each once.
  void expect_rows(int count) {
    EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null and"
                    " amount = 1.10"),
              std::to_string(count));
    EXPECT_EQ(query("select count(*) from generate_series(0, " + std::to_string(count - 1) +
                    ") i join affsync.commission c on c.external_id = 'r' || i"),
              std::to_string(count));
  }
  // Reads 37 rows in pages of 10.
  void expect_pages(std::string const& page, std::vector<std::string> const& targets) {
    List list(37);
    serve_list(list, page);
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded");
    EXPECT_EQ(synced.count("rows", "rows_read"), 37);
    EXPECT_EQ(synced.count("rows", "inserted"), 37);
    expect_rows(37);
    EXPECT_EQ(plain().targets(), targets);
  }
};

// Neighbouring pages share a row. After the last page only that shared row is left.
TEST_F(Paging, offset) {
  expect_pages("{type: offset, size: 10}",
               {"/rows?limit=10&offset=0", "/rows?limit=10&offset=9", "/rows?limit=10&offset=18",
                "/rows?limit=10&offset=27", "/rows?limit=10&offset=36"});
}

TEST_F(Paging, page) {
  expect_pages("{type: page, size: 10}", {"/rows?limit=10&page=1", "/rows?limit=10&page=2",
                                          "/rows?limit=10&page=3", "/rows?limit=10&page=4"});
}

TEST_F(Paging, cursor) {
  expect_pages("{type: cursor, size: 10, next: cursor}",
               {"/rows?limit=10", "/rows?limit=10&cursor=c10", "/rows?limit=10&cursor=c20",
                "/rows?limit=10&cursor=c30"});
}

TEST_F(Paging, link) {
  expect_pages("{type: link, size: 10, next: link}",
               {"/rows?limit=10", "/rows?cursor=c10", "/rows?cursor=c20", "/rows?cursor=c30"});
}

TEST_F(Paging, id_before) {
  expect_pages("{type: id, size: 10, id: id}",
               {"/rows?limit=10", "/rows?limit=10&before=r9", "/rows?limit=10&before=r19",
                "/rows?limit=10&before=r29"});
}

TEST_F(Paging, last_page_full) {
  for (auto const& kind : kinds) {
    // With a shared row, four pages of ten hold 37 rows.
    int const rows = std::string_view(kind.name) == "offset" ? 37 : 40;
    List list(rows);
    serve_list(list, kind.page);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << kind.name << synced.out;
    EXPECT_EQ(synced.count("rows", "rows_read"), rows) << kind.name;
    expect_rows(rows);
    EXPECT_LE(plain().targets().size(), 5u) << kind.name;
    // The list was complete: the next pass adds and marks nothing.
    auto const again = sync({"--full"});
    EXPECT_EQ(again.count("rows", "unchanged"), rows) << kind.name;
    EXPECT_EQ(again.count("rows", "deleted"), 0) << kind.name;
    renew_database();
  }
}

TEST_F(Paging, empty_last_page) {
  for (auto const& kind : kinds) {
    if (std::string_view(kind.name) == "offset") continue;  // its last page has the shared row
    List list(40);
    list.promises_more = true;
    serve_list(list, kind.page);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << kind.name << synced.out;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded") << kind.name;
    EXPECT_EQ(list.empty_pages, 1) << kind.name;
    expect_rows(40);
    renew_database();
  }
}

TEST_F(Paging, repeated_page) {
  for (auto const& kind : kinds) {
    List list(100);
    list.repeats_first_page = true;
    serve_list(list, kind.page);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1) << kind.name;
    EXPECT_EQ(synced.of("rows", "error_code"), "paging_broken") << kind.name << synced.out;
    EXPECT_LE(plain().targets().size(), 1u + 2u) << kind.name;
    expect_rows(10);
    renew_database();
  }
}

// Some brokers end a list with a page that links to itself. It is requested once more, because
// others use one cursor for the whole list, and it brings nothing new.
TEST_F(Paging, repeated_next_link) {
  for (auto const& kind : kinds) {
    auto const name = std::string_view(kind.name);
    if (name != "link" && name != "cursor") continue;
    List list(100);
    list.repeats_next = true;
    serve_list(list, kind.page);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << kind.name << synced.out;
    EXPECT_LE(plain().targets().size(), 2u + 2u) << kind.name;
    expect_rows(20);
    renew_database();
  }
}

}  // namespace
}  // namespace affsync::test::paging_test
