// A database with a source whose alerts are judged at times that the test sets, and short helpers
// to write what rules look at.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/pg_session.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {

class AlertsTest : public StoreTest {
 protected:
  AlertsTest();

  // Judges all rules now; the errors of rules are failures of the test.
  AlertChanges judge();
  void pass(Duration span) { now += span; }
  std::string at(Duration before = Duration::zero()) const;  // a literal of SQL: now less `before`

  // The titles of the open alerts of a rule, by number, one a line.
  std::string open(std::string const& rule);
  std::string text_of_open(std::string const& rule);
  // All that the receiver gets now: takes and notes as sent, one title a line.
  std::string told(std::string const& receiver = "ops");
  std::vector<AlertMessage> take(std::string const& receiver = "ops", int most = 1);
  static FailedAttempt failed(std::string const& error, TimePoint next, bool refused = false) {
    FailedAttempt attempt;
    attempt.error = error;
    attempt.next = next;
    attempt.refused = refused;
    return attempt;
  }
  void set(std::string const& rule, std::string const& setting, std::string const& value);
  void to(std::string const& rule, std::vector<std::string> receivers);
  void off(std::string const& rule);

  void run_sql(std::string const& statement) { sql(url, statement); }
  // A feed of the source that is read well: declared, with a state.
  void feed(std::string const& stream, std::string const& table);
  void state(std::string const& stream, std::string const& columns);
  // Stores rows as a run of the feed does.
  void store_rows(std::string const& stream, std::string_view table,
                  std::vector<TestRow> const& rows);
  TestRow commission(std::string const& key, std::string const& client, std::string const& amount,
                     std::string const& day, std::string const& currency = "USD",
                     std::string const& status = "accrued");

  AlertPolicy policy;
  std::string const token = "11111111-1111-1111-1111-111111111111";
  int per_hour = 20;

 private:
  AlertRule& rule(std::string const& name);
  std::unique_ptr<PgSession> session_;

 protected:
  PgSession& session() { return *session_; }
};

}  // namespace affsync::schema::test
