// Base of the tests of what the store remembers of a slice; its rows are commissions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/store/known_rows.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {

class KnownRowsTest : public StoreTest {
 protected:
  static SliceScope february() {
    SliceScope scope;
    scope.table = find_record_table("commission");
    scope.column = "occurred_on";
    scope.from = parse_day("2026-02-01");
    scope.to = parse_day("2026-02-28");
    return scope;
  }
  static TestRow row(std::string key, std::string amount, std::string day = "2026-02-03") {
    return {std::move(key), {{"amount", std::move(amount)}, {"occurred_on", std::move(day)}}};
  }
  PageWritten write_in(RunKey const& run, std::optional<SliceScope> scope,
                       std::vector<TestRow> const& some) {
    auto write = page(run, {batch_of("commission", some)});
    write.scope = std::move(scope);
    return loop.run(store->write_page(std::move(write)));
  }
  SliceClose closing(RunKey const& run, std::vector<std::string> const& seen) {
    auto close = slice(run, "commission", seen);
    close.scope_column = "occurred_on";
    close.from = parse_day("2026-02-01");
    close.to = parse_day("2026-02-28");
    close.seen_within = true;
    close.mass_drop_limit = 1;
    return close;
  }
  // How many rows of the commissions were read, by whatever plan, once all sessions have ended.
  long rows_read(long inserted) {
    store.reset();  // a session reports its counters when it ends
    auto const of_table = [](std::string const& what) {
      return "SELECT " + what + " FROM pg_stat_user_tables WHERE relname = 'commission'";
    };
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (value(of_table("n_tup_ins")) != std::to_string(inserted) &&
           std::chrono::steady_clock::now() < end) {
    }
    EXPECT_EQ(value(of_table("n_tup_ins")), std::to_string(inserted));
    return std::stol(value(of_table("seq_tup_read + idx_tup_fetch")));
  }
};

}  // namespace affsync::schema::test
