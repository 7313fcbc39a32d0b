// What a broker revokes or no longer lists, and whether the books still agree with the broker's.
#include "tests/acceptance/fixture.hpp"
#include "tests/acceptance/own_broker.hpp"

namespace affsync::test::taken_back_test {
namespace {

class TakenBack : public Acceptance {
 protected:
  void use_own_broker() {
    connector = "own";
    credentials_yaml = "{}";
    base_url = own_.url();
    use_connector("own", OwnBroker::connector());
  }
  // Sets the broker's list and reads it.
  void read(std::vector<std::string> rows) {
    own_.set_rows(std::move(rows));
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  }
  static std::string row(std::string const& id, std::string const& state,
                         std::string const& amount) {
    return R"({"id":")" + id + R"(","client":"c1","state":")" + state + R"(","amount":")" + amount +
           R"(","currency":"USD","at":"2026-03-02T10:00:00Z"})";
  }
  // "status amount" of each line of the daily report.
  std::string earnings() const {
    return query(
        "select string_agg(status || ' ' || trim_scale(amount), ', ' order by status)"
        " from reporting.earnings_daily");
  }
  std::string unpaid() const {
    return query("select coalesce(sum(amount), 0) from reporting.unpaid_commission");
  }

  OwnBroker own_;
};

TEST_F(TakenBack, pending_approved_paid_reversed) {
  use_own_broker();
  read({row("1", "pending", "10.50"), row("2", "paid", "4")});
  EXPECT_EQ(earnings(), "paid 4, pending 10.5");
  EXPECT_EQ(unpaid(), "10.50");
  // Approved and reduced at the same time.
  read({row("1", "approved", "9.25"), row("2", "paid", "4")});
  EXPECT_EQ(earnings(), "approved 9.25, paid 4");
  EXPECT_EQ(unpaid(), "9.25");
  read({row("1", "paid", "9.25"), row("2", "paid", "4")});
  EXPECT_EQ(earnings(), "paid 13.25");
  EXPECT_EQ(unpaid(), "0");
  read({row("1", "reversed", "9.25"), row("2", "paid", "4")});
  EXPECT_EQ(earnings(), "paid 4, reversed 9.25");
  EXPECT_EQ(unpaid(), "0");

  EXPECT_EQ(query("select concat_ws(' ', status, broker_status, amount, revision)"
                  " from affsync.commission where external_id = '1'"),
            "reversed reversed 9.25 4");
  // Each step with the values before and after, including the first word.
  std::vector<std::vector<std::string>> const steps{{"pending", "approved", "10.50", "9.25"},
                                                    {"approved", "paid", "", ""},
                                                    {"paid", "reversed", "", ""}};
  EXPECT_EQ(rows("select before->>'status', after->>'status', before->>'amount', after->>'amount'"
                 " from affsync.record_change where external_id = '1' order by change_id"),
            steps);
  std::vector<std::vector<std::string>> const money{{"10.50", "9.25", "-1.25"},
                                                    {"9.25", "0", "-9.25"}};
  EXPECT_EQ(rows("select before, after, difference from reporting.retroactive_changes"
                 " order by changed_at"),
            money);
  std::vector<std::vector<std::string>> const taken{{"lowered", "10.50", "9.25", "-1.25"},
                                                    {"reversed", "9.25", "0", "-9.25"}};
  EXPECT_EQ(rows("select reason, before, after, difference from reporting.clawbacks"
                 " order by changed_at"),
            taken);
}

TEST_F(TakenBack, clawback_as_negative_row) {
  use_own_broker();
  read({row("1", "paid", "10.50"), row("2", "pending", "3")});
  read({row("1", "paid", "10.50"), row("2", "pending", "3"), row("3", "paid", "-10.50"),
        row("4", "pending", "-0.000000000000000001")});
  // A row like any other: it counts with its sign and changes no other row.
  EXPECT_EQ(query("select amount from affsync.commission where external_id = '3'"), "-10.50");
  EXPECT_EQ(earnings(), "paid 0, pending 2.999999999999999999");
  EXPECT_EQ(unpaid(), "2.999999999999999999");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "0");
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "0");
}

TEST_F(TakenBack, clawback_as_changed_row) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const changed =
      broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "1"}, {"seed", "2"}});
  auto const& before = JsonPath("before.0").in(changed)->members();
  ASSERT_FALSE(before.empty());
  auto const id = std::string(*JsonPath("before.0.id").in(changed)->scalar_text());
  // The amount only; amount_usd states the same money again.
  auto const old_amount = std::string(*JsonPath("before.0.reward").in(changed)->scalar_text());
  auto const new_amount = std::string(*JsonPath("after.0.reward").in(changed)->scalar_text());
  ASSERT_EQ(sync({"--full", "--stream", "rewards"}).status, 0);
  auto const found =
      rows("select before, after, difference::numeric = (" + new_amount + ") - (" + old_amount +
           ") from reporting.retroactive_changes"
           " where external_id = '" +
           id + "'");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0][0], old_amount);
  EXPECT_EQ(found[0][1], new_amount);
  EXPECT_EQ(found[0][2], "t");
}

