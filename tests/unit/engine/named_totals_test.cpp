#include "connectors/engine/paging/named_totals.hpp"

#include <gtest/gtest.h>

namespace affsync::engine::named_totals_test {
namespace {

// An export writes its line of sums as it writes its rows.
TEST(NamedTotals, AreReadAsTheNumbersOfTheirColumn) {
  StreamSpec spec;
  ReconcileSpec check;
  check.metric = check.column = "amount";
  check.broker_value = JsonPath("totals.0.Amount");
  check.number_format = NumberFormat{',', "."};
  spec.reconcile = {check};
  for (auto const& [written, read] :
       {std::pair<std::string, std::string>{"\"12.505,00\"", "12505.00"},
        {"\" 15,75 \"", "15.75"},
        {"\"1250.5\"", "1250.5"},
        {"1250.5", "1250.5"}}) {
    NamedTotals totals(spec);
    totals.begin_slice();
    totals.begin_list();
    totals.note(parse_json("{\"totals\": [{\"Amount\": " + written + "}]}").value(), PageHints());
    totals.end_list(true);
    auto const found = totals.of_slice();
    ASSERT_EQ(found.size(), 1U) << written;
    EXPECT_EQ(found[0].value, read) << written;
  }
}

}  // namespace
}  // namespace affsync::engine::named_totals_test
