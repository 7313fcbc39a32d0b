// The partner's own money: reward wallets, and payouts from them. The broker publishes nothing
// about payouts. The path and fields of that report are invented here, so the path is an option.
#pragma once

#include "tests/sandbox/exness/world.hpp"
#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox::exness {

class Wallets final : public Feed {
 public:
  explicit Wallets(World const& world);

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::string_view amount_field() const override { return "balance"; }
  std::string_view text_field() const override { return "name"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;

 private:
  World const& world_;
};

class Payouts final : public Feed {
 public:
  Payouts(World const& world, std::string path);

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(51'000'000 + row); }
  std::string_view amount_field() const override { return "amount"; }
  std::string_view text_field() const override { return "reject_reason"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  DateFilter date_filter() const override { return {"date_from", "date_to"}; }
  bool sorted_by_day() const override { return true; }
  int day(Handle row) const override { return static_cast<int>(row) * 3; }

 private:
  World const& world_;
};

}  // namespace affsync::sandbox::exness
