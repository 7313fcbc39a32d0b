// The commission ledger: the affiliate's earnings, by event. Rows are ordered by id.
#pragma once

#include <optional>
#include <unordered_map>

#include "tests/sandbox/wintrado/customers.hpp"

namespace affsync::sandbox::wintrado {

inline constexpr std::array<std::string_view, 3> wallet_currencies{"USD", "EUR", "USDT"};

struct Commission {
  std::size_t kind;  // CPA, REVSHARE …
  Handle customer;
  unsigned currency;  // index into wallet_currencies
  Fixed amount;
  std::optional<Fixed> corrected;
  TimePoint earned;
  std::optional<TimePoint> paid;
  TimePoint updated;

  Fixed effective() const { return corrected.value_or(amount); }
};

class Ledger final : public TimedFeed {
 public:
  Ledger(std::string path, std::uint32_t rows, History history, Customers const& customers,
         SandboxClock const& clock);

  Commission commission(Handle row) const;
  bool is_paid(Handle row) const { return paid_at(row).has_value(); }

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return std::to_string(id(row)); }
  std::string_view amount_field() const override { return "commissionAmount"; }
  std::string_view text_field() const override { return "actionDetails"; }
  std::span<std::string_view const> currency_names() const override { return wallet_currencies; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  // pay: a pending row gets its payoutAt. correct: a row without payoutAt gets a corrected amount.
  std::span<std::string_view const> actions() const override;
  bool can_act(std::size_t action, Handle row) const override;
  void act(std::size_t action, Handle row) override;

 private:
  struct Later {
    std::optional<TimePoint> paid;
    unsigned corrections = 0;
    TimePoint updated;
  };
  std::uint64_t id(Handle row) const { return 10'001 + ordinal(row) * 2; }
  std::optional<TimePoint> paid_at(Handle row) const;
  void changed(Handle row) override;  // sets another corrected amount
  Later const* later(Handle row) const;

  Customers const& customers_;
  std::unordered_map<Handle, Later> later_;
};

}  // namespace affsync::sandbox::wintrado
