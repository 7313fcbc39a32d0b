// Somebody else changes rows at the moment at which a page is merged: what the broker says is
// stored all the same.
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::edited_rows_test {
namespace {

class EditedRows : public StoreTest {
 protected:
  static TestRow row_of(std::string const& key, std::string const& amount) {
    TestRow row;
    row.key = key;
    row.raw = R"({"amount": )" + amount + "}";
    row.values = {{"amount", amount}, {"occurred_on", "2026-02-03"}};
    return row;
  }
  // Writes the rows while this statement of somebody else is not committed yet, and commits it when
  // the write waits for it.
  PageWritten write_beside(std::string const& statement, std::vector<TestRow> const& rows) {
    auto const run = begin();
    pqxx::connection other(url);
    pqxx::work work(other);
    work.exec(statement);
    auto written = std::async(std::launch::async, [&] { return write(run, "commission", rows); });
    while (value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
      if (written.wait_for(std::chrono::milliseconds(10)) == std::future_status::ready) break;
    }
    work.commit();
    return written.get();
  }
  std::string stored() {
    return value(
        "SELECT string_agg(external_id || '=' || amount || ' ' || raw::text || ' ' || revision, ', "
        "'"
        " ORDER BY external_id) FROM affsync.commission");
  }
};

TEST_F(EditedRows, HaveWhatTheBrokerSays) {
  write(begin(), "commission", {row_of("a", "150"), row_of("b", "7"), row_of("c", "1")});
  auto const written =
      write_beside("UPDATE affsync.commission SET raw = '{}' WHERE external_id = 'a'",
                   {row_of("a", "100"), row_of("b", "7"), row_of("c", "2")});
  EXPECT_EQ(written.updated, 2);
  EXPECT_EQ(written.unchanged, 1);
  EXPECT_EQ(stored(), R"(a=100 {"amount": 100} 2, b=7 {"amount": 7} 1, c=2 {"amount": 2} 2)");
  EXPECT_EQ(value("SELECT string_agg(external_id || ' ' || (before ->> 'amount') || ' ' ||"
                  " (after ->> 'amount'), ', ' ORDER BY external_id) FROM affsync.record_change"),
            "a 150 100, c 1 2");
  EXPECT_EQ(write(begin(), "commission", {row_of("a", "100")}).unchanged, 1);
}

// Nor is it taken for the row's content where it happens to make the row what the broker says.
TEST_F(EditedRows, ThatAreMadeEqualAreCountedAsUnchanged) {
  write(begin(), "commission", {row_of("a", "150"), row_of("b", "7")});
  auto const written = write_beside(
      "UPDATE affsync.commission SET amount = 100, raw = '{\"amount\": 100}'"
      " WHERE external_id = 'a'",
      {row_of("a", "100"), row_of("b", "8")});
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(stored(), R"(a=100 {"amount": 100} 1, b=8 {"amount": 8} 2)");
  EXPECT_EQ(write(begin(), "commission", {row_of("a", "100")}).unchanged, 1);
}

// A row that is gone was not there when the next run looks.
TEST_F(EditedRows, ThatAreTakenAwayAreStoredByTheNextRun) {
  write(begin(), "commission", {row_of("a", "150"), row_of("b", "7")});
  EXPECT_THROW(write_beside("DELETE FROM affsync.commission WHERE external_id = 'a'",
                            {row_of("a", "100"), row_of("b", "8")}),
               Failure);
  EXPECT_EQ(write(begin(), "commission", {row_of("a", "100"), row_of("b", "8")}).inserted, 1);
  EXPECT_EQ(stored(), R"(a=100 {"amount": 100} 1, b=8 {"amount": 8} 2)");
}

// Rows that a trigger keeps out are not taken for stored ones.
TEST_F(EditedRows, ThatATriggerDiscardsFailTheRun) {
  sql(url,
      "CREATE FUNCTION public.none() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN RETURN CASE WHEN NEW.external_id = ''b'' THEN NULL ELSE NEW END; END';"
      " CREATE TRIGGER mine BEFORE INSERT ON affsync.commission FOR EACH ROW"
      " EXECUTE FUNCTION public.none()");
  auto const run = begin();
  auto const code = loop.code_of(
      store->write_page(page(run, {batch_of("commission", {row_of("a", "1"), row_of("b", "2")})})));
  EXPECT_EQ(code, ErrorCode::database_error);
  EXPECT_NE(loop.last_message.find("of 2 new rows, PostgreSQL put 1 into affsync."),
            std::string::npos)
      << loop.last_message;
  EXPECT_EQ(value("SELECT count(*) FROM affsync.commission"), "0");
}

}  // namespace
}  // namespace affsync::schema::test::edited_rows_test
