// The two reports about people: clients (one row per person) and their trading accounts. Their
// earnings are the sums of their rewards.
#pragma once

#include "tests/sandbox/exness/rewards.hpp"

namespace affsync::sandbox::exness {

class Accounts final : public Feed {
 public:
  Accounts(World const& world, Rewards const& rewards);

  // The values are sums of rewards, so the rewards' version counts too.
  std::uint64_t version() const override { return Feed::version() + rewards_.version(); }

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  bool counts_groups() const override { return true; }
  std::uint64_t group(Handle row) const override { return world_.account(row).client; }
  std::span<std::string_view const> natural_order() const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;

 private:
  World const& world_;
  Rewards const& rewards_;
};

class Clients final : public Feed {
 public:
  Clients(World const& world, Rewards const& rewards);

  // The values are sums of rewards, so the rewards' version counts too.
  std::uint64_t version() const override { return Feed::version() + rewards_.version(); }

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::string_view key_field() const override { return "client_uid"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  void write_totals(Totals const& totals, ObjectWriter& out) const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;

 private:
  AccountSums sums(Handle row) const;

  World const& world_;
  Rewards const& rewards_;
};

// Writes "YYYY-MM-DD", or null if the account never traded.
void write_last_day(ObjectWriter& json, std::string_view name, World const& world, int day);

}  // namespace affsync::sandbox::exness
