// Reward history: one row per account and day that had trades, found by arithmetic from its number.
// Rows stand by reward_date, then client_account.
#pragma once

#include <vector>

#include "tests/sandbox/exness/world.hpp"
#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox::exness {

struct Reward {
  std::uint64_t id;
  int day;
  std::uint32_t account;
  unsigned currency;  // of `reward`
  Fixed volume_lots, volume_mln_usd;
  Fixed reward, reward_usd;
  int digits;  // places that the amounts are printed with
  std::uint32_t orders;
};

// What the rewards say about one account, over all days.
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
  // Makes a row, not yet inserted.
  Handle make(int day, std::uint32_t account);
  // Adds up to `count` rows on a day, spread over the accounts that exist then.
  std::vector<Handle> add(std::size_t count, int day);
  // By account number; worked out again when the rows have changed.
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
  // Day and account of the row.
  Added locate(Handle row) const;
  void fill_amounts(Reward& reward, Handle row) const;

  World const& world_;
  std::vector<DayRows> days_;
  std::vector<Added> added_;
  mutable std::vector<AccountSums> sums_;
  mutable std::uint64_t sums_version_ = ~std::uint64_t{0};
};

}  // namespace affsync::sandbox::exness
