// Reward history: one row per account and day with trades, computed from its row number. Rows are
// ordered by reward_date, then client_account.
#pragma once

#include <vector>

#include "tests/sandbox/exness/world.hpp"
#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox::exness {

struct Reward {
  std::uint64_t id;
  int day;
  std::uint32_t account;
  unsigned currency;  // currency of `reward`
  Fixed volume_lots, volume_mln_usd;
  Fixed reward, reward_usd;
  int digits;  // decimals of the amounts
  std::uint32_t orders;
};

// The sums of one account's rewards over all days.
struct AccountSums {
  Fixed volume_lots = 0, volume_mln_usd = 0, reward = 0, reward_usd = 0;
  int last_day = never;
  static constexpr int never = -1'000'000;
};

class Rewards final : public Feed {
 public:
  Rewards(World const& world);

  Reward reward(Handle row) const;
  std::uint32_t orders_of(Handle row) const { return row >= first_added ? 1 : 1 + row % 3; }
  // Makes a row without inserting it.
  Handle make(int day, std::uint32_t account);
  // Adds up to `count` rows on a day, spread over the accounts that exist on that day.
  std::vector<Handle> add(std::size_t count, int day);
  // Sums by account number, recomputed when rows have changed.
  std::vector<AccountSums> const& sums() const;

  int day(Handle row) const override;
  std::uint32_t account_of(Handle row) const;

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::string_view text_field() const override { return "link_code"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  std::uint64_t natural_key(Handle row) const override;
  std::span<std::string_view const> natural_order() const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  DateFilter date_filter() const override { return {"reward_date_from", "reward_date_to"}; }
  bool sorted_by_day() const override { return true; }
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;
  std::optional<Handle> make_like(Handle row) override;

 private:
  struct DayRows {
    Handle first;
    std::uint32_t rows, accounts, start;  // account = (k * accounts + start) / rows
  };
  struct Added {
    int day;
    std::uint32_t account;
  };
  // The day and account of the row.
  Added locate(Handle row) const;
  void fill_amounts(Reward& reward, Handle row) const;

  World const& world_;
  std::vector<DayRows> days_;
  std::vector<Added> added_;
  mutable std::vector<AccountSums> sums_;
  mutable std::uint64_t sums_version_ = ~std::uint64_t{0};
};

}  // namespace affsync::sandbox::exness
