// Lists of several pages in which a row goes and another comes while they are read. The count stays
// the same, and a row that is still listed moves from a page that is still to be read to one that
// was read already: no answer has it, and it has not vanished.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <utility>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::moved_rows_test {
namespace {

using std::chrono::days;

std::string day_before_today(int count) {
  return format_day(std::chrono::floor<days>(std::chrono::system_clock::now()) - days(count));
}

// A row of the broker's: 50 USD, five days ago.
std::string row_of(int number, int days_ago = 5) {
  auto const id = std::to_string(number);
  return R"({"id":"r)" + id + R"(","client":"c)" + id + R"(","sum":"50.00","day":")" +
         day_before_today(days_ago) + "\"}";
}

// Ten rows, r0 to r9, in pages of five.
class MovedRows : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    for (int i = 0; i < 10; ++i) books.push_back(row_of(i));
  }

  void serve(std::string const& page, std::string const& more = "", std::string const& key = "id") {
    start_own_broker(
        R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    keeps: forever
    page: )" +
            page +
            R"(
    records: rows
    key: )" +
            key + R"(
    map:
      client_ref: client
      amount: sum
      currency: {const: USD}
      occurred_on: {from: day, as: date}
)" + more,
        "{}", [this](Asked const& asked) { return answer(asked); });
  }

  // Between the first page and the next one the broker removes r1 and books r10.
  void swap_in_the_next_pass() {
    between = [this] {
      std::erase(books, row_of(1));
      books.push_back(row_of(10));
    };
  }

  std::string answer(Asked const& asked) {
    auto const size = static_cast<std::size_t>(asked.number("limit", 5));
    auto begin = static_cast<std::size_t>(asked.number("offset", 0));
    if (asked.has("page")) begin = (static_cast<std::size_t>(asked.number("page", 1)) - 1) * size;
    if (asked.has("at")) begin = static_cast<std::size_t>(asked.number("at", 0));
    bool const is_now = before_request > 0 ? --before_request == 0 : begin > 0;
    if (is_now && between) std::exchange(between, nullptr)();
    bool const is_paid = asked("state") == "paid";
    if (is_paid && before_paid) std::exchange(before_paid, nullptr)();
    auto const& list = is_paid ? paid : books;
    std::vector<std::string> listed;
    for (auto const& row : list) {
      auto const at = row.find(R"("day":")") + 7;
      auto const day = row.substr(at, 10);
      if (asked.has("from") && (day < asked("from") || day > asked("to"))) continue;
      listed.push_back(row);
    }
    auto const next = begin + size;
    std::string const link = next < listed.size() ? "\"/list?limit=" + std::to_string(size) +
                                                        "&at=" + std::to_string(next) + '"'
                                                  : "null";
    std::string const total = gives_total ? std::to_string(listed.size()) : "null";
    return reply(R"({"rows":)" + slice(listed, begin, size) + R"(,"total":)" + total +
                 R"(,"link":)" + link + "}");
  }

  // Runs a pass that marks nothing, and after which nobody is told of a loss.
  void expect_no_loss(std::vector<std::string> const& arguments = {}) {
    auto const synced = pass(arguments);
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out;
    EXPECT_EQ(synced.count("rows", "deleted"), 0) << synced.out;
    EXPECT_EQ(losses(), "");
  }
  void expect_marked(std::string const& keys, std::vector<std::string> const& arguments = {}) {
    auto const synced = pass(arguments);
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(marked(), keys) << synced.out;
    EXPECT_EQ(losses(), keys);
  }
  // Rows that were ever told as taken back, each as often as it was.
  std::string losses() const {
    return query(
        "select coalesce(string_agg(external_id, ' ' order by external_id), '')"
        " from reporting.clawbacks");
  }

  std::vector<std::string> books, paid;
  std::function<void()> between, before_paid;  // done once
  int before_request =
      0;  // of a pass, from 1, which `between` is done before; 0: behind a first page
  bool gives_total = true;
};

