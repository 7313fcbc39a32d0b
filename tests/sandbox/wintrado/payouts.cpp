// GET /commissions/payout-requests and GET /affiliates/wallet.
#include "tests/sandbox/wintrado/payouts.hpp"

#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::wintrado {
namespace {

constexpr std::array payout_measures{
    Measure{"amount", Unit::own}, Measure{"amount_pending", Unit::own},
    Measure{"amount_approved", Unit::own}, Measure{"amount_rejected", Unit::own}};
constexpr std::array<std::string_view, 2> payout_actions{"approve", "reject"};
constexpr std::array transaction_measures{Measure{"amount", Unit::own},
                                          Measure{"balance", Unit::own}};
constexpr std::array wallet_measures{Measure{"balance", Unit::own}};
constexpr std::array<std::string_view, 6> credit_types{"COMMISSION_PAYOUT", "COMMISSION_PAYOUT",
                                                       "COMMISSION_PAYOUT", "AFFILIATE_TRANSFER",
                                                       "CORRECTION",        "BONUS"};
constexpr std::array<std::string_view, 3> transaction_states{"PENDING", "COMPLETED", "CANCELLED"};
constexpr std::array<std::string_view, 2> methods{"USDT TRC20", "Bank wire"};
constexpr Fixed wallet_cent = fixed_one / 100;
constexpr std::uint64_t open_payouts = 2;  // the last requests of the seed are pending

void write_when(ObjectWriter& json, std::string_view name, std::optional<TimePoint> time) {
  if (time)
    json.plain(name, milliseconds_text(*time));
  else
    json.null(name);
}

void write_money(std::string& out, std::string_view id, std::string_view type, Fixed amount,
                 std::string_view state, std::string_view method, TimePoint created,
                 TimePoint updated) {
  ObjectWriter json(out);
  json.plain("id", id);
  json.number("walletId", 77);
  json.plain("type", type);
  json.fixed_text("amount", amount, 2);
  json.plain("currency", "USD");
  json.plain("status", state);
  json.plain("method", method);
  json.null("comment");
  json.plain("createdAt", milliseconds_text(created));
  json.plain("updatedAt", milliseconds_text(updated));
  json.close();
}

}  // namespace

