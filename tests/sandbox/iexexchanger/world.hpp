// The partner programme of one exchanger, independent of the API version: exchanges of referred
// clients with the partner's bonus, and withdrawals. Each API version writes the rows in its own
// format.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "tests/sandbox/partner_options.hpp"
#include "tests/sandbox/timed_feed.hpp"

namespace affsync::sandbox::iexexchanger {

inline constexpr std::array<std::string_view, 3> bonus_currencies{"RUB", "USDT", "USD"};
// The first clients came this long before the exchanges of the seed.
inline constexpr std::chrono::days clients_before{200};
// Two measures of each list: over all rows, and over the rows that count.
using MeasureNames = std::array<Measure, 2>;

History history_of(PartnerOptions const& options, std::chrono::days earlier = {});

enum class BonusState { completed, hold, reversed };

struct Bonus {
  std::uint64_t id;
  std::uint64_t client;   // ordinal
  std::int64_t order_id;  // usually its creation time in milliseconds
  Fixed amount;
  unsigned currency;  // index into bonus_currencies
  BonusState state;
  TimePoint created;
};

class Exchanges : public TimedFeed {
 public:
  // `names`: names of the measures over all and over completed rows. If not `shows_state`, every
  // bonus counts, and a reversed bonus vanishes.
  Exchanges(std::string path, PartnerOptions const& options, MeasureNames names, bool shows_state,
            SandboxClock const& clock);

  Bonus bonus(Handle row) const;

  std::string key(Handle row) const override { return std::to_string(bonus(row).id); }
  std::string_view amount_field() const override { return names_[0].field; }
  std::string_view text_field() const override { return "status"; }
  std::span<std::string_view const> currency_names() const override { return bonus_currencies; }
  std::span<Measure const> measures() const override { return names_; }
  MeasuredRow measure(Handle row) const override;
  // reverse: revokes a completed or held bonus. settle: a held bonus becomes completed.
  std::span<std::string_view const> actions() const override;
  bool can_act(std::size_t action, Handle row) const override;
  void act(std::size_t action, Handle row) override;

 private:
  BonusState state_of(Handle row) const;
  std::uint64_t clients_by(TimePoint time) const;  // number of clients by then

  std::uint32_t clients_;
  MeasureNames names_;
  bool shows_state_;
  std::unordered_map<Handle, BonusState> states_;
};

enum class WithdrawalState { unpaid, paid, rejected };

struct Withdrawal {
  std::uint64_t id;
  Fixed amount;
  unsigned currency;  // index into bonus_currencies
  WithdrawalState state;
  TimePoint created;
  std::optional<TimePoint> decided;
};

class Withdrawals : public TimedFeed {
 public:
  // `names`: names of the measures over all and over paid rows.
  Withdrawals(std::string name, std::string path, PartnerOptions const& options, MeasureNames names,
              SandboxClock const& clock);

  Withdrawal withdrawal(Handle row) const;

  std::string key(Handle row) const override { return std::to_string(withdrawal(row).id); }
  std::string_view amount_field() const override { return names_[0].field; }
  std::span<std::string_view const> currency_names() const override { return bonus_currencies; }
  std::span<Measure const> measures() const override { return names_; }
  MeasuredRow measure(Handle row) const override;
  // pay and reject, for unpaid withdrawals
  std::span<std::string_view const> actions() const override;
  bool can_act(std::size_t action, Handle row) const override;
  void act(std::size_t action, Handle row) override;

 private:
  struct Decision {
    WithdrawalState state;
    TimePoint time;
  };
  MeasureNames names_;
  std::unordered_map<Handle, Decision> decisions_;
};

// The partner's money in roubles: balance = bonuses that count minus paid withdrawals, free =
// balance minus requested withdrawals, withdrawn = paid withdrawals. Recomputed when rows change.
struct Balances {
  WideSum balance = 0, free = 0, withdrawn = 0;
};

class Partner : public Feed {
 public:
  Partner(std::string path, Exchanges const& exchanges, Withdrawals const& withdrawals)
      : Feed("partner", std::move(path), 1), exchanges_(exchanges), withdrawals_(withdrawals) {}

  Balances const& balances() const;

  std::string key(Handle) const override { return "partner"; }
  std::string_view amount_field() const override { return "balance"; }
  std::span<std::string_view const> currency_names() const override { return bonus_currencies; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;

 private:
  Exchanges const& exchanges_;
  Withdrawals const& withdrawals_;
  mutable Balances balances_;
  mutable std::uint64_t versions_ = ~std::uint64_t{0};
};

}  // namespace affsync::sandbox::iexexchanger