// The row that was passed over stays, and the one that went is marked by the second pass that
// misses it.
TEST_F(MovedRows, a_row_that_was_passed_over_has_not_vanished) {
  for (std::string const page :
       {"{type: page, size: 5, total: total}", "{type: offset, size: 5, overlap: 0, total: total}",
        "{type: link, size: 5, next: link, total: total}"}) {
    SCOPED_TRACE(page);
    books.clear();
    for (int i = 0; i < 10; ++i) books.push_back(row_of(i));
    serve(page);
    expect_green(pass(), 10);
    swap_in_the_next_pass();
    expect_no_loss();
    EXPECT_EQ(live("external_id"), "r0 r1 r10 r2 r3 r4 r5 r6 r7 r8 r9");
    expect_no_loss();
    expect_marked("r1");
    EXPECT_EQ(live("external_id"), "r0 r10 r2 r3 r4 r5 r6 r7 r8 r9");
    EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'delete'"), "1");
    expect_no_change();
    EXPECT_EQ(losses(), "r1");
    EXPECT_EQ(query("select count(*) from affsync.absence"), "0");
    renew_database();
  }
}

// Neighbouring pages with a row in common show that nothing was passed over: what is missing has
// vanished.
TEST_F(MovedRows, pages_that_share_a_row_prove_a_loss_at_once) {
  serve("{type: offset, size: 5, total: total}");
  expect_green(pass(), 10);
  swap_in_the_next_pass();
  expect_marked("r1");
  EXPECT_EQ(live("external_id"), "r0 r10 r2 r3 r4 r5 r6 r7 r8 r9");
}

TEST_F(MovedRows, a_list_of_one_page_proves_a_loss_at_once) {
  for (std::string const page : {"{type: page, size: 100, total: total}",
                                 "{type: offset, size: 100, overlap: 0, total: total}",
                                 "{type: link, limit: limit, size: 100, next: link, total: total}",
                                 // A full page is followed by a request that finds nothing.
                                 "{type: page, size: 9, total: total}",
                                 "{type: none, limit: limit, size: 100, total: total}"}) {
    SCOPED_TRACE(page);
    books.clear();
    for (int i = 0; i < 10; ++i) books.push_back(row_of(i));
    serve(page);
    expect_green(pass(), 10);
    std::erase(books, row_of(1));
    expect_marked("r1");
    renew_database();
  }
}

// The next row is found by the one before it, wherever that stands by then.
TEST_F(MovedRows, a_list_that_goes_on_behind_a_row_proves_a_loss_at_once) {
  start_own_broker(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    keeps: forever
    page: {type: id, limit: limit, size: 5, id: id, parameter: after, total: total}
    records: rows
    key: id
    map: {client_ref: client, amount: sum, currency: {const: USD}, occurred_on: {from: day, as: date}}
)",
                   "{}", [this](Asked const& asked) {
                     std::vector<std::string> rest;
                     if (asked.has("after") && between) std::exchange(between, nullptr)();
                     for (auto const& row : books) {
                       auto const id = row.substr(7, row.find('"', 7) - 7);
                       auto const number = std::stoi(id.substr(1));
                       auto const after = asked("after");
                       if (after.empty() || number > std::stoi(after.substr(1))) {
                         rest.push_back(row);
                       }
                     }
                     return reply(R"({"rows":)" + slice(rest, 0, 5) + R"(,"total":)" +
                                  std::to_string(books.size()) + "}");
                   });
  expect_green(pass(), 10);
  std::erase(books, row_of(3));
  expect_marked("r3");
}

// A window that replaces its rows deletes at once what it does not bring. It is read until two
// readings agree.
TEST_F(MovedRows, a_window_that_is_replaced_keeps_what_was_passed_over) {
  auto const window = "    window: {from: from, to: to, span: 31d, start: " + day_before_today(20) +
                      ", column: occurred_on}\n    mode: replace_window\n";
  for (std::string const key : {"id", "{hash: all}"}) {
    for (bool const counts : {true, false}) {
      SCOPED_TRACE(key + (counts ? " with a count" : ""));
      gives_total = counts;
      books.clear();
      for (int i = 0; i < 10; ++i) books.push_back(row_of(i));
      serve(counts ? "{type: page, size: 5, total: total}" : "{type: page, size: 5}", window, key);
      expect_green(pass(), 10);
      swap_in_the_next_pass();
      auto const moving = pass();
      EXPECT_EQ(moving.status, 0) << moving.out << moving.err;
      EXPECT_EQ(moving.count("rows", "deleted"), 1) << moving.out;
      EXPECT_EQ(query("select string_agg(client_ref, ' ' order by client_ref)"
                      " from affsync.commission where deleted_at is null"),
                "c0 c10 c2 c3 c4 c5 c6 c7 c8 c9")
          << moving.out;
      EXPECT_EQ(query("select string_agg(client_ref, ' ') from affsync.commission"
                      " where deleted_at is not null"),
                "c1");
      expect_no_change();
      EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "1");
      renew_database();
    }
  }
}

