// The rows of API v2.
#pragma once

#include "tests/sandbox/iexexchanger/iexexchanger.hpp"
#include "tests/sandbox/iexexchanger/world.hpp"

namespace affsync::sandbox::iexexchanger {

inline constexpr MeasureNames exchange_names{Measure{"amount", Unit::own},
                                             Measure{"amount", Unit::own}};
inline constexpr MeasureNames withdrawal_names{Measure{"amount", Unit::own},
                                               Measure{"amount_paid", Unit::own}};

class ExchangeList final : public Exchanges {
 public:
  ExchangeList(std::string path, IexOptions const& options, SandboxClock const& clock)
      : Exchanges(std::move(path), options.partner, exchange_names, false, clock),
        options_(options) {}
  // Writes created_at relative to now.
  void write_row(Handle row, std::string& out) const override;
  std::span<Measure const> measures() const override { return Exchanges::measures().first(1); }
  std::string_view amount_field() const override { return "attributes.amount"; }
  std::string_view text_field() const override { return "attributes.status"; }

 private:
  IexOptions const& options_;
};

class WithdrawalList final : public Withdrawals {
 public:
  WithdrawalList(std::string path, IexOptions const& options, SandboxClock const& clock)
      : Withdrawals("withdrawals", std::move(path), options.partner, withdrawal_names, clock),
        options_(options) {}
  void write_row(Handle row, std::string& out) const override;
  std::string_view amount_field() const override { return "attributes.charged_amount"; }
  std::string_view text_field() const override { return "attributes.payout_status"; }

 private:
  IexOptions const& options_;
};

class PartnerPage final : public Partner {
 public:
  using Partner::Partner;
  // Writes the whole answer.
  void write_row(Handle row, std::string& out) const override;
  void set_referrals(std::uint32_t count) { referrals_ = count; }

 private:
  std::uint32_t referrals_ = 0;
};

}  // namespace affsync::sandbox::iexexchanger
