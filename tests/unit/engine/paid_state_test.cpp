// Which streams' commissions can be reported as paid, so that all others count as unpaid.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/tables.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine::paid_state_test {
namespace {

StreamSpec with_status(ColumnMapping status, std::string_view table = "commission") {
  status.column = "status";
  StreamSpec spec;
  spec.map.table = find_record_table(table);
  spec.map.columns.push_back(std::move(status));
  return spec;
}

TEST(PaidState, IsThereWhenTheStatusCanBecomePaid) {
  ColumnMapping words;
  words.from = {JsonPath("state")};
  words.type = ValueType::enumeration;
  words.table = {{"new", "pending"}, {"done", "paid"}};
  EXPECT_TRUE(has_paid_state(with_status(words)));
  words.table["done"] = "approved";
  EXPECT_FALSE(has_paid_state(with_status(words)));
  words.otherwise = "paid";
  EXPECT_TRUE(has_paid_state(with_status(words)));
  words.otherwise = "unknown";
  EXPECT_FALSE(has_paid_state(with_status(words)));

  ColumnMapping constant;
  constant.constant = "paid";
  EXPECT_TRUE(has_paid_state(with_status(constant)));
  constant.constant = "accrued";
  EXPECT_FALSE(has_paid_state(with_status(constant)));

  ColumnMapping present;
  present.present = {{JsonPath("payoutAt"), "paid"}};
  present.otherwise = "pending";
  EXPECT_TRUE(has_paid_state(with_status(present)));
  present.present = {{JsonPath("approvedAt"), "approved"}};
  EXPECT_FALSE(has_paid_state(with_status(present)));

  ColumnMapping as_it_is;
  as_it_is.from = {JsonPath("state")};
  EXPECT_TRUE(has_paid_state(with_status(as_it_is)));
}

TEST(PaidState, IsOfCommissionAlone) {
  ColumnMapping paid;
  paid.constant = "paid";
  EXPECT_FALSE(has_paid_state(with_status(paid, "payout")));
  StreamSpec none;
  none.map.table = find_record_table("commission");
  EXPECT_FALSE(has_paid_state(none));  // no status column, so no paid state
  auto also = with_status(paid, "payout");
  also.also.push_back(with_status(paid).map);
  EXPECT_TRUE(has_paid_state(also));
}

TEST(PaidState, TheConnectorsWordGoesFirst) {
  ColumnMapping paid;
  paid.constant = "paid";
  auto spec = with_status(paid);
  spec.has_paid_state = false;
  EXPECT_FALSE(has_paid_state(spec));
}

// A withdrawal changes no row of an exchanger's list, so nothing there is "still unpaid".
TEST(PaidState, OfTheShippedConnectors) {
  auto const all = builtin_manifests().value();
  auto const of = [&](char const* connector, char const* stream) {
    return has_paid_state(*std::ranges::find(all, connector, &Manifest::name)->find_stream(stream));
  };
  EXPECT_FALSE(of("iexexchanger", "exchanges"));
  EXPECT_FALSE(of("iexexchanger_v3", "exchanges"));
  EXPECT_TRUE(of("wintrado", "commissions"));
  EXPECT_TRUE(of("exness", "rewards"));
  EXPECT_FALSE(of("exness", "orders"));
}

}  // namespace
}  // namespace affsync::engine::paid_state_test