// Nothing of what was never read can be deleted, and a list of days long past does not move: a
// first load takes each page of them once. Later passes do as long as the list has all that is
// stored.
TEST_F(MovedRows, what_is_stored_stands_for_a_reading_before) {
  books.clear();
  for (int window = 0; window < 4; ++window) {
    for (int i = 0; i < 8; ++i) books.push_back(row_of(window * 10 + i, 2 + 10 * window));
  }
  for (std::string const key : {"id", "{hash: all}"}) {
    for (bool const counts : {true, false}) {
      SCOPED_TRACE(key + (counts ? " with a count" : ""));
      gives_total = counts;
      serve(counts ? "{type: page, size: 5, total: total}" : "{type: page, size: 5}",
            "    window: {from: from, to: to, span: 10d, start: " + day_before_today(39) +
                ", lookback: 4d, column: occurred_on}\n    mode: replace_window\n",
            key);
      asked();
      expect_green(pass(), 32);
      // Two pages of each of three windows, and twice two of the last one. Without an id and a
      // count nothing but a second reading shows that no row came twice.
      bool const is_proven = counts || key == "id";
      EXPECT_EQ(asked_for("/list"), is_proven ? 10 : 16);
      expect_no_change();
      EXPECT_EQ(asked_for("/list"), 2);
      expect_no_change({"--full"});
      EXPECT_EQ(asked_for("/list"), 8);
      // A row that came does not need a second reading, one that went does.
      books.push_back(row_of(50, 2));
      expect_green(pass(), 1);
      EXPECT_EQ(asked_for("/list"), 2);
      std::erase(books, row_of(50, 2));
      auto const gone = pass();
      EXPECT_EQ(gone.count("rows", "deleted"), 1) << gone.out;
      EXPECT_EQ(asked_for("/list"), 4);
      expect_no_change();
      EXPECT_EQ(asked_for("/list"), 2);
      renew_database();
    }
  }
}

// What a pass after a long pause finds is partly new, and no pass reads all of it again.
TEST_F(MovedRows, days_that_are_not_read_again_are_read_twice) {
  auto const window = [](int start) {
    return "    window: {from: from, to: to, span: 40d, start: " + day_before_today(start) +
           ", lookback: 4d, column: occurred_on}\n    mode: replace_window\n";
  };
  serve("{type: page, size: 5, total: total}", window(39));
  expect_green(pass({"--since", day_before_today(39), "--until", day_before_today(20)}), 0);
  asked();
  expect_green(pass(), 10);
  // Twice the two pages and the one that shows the end.
  EXPECT_EQ(asked_for("/list"), 6);
  expect_no_change();
  EXPECT_EQ(asked_for("/list"), 1);  // the days of the lookback have no rows
  expect_no_change({"--full"});
  EXPECT_EQ(asked_for("/list"), 3);
}

// The clients of the rows, in order, each as often as it has rows.
using Clients = std::multiset<std::string>;

// Each pass the broker changes its list once, before one of the requests.
class ChangesBetweenPages : public MovedRows {
 protected:
  static std::string row_of_client(int number) {
    return R"({"client":"c)" + std::to_string(number) + R"(","sum":"50.00","day":")" +
           day_before_today(2) + "\"}";
  }
  Clients stored() const {
    auto const text = query(
        "select coalesce(string_agg(client_ref, ' '), '') from affsync.commission"
        " where deleted_at is null");
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
  }
  Clients listed() const {
    Clients clients;
    for (auto const& row : books) {
      auto const begin = row.find(R"("client":")") + 10;
      clients.insert(row.substr(begin, row.find('"', begin) - begin));
    }
    return clients;
  }
  void change(std::mt19937& random) {
    auto const at = [&] {
      return books.begin() + static_cast<std::ptrdiff_t>(random() % books.size());
    };
    switch (random() % 5) {
      case 0:
        books.insert(books.begin(), row_of_client(next_++));
        break;
      case 1:
        books.insert(at(), row_of_client(next_++));
        break;
      case 2:
        books.erase(at());
        break;
      case 3:
        books.erase(at()), books.push_back(row_of_client(next_++));
        break;
      case 4:
        books.insert(books.begin(), *at());
        break;  // an equal one
    }
  }
  void start(std::string const& page, std::string const& key) {
    books.clear();
    next_ = 0;
    while (next_ < 13) books.push_back(row_of_client(next_++));
    serve(page,
          "    window: {from: from, to: to, span: 31d, start: " + day_before_today(20) +
              ", lookback: 5d, column: occurred_on}\n    mode: replace_window\n",
          key);
  }

 private:
  int next_ = 0;
};

