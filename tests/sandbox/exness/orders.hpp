// Client transactions: the orders behind the rewards. The orders of one reward add up to it.
#pragma once

#include "tests/sandbox/exness/rewards.hpp"

namespace affsync::sandbox::exness {

class Orders final : public Feed {
 public:
  Orders(World const& world, Rewards const& rewards);

  // The values are derived from rewards, so their version counts too.
  std::uint64_t version() const override { return Feed::version() + rewards_.version(); }

  // Adds the order of a reward that was added after the start.
  void add_for(Handle reward);

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::string_view key_field() const override { return "order_id"; }
  std::string_view text_field() const override { return "symbol"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  std::uint64_t natural_key(Handle row) const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  DateFilter date_filter() const override { return {"date_from", "date_to"}; }
  bool sorted_by_day() const override { return true; }
  int day(Handle row) const override { return rewards_.day(place(row).reward); }
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;

 private:
  struct Place {
    Handle reward;
    std::uint32_t number;  // from 0, within its reward
  };
  Place place(Handle row) const;

  World const& world_;
  Rewards const& rewards_;
  std::vector<Handle> added_;
};

}  // namespace affsync::sandbox::exness
