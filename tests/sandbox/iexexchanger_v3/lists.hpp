// The rows of API v3 and their filters.
#pragma once

#include "tests/sandbox/iexexchanger/world.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

inline constexpr std::chrono::days clients_before = iexexchanger::clients_before;
inline constexpr iexexchanger::MeasureNames exchange_measures{
    Measure{"bonus", Unit::own}, Measure{"bonus_completed", Unit::own}};
inline constexpr iexexchanger::MeasureNames payout_measures{Measure{"amount", Unit::own},
                                                            Measure{"amount_paid", Unit::own}};

struct Referral {
  std::uint64_t id, client_id;
  std::string name, email;
  TimePoint created;
};

class ReferralList final : public TimedFeed {
 public:
  ReferralList(std::string path, PartnerOptions const& options, SandboxClock const& clock);

  Referral referral(Handle row) const;

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(referral(row).id); }
  std::string_view amount_field() const override { return "client_id"; }
  std::string_view text_field() const override { return "client_name"; }
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;
};

class ExchangeList final : public iexexchanger::Exchanges {
 public:
  ExchangeList(std::string path, PartnerOptions const& options, ReferralList const& referrals,
               SandboxClock const& clock)
      : Exchanges(std::move(path), options, exchange_measures, true, clock),
        referrals_(referrals) {}

  void write_row(Handle row, std::string& out) const override;
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;

 private:
  ReferralList const& referrals_;
};

class PayoutList final : public iexexchanger::Withdrawals {
 public:
  PayoutList(std::string path, PartnerOptions const& options, SandboxClock const& clock)
      : Withdrawals("payouts", std::move(path), options, payout_measures, clock) {}

  void write_row(Handle row, std::string& out) const override;
  std::string_view text_field() const override { return "wallet"; }
  std::span<SetFilter const> set_filters() const override;
  std::string filter_value(Handle row, std::size_t filter) const override;
};

class PartnerPage final : public iexexchanger::Partner {
 public:
  PartnerPage(std::string path, ExchangeList const& exchanges, PayoutList const& payouts,
              ReferralList const& referrals)
      : Partner(std::move(path), exchanges, payouts), referrals_(referrals) {}
  // Writes `result` of the answer.
  void write_row(Handle row, std::string& out) const override;

 private:
  ReferralList const& referrals_;
};

}  // namespace affsync::sandbox::iexexchanger_v3
