// A database that somebody else has put back to an earlier state while affsync runs.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::restored_test {
namespace {

class Restored : public Acceptance {
 protected:
  static std::string rows_of(std::string const& amount) {
    std::vector<std::string> rows;
    for (int id = 1; id <= 20; ++id) {
      rows.push_back("{\"id\": " + std::to_string(id) + ", \"amount\": \"" + amount +
                     R"(", "currency": "USD", "day": "2026-01-05"})");
    }
    return answer_of(list_of(rows));
  }
  // Three accounts at three brokers, which give the same ids.
  void SetUp() override {
    Acceptance::SetUp();
    for (auto const* amount : {"1.00", "5.00", "7.00"}) {
      brokers_.push_back(std::make_unique<PlainBroker>(
          [answer = rows_of(amount)](std::string const&) { return answer; }));
    }
    connector = "own";
    credentials_yaml = "{user: main, password: p}";
    base_url = brokers_[0]->url();
    use_connector("own", connector_with_login);
    top_yaml += "defaults: {every: 1s}\n";
    source_yaml = source("second", 1) + source("third", 2);
    configure();
  }
  std::string source(std::string const& name, std::size_t broker) const {
    return "  - name: " + name + "\n    connector: own\n    base_url: " + brokers_[broker]->url() +
           "\n    credentials: {user: " + name + ", password: p}\n";
  }
  std::string earned() const {
    return query(
        "select string_agg(source || ' ' || amount, ', ' order by source) from (select source,"
        " sum(amount) as amount from reporting.earnings_daily group by 1) x");
  }
  // A backup without the last two sources came back, and somebody else was the first to register
  // them anew, in the other order.
  void swap_numbers() {
    execute(R"sql(
DO $$
DECLARE
  t text;
BEGIN
  LOCK TABLE affsync.source, affsync.stream, affsync.stream_state, affsync.sync_run;
  CREATE TEMPORARY TABLE before ON COMMIT DROP AS SELECT * FROM affsync.source WHERE name <> 'main';
  FOR pass IN 1..2 LOOP
    FOR t IN SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'affsync'::regnamespace AND c.relkind IN ('r', 'p')
          AND NOT c.relispartition AND a.attname = 'source_id' AND NOT a.attisdropped
          AND c.relname <> ALL (ARRAY['source', 'stream', 'lease', 'alert']) LOOP
      EXECUTE format('DELETE FROM %s WHERE source_id IN (SELECT source_id FROM before)', t);
    END LOOP;
  END LOOP;
  DELETE FROM affsync.stream WHERE source_id IN (SELECT source_id FROM before);
  DELETE FROM affsync.source WHERE source_id IN (SELECT source_id FROM before);
  INSERT INTO affsync.source (source_id, name, connector, base_url, account, hash_salt, privacy)
  SELECT (SELECT sum(o.source_id) - b.source_id FROM before o), b.name, b.connector, b.base_url, b.account,
    b.hash_salt, b.privacy FROM before b;
END
$$)sql");
  }

  static constexpr auto right = "main 20.00, second 100.00, third 140.00";

 private:
  std::vector<std::unique_ptr<PlainBroker>> brokers_;
};

TEST_F(Restored, a_daemon_writes_nothing_into_the_source_that_has_its_number_now) {
  ASSERT_EQ(sync().status, 0);
  ASSERT_EQ(earned(), right);
  auto const daemon = start({"run"});
  daemon->wait_for_err("started");
  auto const numbers = query("select string_agg(name, ' ' order by source_id) from affsync.source");
  swap_numbers();
  ASSERT_NE(query("select string_agg(name, ' ' order by source_id) from affsync.source"), numbers);
  wait_until(
      "select count(*) = 3 from (select s.source_id from affsync.sync_run r join affsync.source s"
      " using (source_id) where r.status = 'succeeded' group by 1 having count(*) > 2) x",
      "t");
  EXPECT_EQ(earned(), right);
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_NE(daemon->err().find("all sources are registered again"), std::string::npos)
      << daemon->err();
  EXPECT_EQ(daemon->stop(), 0) << daemon->err();
}

// As after a failover to a server that lagged behind, with nobody else there.
TEST_F(Restored, a_number_that_was_put_back_is_not_given_out_again) {
  auto const all = source_yaml;
  source_yaml = "";
  configure();
  ASSERT_EQ(sync().status, 0);
  ASSERT_EQ(affsync({"backup", (dir_.path() / "dump").string()}).status, 0);
  source_yaml = all;
  configure();
  auto const daemon = start({"run"});
  daemon->wait_for_err("third/earnings: run succeeded");
  execute("drop schema affsync, reporting cascade");
  auto const restored = affsync({"restore", (dir_.path() / "dump").string()});
  ASSERT_EQ(restored.status, 0) << restored.err;
  wait_until(
      "select count(*) from affsync.source s where exists (select from affsync.sync_run r"
      " where r.source_id = s.source_id and r.status = 'succeeded')",
      "3");
  EXPECT_EQ(daemon->stop(), 0) << daemon->err();
  source_yaml += source("fourth", 2);
  configure();
  auto const more = sync();
  EXPECT_EQ(more.status, 0) << more.out << more.err;
  EXPECT_EQ(earned(), "fourth 140.00, " + std::string(right));
}

}  // namespace
}  // namespace affsync::test::restored_test