Payout Payouts::payout(Handle row) const {
  Noise noise(seed(), 'p', ordinal(row), revision(row));
  Payout out;
  out.amount = wallet_cent * (5'000 + noise.below(100'000));
  out.requested = created(row);
  out.state = PayoutState::pending;
  bool const open = row >= first_added || ordinal(row) + open_payouts >= base_rows();
  if (auto const found = decisions_.find(row); found != decisions_.end()) {
    out.state = found->second.state;
    out.decided = found->second.time;
  } else if (!open) {
    Noise fate(seed(), 'f', ordinal(row));
    out.state = fate.one_in(6) ? PayoutState::rejected : PayoutState::approved;
    out.decided = std::min(out.requested + std::chrono::minutes(60 + fate.below(4'000)),
                           history().end - std::chrono::minutes(1));
  }
  return out;
}

std::string Payouts::transaction_id(Handle row) const {
  return "txn-" + std::to_string(500'000 + scramble(seed()) % 1000 + ordinal(row) * 1000);
}

void Payouts::write_transaction(Handle row, std::string& out) const {
  auto const it = payout(row);
  write_money(out, transaction_id(row), "WITHDRAWAL", it.amount,
              transaction_states[static_cast<std::size_t>(it.state)],
              methods[ordinal(row) % methods.size()], it.requested,
              it.decided.value_or(it.requested));
}

void Payouts::write_row(Handle row, std::string& out) const {
  auto const it = payout(row);
  bool const rejected = it.state == PayoutState::rejected;
  ObjectWriter json(out);
  json.raw("id", key(row));
  json.plain("introducerId", "8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7");
  json.raw("introducer", R"({"id":"8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7","name":"Pat Partner",)"
                         R"("email":"partner@example.com"})");
  json.number("payoutWalletId", 77);
  json.raw("payoutWallet", R"({"id":77,"customer":{"name":"Pat Partner"},"platform":"NEO",)"
                           R"("currency":"USD","status":"ACTIVE"})");
  write_when(json, "requestedAt", it.requested);
  write_when(json, "approvedAt", rejected ? std::nullopt : it.decided);
  write_when(json, "rejectedAt", rejected ? it.decided : std::nullopt);
  if (rejected)
    json.text("rejectReason", "Name on the account differs");
  else
    json.null("rejectReason");
  write_when(json, "updatedAt", it.decided.value_or(it.requested));
  write_when(json, "createdAt", it.requested);
  json.plain("transactionId", transaction_id(row));
  json.name("transaction");
  write_transaction(row, out);
  json.raw("adminId", it.decided ? R"("adm-4")" : "null");
  json.raw("admin", it.decided ? R"({"id":"adm-4","name":"Kim Admin"})" : "null");
  json.close();
}

std::span<Measure const> Payouts::measures() const {
  return payout_measures;
}

MeasuredRow Payouts::measure(Handle row) const {
  auto const it = payout(row);
  MeasuredRow out;
  out.values[0] = it.amount;
  out.values[1 + static_cast<std::size_t>(it.state)] = it.amount;
  return out;
}

std::span<std::string_view const> Payouts::actions() const {
  return payout_actions;
}

bool Payouts::can_act(std::size_t, Handle row) const {
  return payout(row).state == PayoutState::pending;
}

void Payouts::act(std::size_t action, Handle row) {
  decisions_[row] = {action == 0 ? PayoutState::approved : PayoutState::rejected, clock().now()};
  note_change();
}

void Transactions::add_for(Handle payout, TimePoint when) {
  payouts_added_[handle(total_created())] = payout;
  add(1, when);
}

std::optional<Handle> Transactions::payout_of(Handle row) const {
  if (row < first_added) return row % 4 == 3 ? std::optional<Handle>(row / 4) : std::nullopt;
  auto const found = payouts_added_.find(row);
  return found == payouts_added_.end() ? std::nullopt : std::optional<Handle>(found->second);
}

Fixed Transactions::credit(Handle row) const {
  return wallet_cent * (10'000 + Noise(seed(), 'k', ordinal(row), revision(row)).below(60'000));
}

std::string Transactions::key(Handle row) const {
  if (auto const payout = payout_of(row)) return payouts_.transaction_id(*payout);
  return "txc-" + std::to_string(900'000 + ordinal(row));
}

void Transactions::write_row(Handle row, std::string& out) const {
  if (auto const payout = payout_of(row)) {
    payouts_.write_transaction(*payout, out);
    return;
  }
  Noise noise(seed(), 'y', ordinal(row));
  write_money(out, key(row), credit_types[noise.below(credit_types.size())], credit(row),
              "COMPLETED", "INTERNAL", created(row), created(row));
}

std::span<Measure const> Transactions::measures() const {
  return transaction_measures;
}

MeasuredRow Transactions::measure(Handle row) const {
  MeasuredRow out;
  if (auto const handle_of_payout = payout_of(row)) {
    auto const payout = payouts_.payout(*handle_of_payout);
    out.values[0] = payout.amount;
    out.values[1] = payout.state == PayoutState::approved ? -payout.amount : 0;
  } else {
    out.values = {credit(row), credit(row)};
  }
  return out;
}

void Wallet::write_row(Handle, std::string& out) const {
  ObjectWriter json(out);
  json.number("id", 77);
  json.plain("customerId", "8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7");
  json.plain("platform", "NEO");
  json.plain("status", "ACTIVE");
  json.plain("currency", "USD");
  json.boolean("isDemo", false);
  json.fixed_text("balance", balance(), 2);
  json.plain("credit", "0.00");
  json.fixed_text("equity", balance(), 2);
  json.close();
}

std::span<Measure const> Wallet::measures() const {
  return wallet_measures;
}

MeasuredRow Wallet::measure(Handle) const {
  MeasuredRow out;
  out.values[0] = static_cast<Fixed>(balance());
  return out;
}

}  // namespace affsync::sandbox::wintrado
