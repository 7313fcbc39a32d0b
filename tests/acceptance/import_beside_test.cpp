// `import` into a stream that an API fills: the file adds its rows, and the API goes on where it
// stood.
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::import_beside_test {
namespace {

using std::chrono::days;

std::string day(int ago) {
  return format_day(std::chrono::floor<days>(std::chrono::system_clock::now()) - days(ago));
}

class ImportBeside : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    for (int ago = 40; ago > 0; --ago) books.push_back(row(ago));
    start_own_broker(with_start(day(40)), "{key: kk-planted-key}", [this](Asked const& asked) {
      if (asked("till") >= refused_from) return reply("{}", "403 Forbidden");
      std::vector<std::string> listed;
      for (auto const& one : books) {
        auto const at = one.substr(one.size() - 12, 10);
        if (at >= asked("since") && at <= asked("till")) listed.push_back(one);
      }
      return reply(R"({"rows":)" + slice(listed) + "}");
    });
  }
  static std::string row(int ago, std::string const& sum = "1.50") {
    return R"({"id":"d)" + std::to_string(ago) + R"(","sum":")" + sum + R"(","day":")" + day(ago) +
           "\"}";
  }
  static std::string with_start(std::string const& start, std::string const& more = "") {
    return R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    records: rows
    key: id
    map:
      amount: {from: sum, required: true}
      currency: {const: USD}
      occurred_on: {from: day, as: date}
)" + more +
           "    window: {from: since, to: till, span: 10d, start: " + start +
           ", column: occurred_on}\n";
  }
  Finished import(std::vector<std::string> const& listed) {
    auto const path = dir_.write("export.json", R"({"rows":)" + slice(listed) + "}");
    return run_command({"import", path.string(), "--source", "main", "--stream", "rows"});
  }
  void expect_imported(std::vector<std::string> const& listed) {
    auto const done = import(listed);
    EXPECT_EQ(done.status, 0) << done.out << done.err;
  }
  std::string standing() const {
    return query("select cursor::text || ' ' || cursor_at from affsync.stream_state") + " " +
           query(
               "select string_agg(day_from || ' ' || day_to || ' ' || state, ', '"
               " order by day_from) from affsync.coverage");
  }
  std::vector<std::string> books;
  std::string refused_from = "9";
};

TEST_F(ImportBeside, the_api_asks_for_what_it_has_not_read) {
  EXPECT_EQ(pass({"--until", day(20)}).status, 0);
  auto const before = standing();
  expect_imported({row(25, "7"), row(5)});
  EXPECT_EQ(standing(), before);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "40");
}

TEST_F(ImportBeside, days_before_the_start_leave_no_gap) {
  EXPECT_EQ(pass().status, 0);
  auto const before = standing();
  asked();
  expect_imported({row(200), row(150)});
  EXPECT_EQ(standing(), before);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(asked().size(), 1U);
  EXPECT_EQ(query("select count(*) from affsync.coverage where state <> 'proven'"), "0");
  EXPECT_EQ(live_count(), "42");
}

TEST_F(ImportBeside, days_that_the_api_has_lost_are_found_in_a_file) {
  EXPECT_EQ(pass().status, 0);
  execute("insert into affsync.coverage select source_id, stream, '" + day(60) + "', '" + day(50) +
          "', 'lost', run_id, noted_at from affsync.coverage");
  expect_imported({row(55), row(45)});
  EXPECT_EQ(query("select string_agg(day_from || ' ' || day_to || ' ' || state, ', '"
                  " order by day_from) from affsync.coverage where day_to < '" +
                  day(40) + "'"),
            day(60) + " " + day(56) + " lost, " + day(55) + " " + day(50) + " proven");
}

TEST_F(ImportBeside, a_file_is_not_all_that_is_wanted_again) {
  EXPECT_EQ(pass().status, 0);
  replace_connector(with_start(day(40), "      symbol: {const: GOLD}\n"));
  expect_imported({row(30)});
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where symbol = 'GOLD'"), "40");
}

TEST_F(ImportBeside, an_interrupted_pass_goes_on_after_it) {
  auto const whole = books[1];
  books[1] = row(39, "broken");
  refused_from = day(15);
  EXPECT_EQ(pass().status, 1);
  asked();
  expect_imported({row(30)});
  refused_from = "9";
  auto const rest = pass();
  EXPECT_EQ(rest.of("rows", "error_code"), "rows_quarantined") << rest.out;
  EXPECT_EQ(asked().front()("since"), day(30)) << "it begins anew";
  EXPECT_EQ(live_count(), "39");
  EXPECT_NE(open_reasons(), "");
}

