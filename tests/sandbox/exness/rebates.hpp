// Rebates: the groups, and the running totals of what each account is paid back.
#pragma once

#include "tests/sandbox/exness/rewards.hpp"

namespace affsync::sandbox::exness {

class RebateGroups final : public Feed {
 public:
  explicit RebateGroups(World const& world);

  static std::uint32_t group_of(std::uint32_t account);
  static std::uint64_t id_of(Handle row) { return 4100 + row; }
  static std::string_view title_of(Handle row);
  static int percent_of(Handle row);

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(id_of(row)); }
  std::string_view amount_field() const override { return "rebate_percent"; }
  std::string_view text_field() const override { return "group_title"; }
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t) const override { return key(row); }

 private:
  std::uint32_t accounts_in(Handle row) const;
  World const& world_;
};

class Rebates final : public Feed {
 public:
  Rebates(World const& world, Rewards const& rewards);

  // The values are sums of rewards, so the rewards' version counts too.
  std::uint64_t version() const override { return Feed::version() + rewards_.version(); }

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(880'000 + row * 3); }
  std::string_view text_field() const override { return "group_title"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  DateFilter date_filter() const override { return {"date_from", "date_to"}; }
  int day(Handle row) const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;

 private:
  World const& world_;
  Rewards const& rewards_;
};

}  // namespace affsync::sandbox::exness
