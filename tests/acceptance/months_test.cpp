// Brokers that give sums of months: a month is one row, on whichever day it is read.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::months_test {
namespace {

class Months : public PlainAcceptance {};

TEST_F(Months, TheRunningMonthIsKeptUnderItsLastDayOnce) {
  std::string const row = R"({"user":7,"amount":"12.50"})";
  serve([&](std::string const&) { return answer_of("{\"data\":[" + row + "]}"); });
  auto const first_day = query("select date_trunc('month', now() at time zone 'UTC')::date");
  auto const last_day = query(
      "select (date_trunc('month', now() at time zone 'UTC') + interval '1 month')::date - 1");
  use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    window: {from: month, form: month, column: occurred_on, start: )" +
                             first_day + R"(}
    records: {from: data, keep: {day: {window: to}, coin: {const: USD}}}
    key: [day, user]
    map: {amount: amount, currency: coin, occurred_on: day}
)");
  auto const first = sync();
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_EQ(query("select external_id || ' ' || occurred_on from affsync.commission"),
            last_day + ":7 " + last_day);
  // The row is one of the slice although its day has yet to come; no such day counts as read.
  auto const again = sync({"--full"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"), "1");
  EXPECT_EQ(query("select count(*) from affsync.coverage where day_to > now() at time zone 'UTC'"),
            "0");
}

}  // namespace
}  // namespace affsync::test::months_test