// Else a file a day would hide that the broker has not answered for a month.
TEST_F(ImportBeside, an_api_that_fails_is_not_hidden_by_it) {
  EXPECT_EQ(pass().status, 0);
  refused_from = "0";
  pass();
  auto const state = [this] {
    return query(
        "select consecutive_failures || ' ' || last_success_at || ' ' || last_status || ' ' ||"
        " coalesce(last_error_code, '') || ' ' || coalesce(last_error, '') from "
        "affsync.stream_state");
  };
  auto const before = state();
  EXPECT_NE(before.find(" skipped permission_denied "), std::string::npos) << before;
  expect_imported({row(200)});
  EXPECT_EQ(state(), before);
  refused_from = "9";
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select consecutive_failures || last_status from affsync.stream_state"),
            "0succeeded");
  EXPECT_EQ(import({"{\"id\":1}"}).status, 1);
  EXPECT_EQ(query("select consecutive_failures || last_status from affsync.stream_state"),
            "0failed");
  expect_imported({row(201)});
  EXPECT_EQ(query("select last_status from affsync.stream_state"), "succeeded");
}

// The rest of a pass does not read again what its first half has read.
TEST_F(ImportBeside, a_pass_that_began_before_all_rows_were_wanted_begins_anew) {
  EXPECT_EQ(pass().status, 0);
  refused_from = day(15);
  EXPECT_EQ(pass({"--full"}).status, 1);
  refused_from = "9";
  replace_connector(with_start(day(40), "      symbol: {const: GOLD}\n"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where symbol = 'GOLD'"), "40");
}

TEST_F(ImportBeside, a_file_may_be_older_than_a_start_that_moves) {
  replace_connector(with_start("-30d"));
  expect_imported({row(200), row(150)});
  EXPECT_EQ(live_count(), "2");
  expect_imported({row(33), row(28)});
  EXPECT_EQ(live_count(), "4");
}

// Where the broker's day begins before that of the stream.
TEST_F(ImportBeside, a_file_of_tomorrow_is_read) {
  expect_imported({row(-1)});
  EXPECT_EQ(live_count(), "1");
}

TEST_F(ImportBeside, a_file_of_which_nothing_is_read_fails) {
  replace_connector(
      with_start(day(40),
                 "    for_each: {values: {stream: people, column: client_ref}, as: who}\n") +
      "  people: {table: client, path: /people, records: rows, key: id, map: {client_ref: id}}\n");
  auto const done = import({row(5)});
  EXPECT_EQ(done.status, 1) << done.out;
  EXPECT_NE((done.out + done.err).find("none is stored yet"), std::string::npos)
      << done.out << done.err;
}

TEST_F(ImportBeside, days_in_doubt_before_a_later_start_are_let_go) {
  auto const whole = books[1];
  books[1] = row(39, "broken");
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(query("select state from affsync.coverage order by day_from limit 1"), "doubtful");
  replace_connector(with_start(day(20)));
  pass();
  EXPECT_EQ(query("select count(*) from affsync.coverage where state = 'doubtful'"), "0");
  // Where the start is the earlier one again, nobody remembers that doubt.
  books[1] = whole;
  replace_connector(with_start(day(40)));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "40");
}

// Rows of a file are under the old key until it is read again, also if the API's are not any more.
TEST_F(ImportBeside, a_file_that_is_read_after_the_api_with_another_key_counts_once) {
  auto const old = std::vector{row(200), row(150), row(120), row(120, "2.50")};
  auto const with_key = [](std::string const& key, std::string const& mode) {
    auto yaml = with_start(day(40), mode);
    return yaml.replace(yaml.find("key: id"), 7, "key: " + key);
  };
  auto rows = old;
  rows[3].replace(rows[3].find("\"d120"), 5, "\"x120");
  for (std::string const mode : {"", "    mode: replace_window\n"}) {
    renew_database();
    replace_connector(with_key("id", mode));
    EXPECT_EQ(pass().status, 0);
    expect_imported(rows);
    for (std::string const key : {"[id, sum]", "id", "[sum, id]"}) {
      replace_connector(with_key(key, mode));
      EXPECT_EQ(pass().status, 0);
      EXPECT_EQ(pass({"--full"}).status, 0);
      EXPECT_EQ(live_count(), "44");
      expect_imported(rows);
      EXPECT_EQ(live_count(), "44") << key << mode;
      EXPECT_EQ(query("select trim_scale(sum(amount)) from reporting.earnings_daily"), "67");
      EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0") << key << mode;
      EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0") << key << mode;
    }
    // Nothing is under an old key any more: what a file says now is its own.
    EXPECT_EQ(query("select count(*) from affsync.stream_state where files_rekeyed_after is null"),
              "1");
  }
}

}  // namespace
}  // namespace affsync::test::import_beside_test