TEST_F(ChangesBetweenPages, lose_and_double_nothing) {
  for (auto const seed : {1U, 2U, 3U}) {
    gives_total = seed != 2;
    SCOPED_TRACE("seed " + std::to_string(seed));
    start(gives_total ? "{type: page, size: 5, total: total}" : "{type: page, size: 5}",
          "{hash: [client, sum, day]}");
    std::mt19937 random(seed);  // NOLINT(cert-msc51-cpp): the same in each run
    expect_green(pass(), 13);
    for (int round = 0; round < 8; ++round) {
      auto const before = listed();
      before_request = 2 + static_cast<int>(random() % 3);
      between = [&] { change(random); };
      auto const synced = pass();
      between = nullptr;
      auto const after = listed();
      EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
      auto const now = stored();
      for (auto const& client : std::set<std::string>(now.begin(), now.end())) {
        EXPECT_LE(now.count(client), std::max(before.count(client), after.count(client))) << client;
      }
      for (auto const& client : std::set<std::string>(before.begin(), before.end())) {
        EXPECT_GE(now.count(client), std::min(before.count(client), after.count(client))) << client;
      }
      auto const quiet = pass();
      EXPECT_EQ(quiet.status, 0) << quiet.out << quiet.err;
      EXPECT_EQ(stored(), after) << "round " << round;
    }
    expect_no_change();
    renew_database();
  }
}

// One request for what is open and one for what is paid, each with its own count. Between the two a
// paid row is opened again: neither has it.
TEST_F(MovedRows, a_row_that_goes_back_to_a_part_that_was_read_has_not_vanished) {
  auto const row = row_of(7);
  std::erase(books, row);
  paid = {row_of(20), row};
  serve("{type: page, size: 100, total: total}",
        "    parts: [{query: {state: open}}, {query: {state: paid}}]\n");
  expect_green(pass(), 11);
  before_paid = [&] {
    std::erase(paid, row);
    books.push_back(row);
  };
  expect_no_loss();
  expect_no_loss();
  EXPECT_EQ(live_count(), "11");
  // A row that is in neither part is marked by the second pass without it.
  std::erase(paid, row_of(20));
  expect_no_loss();
  expect_marked("r20");
}

// Each pass reads the last ten days, a full one all of them. What both miss is marked by the later
// one; what is older waits for the next full pass, whatever passes come between.
TEST_F(MovedRows, every_schedule_marks_at_the_second_pass_that_misses_a_row) {
  source_yaml = "    mass_drop: 100%\n";
  for (int i = 20; i < 30; ++i) books.insert(books.begin(), row_of(i, 25));
  serve("{type: page, size: 4, total: total}",
        "    window: {from: from, to: to, span: 40d, start: " + day_before_today(39) +
            ", lookback: 10d, column: occurred_on}\n");
  expect_green(pass(), 20);
  std::erase(books, row_of(3));
  std::erase(books, row_of(25, 25));
  expect_no_loss({"--full"});
  expect_marked("r3");
  expect_no_change();
  expect_marked("r25 r3", {"--full"});
  expect_no_change({"--full"});
  EXPECT_EQ(losses(), "r25 r3");
  // The other way round, and a row that is listed again meanwhile.
  std::erase(books, row_of(4));
  std::erase(books, row_of(5));
  auto const once = pass();
  EXPECT_EQ(once.count("rows", "deleted"), 0) << once.out;
  books.push_back(row_of(5));
  expect_marked("r25 r3 r4", {"--full"});
  std::erase(books, row_of(5));
  auto const again = pass();
  EXPECT_EQ(again.count("rows", "deleted"), 0) << again.out;
  expect_marked("r25 r3 r4 r5");
}

}  // namespace
}  // namespace affsync::test::moved_rows_test