TEST_F(TakenBack, clawback_as_vanished_row) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const earned = "select sum(amount_usd) from reporting.earnings_daily";
  auto const before = query(earned);
  auto const removed = broker().control({{"do", "remove"},
                                         {"feed", "rewards"},
                                         {"rows", "1"},
                                         {"seed", "6"},
                                         {"spare", oldest_rewards}});
  auto const member = [&](char const* name) {
    return std::string(*JsonPath(std::string("before.0.") + name).in(removed)->scalar_text());
  };
  ASSERT_EQ(sync({"--full"}).status, 0);
  auto const found = rows(
      "select operation, before, after, occurred_on from"
      " reporting.retroactive_changes where external_id = '" +
      member("id") + "'");
  std::vector<std::vector<std::string>> const expected{
      {"delete", member("reward"), "", member("reward_date")}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(query("select reason || ' ' || (before = " + member("reward") +
                  ") || ' ' || after from reporting.clawbacks where external_id = '" +
                  member("id") + "'"),
            "vanished true 0");
  EXPECT_EQ(query(std::string("select (") + earned + ") = " + before + " - (" +
                  member("reward_usd") + ")"),
            "t");
  // The row itself stays.
  EXPECT_EQ(query("select deleted_at is not null and amount_usd = " + member("reward_usd") +
                  " from affsync.commission where external_id = '" + member("id") + "'"),
            "t");
}

TEST_F(TakenBack, vanished_row_marked_and_returned) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"},
                    {"feed", "rewards"},
                    {"rows", "3"},
                    {"seed", "1"},
                    {"spare", oldest_rewards}});
  auto const gone = sync({"--full"});
  ASSERT_EQ(gone.status, 0) << gone.out;
  EXPECT_EQ(gone.count("rewards", "deleted"), 3);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "3");
  broker().control({{"do", "restore"}, {"feed", "rewards"}, {"rows", "3"}});
  ASSERT_EQ(sync({"--full"}).status, 0);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'delete'"), "3");
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'restore'"), "3");
}

TEST_F(TakenBack, partial_pass_marks_nothing) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "rewards"}, {"rows", "1"}, {"seed", "1"}});
  broker().fault("total:delta=1,every=1,path=rewards");
  auto const partial = sync({"--full", "--stream", "rewards"});
  EXPECT_EQ(partial.of("rewards", "status"), "partial") << partial.out;
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "0");
}

TEST_F(TakenBack, empty_answer_marks_nothing) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().fault("empty_page:every=1,path=accounts");
  broker().fault("empty_page:every=1,path=rewards");
  auto const empty = sync({"--full"});
  EXPECT_EQ(empty.status, 1);
  for (auto const* stream : {"accounts", "rewards"}) {
    EXPECT_EQ(empty.of(stream, "status"), "partial") << empty.out;
    EXPECT_EQ(empty.of(stream, "error_code"), "mass_drop");
    EXPECT_EQ(empty.count(stream, "deleted"), 0);
  }
  broker().clear_faults();
  expect_books_equal();
}

TEST_F(TakenBack, mass_drop_stops) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const all = static_cast<long>(broker().book("rewards").rows);
  auto const many = all / 10 + 1;  // one more than the mass_drop limit allows
  broker().control({{"do", "remove"},
                    {"feed", "rewards"},
                    {"rows", std::to_string(many)},
                    {"spare", oldest_rewards}});
  auto const stopped = sync({"--full", "--stream", "rewards"});
  EXPECT_EQ(stopped.status, 1);
  EXPECT_EQ(stopped.of("rewards", "status"), "partial");
  EXPECT_EQ(stopped.of("rewards", "error_code"), "mass_drop");
  auto const marked = "select count(*) from affsync.commission where deleted_at is not null";
  auto const marked_first = std::stol(query(marked));
  EXPECT_EQ(stopped.count("rewards", "deleted"), marked_first);
  EXPECT_LE(marked_first * 10, all);
  EXPECT_NE(stopped.of("rewards", "error").find("vanished at once"), std::string::npos);
  // The user confirms the drop.
  source_yaml = "    mass_drop: 20%\n";
  configure();
  ASSERT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(query(marked), std::to_string(many));
  expect_books_equal();
}

TEST_F(TakenBack, reconciliation_finds_one_missing_row_and_one_changed_amount) {
  use_own_broker();
  std::vector<std::string> list{row("1", "paid", "10.50"), row("2", "paid", "4"),
                                row("3", "pending", "0.25")};
  own_.set_rows(list, "14.75");
  ASSERT_EQ(sync().status, 0);
  auto const differences =
      "select metric, trim_scale(broker_value), trim_scale(our_value), trim_scale(difference)"
      " from reporting.reconciliations where not matched order by metric";
  using Rows = std::vector<std::vector<std::string>>;
  EXPECT_EQ(rows(differences), Rows{});
  EXPECT_EQ(query("select count(*) from reporting.reconciliations"), "2");

  // As if a bug in affsync had changed the books: the hash still says that the row is unchanged.
  execute("update affsync.commission set amount = amount + 100 where external_id = '2'");
  EXPECT_EQ(sync().of("earnings", "error_code"), "totals_differ");
  EXPECT_EQ(rows(differences), (Rows{{"amount", "14.75", "114.75", "100"}}));
  EXPECT_EQ(query("select unreconciled from reporting.source_health"), "1");
  execute("update affsync.commission set amount = amount - 100 where external_id = '2'");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(rows(differences), Rows{});

  // A row that the broker counts but that is not stored.
  list.push_back(row("4", "paid", "n/a"));
  own_.set_rows(list, "16.75");
  EXPECT_EQ(sync().count("earnings", "quarantined"), 1);
  EXPECT_EQ(rows(differences),
            (Rows{{"amount", "16.75", "14.75", "-2"}, {"rows", "4", "3", "-1"}}));
  EXPECT_EQ(query("select unreconciled from reporting.source_health"), "2");
  auto const status = affsync({"status"});
  EXPECT_NE(status.out.find("the broker says 16.75"), std::string::npos) << status.out;
  list.back() = row("4", "paid", "2");
  own_.set_rows(list, "16.75");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(rows(differences), Rows{});
}

}  // namespace
}  // namespace affsync::test::taken_back_test
