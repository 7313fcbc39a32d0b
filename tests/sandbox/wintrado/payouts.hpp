// Payout requests, the wallet they are paid from, and its transactions.
#pragma once

#include <optional>
#include <unordered_map>

#include "tests/sandbox/wintrado/ledger.hpp"

namespace affsync::sandbox::wintrado {

enum class PayoutState { pending, approved, rejected };

struct Payout {
  PayoutState state;
  Fixed amount;  // USD
  TimePoint requested;
  std::optional<TimePoint> decided;
};

class Payouts final : public TimedFeed {
 public:
  Payouts(std::string path, std::uint32_t rows, History history, SandboxClock const& clock)
      : TimedFeed("payouts", std::move(path), rows, history, clock) {}

  Payout payout(Handle row) const;
  std::string transaction_id(Handle row) const;
  // Writes the transaction of the request, which is the same in both lists.
  void write_transaction(Handle row, std::string& out) const;

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(301 + ordinal(row)); }
  std::string_view amount_field() const override { return "transaction"; }
  std::string_view text_field() const override { return "rejectReason"; }
  std::span<std::string_view const> currency_names() const override { return wallet_currencies; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  // approve and reject, for pending requests
  std::span<std::string_view const> actions() const override;
  bool can_act(std::size_t action, Handle row) const override;
  void act(std::size_t action, Handle row) override;

 private:
  struct Decision {
    PayoutState state;
    TimePoint time;
  };
  std::unordered_map<Handle, Decision> decisions_;
};

// Every fourth transaction of the seed is the withdrawal of a payout request.
class Transactions final : public TimedFeed {
 public:
  Transactions(Payouts const& payouts, History history, SandboxClock const& clock)
      : TimedFeed("transactions", "", static_cast<Handle>(payouts.total_created() * 4), history,
                  clock),
        payouts_(payouts) {}

  // Adds the withdrawal of a request that was added after the start.
  void add_for(Handle payout, TimePoint when);

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override;
  std::string_view amount_field() const override { return "amount"; }
  std::span<std::string_view const> currency_names() const override { return wallet_currencies; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;

 private:
  std::optional<Handle> payout_of(Handle row) const;
  Fixed credit(Handle row) const;

  Payouts const& payouts_;
  std::unordered_map<Handle, Handle> payouts_added_;
};

// One row: the credits minus completed withdrawals.
class Wallet final : public Feed {
 public:
  Wallet(std::string path, Transactions const& transactions)
      : Feed("wallet", std::move(path), 1), transactions_(transactions) {}

  WideSum balance() const { return transactions_.totals().sums[1][0]; }

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle) const override { return "77"; }
  std::string_view amount_field() const override { return "balance"; }
  std::span<std::string_view const> currency_names() const override { return wallet_currencies; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;

 private:
  Transactions const& transactions_;
};

}  // namespace affsync::sandbox::wintrado
