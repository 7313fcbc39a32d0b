// GET /api/wallet/accounts/ and the payouts.
#include <array>

#include "tests/sandbox/exness/wallet.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array wallet_measures{Measure{"balance", Unit::own},
                                     Measure{"reserved_rebates_amount", Unit::own}};
constexpr std::array payout_measures{Measure{"amount", Unit::own},
                                     Measure{"amount_usd", Unit::usd}};
constexpr std::array<std::string_view, 3> wallet_names{"Main", "Rebates \xf0\x9f\x92\xb0", "Euro"};
constexpr std::array<std::string_view, 6> payout_statuses{"COMPLETED",  "COMPLETED", "COMPLETED",
                                                          "PROCESSING", "REJECTED",  "CANCELLED"};
constexpr std::array<std::string_view, 3> methods{"USDT TRC20", "Bank card", "Skrill"};
constexpr Fixed hundredth = fixed_one / 100;

}  // namespace

Wallets::Wallets(World const& world)
    : Feed("wallets", "/api/wallet/accounts/", wallet_names.size()), world_(world) {}

std::string Wallets::key(Handle row) const {
  return std::to_string(2'000'000'117u + std::uint64_t{row} * 1009);
}

std::span<Measure const> Wallets::measures() const {
  return wallet_measures;
}

MeasuredRow Wallets::measure(Handle row) const {
  Noise noise(world_.seed(), 'w', row, revision(row));
  MeasuredRow out;
  out.currency = row == 2 ? 1 : 0;
  out.values = {hundredth * (10'000 + noise.below(5'000'000)), hundredth * noise.below(10'000)};
  return out;
}

void Wallets::write_row(Handle row, std::string& out) const {
  auto const measured = measure(row);
  ObjectWriter json(out);
  json.plain("id", key(row));
  json.text("name", wallet_names[row]);
  json.plain("currency", currencies[measured.currency]);
  json.fixed_number("balance", measured.values[0], 2);
  json.plain("type", "reward");
  json.fixed_number("reserved_rebates_amount", measured.values[1], 2);
  json.close();
}

Payouts::Payouts(World const& world, std::string path)
    : Feed("payouts", std::move(path), (world.options().days + 2) / 3), world_(world) {}

std::span<Measure const> Payouts::measures() const {
  return payout_measures;
}

MeasuredRow Payouts::measure(Handle row) const {
  Noise noise(world_.seed(), 'p', row);
  MeasuredRow out;
  out.currency = noise.below(5) == 0 ? 1 : 0;
  Fixed const amount = hundredth * (1'000 + noise.below(300'000));
  out.values = {amount, out.currency == 0 ? amount : round_fixed(amount / 10'000 * 10'837, 2)};
  return out;
}

void Payouts::write_row(Handle row, std::string& out) const {
  auto const measured = measure(row);
  Noise noise(world_.seed(), 'q', row);
  auto const status = payout_statuses[(noise.below(payout_statuses.size()) + revision(row)) %
                                      payout_statuses.size()];
  ObjectWriter json(out);
  json.raw("id", key(row));
  json.plain("created_at", world_.time_text(day(row), row));
  if (status == "PROCESSING")
    json.null("processed_at");
  else
    json.plain("processed_at", world_.time_text(day(row) + 1, row));
  json.plain("status", status);
  json.fixed_text("amount", measured.values[0], 2);
  json.plain("currency", currencies[measured.currency]);
  json.fixed_text("amount_usd", measured.values[1], 2);
  json.plain("payment_method", methods[noise.below(methods.size())]);
  json.plain("wallet_account", std::to_string(2'000'000'117u + measured.currency * 2018));
  json.plain("transaction_id", "tx-" + std::to_string(scramble(row)));
  if (status == "REJECTED")
    json.text("reject_reason", "Name on the card differs");
  else
    json.null("reject_reason");
  json.close();
}

void Payouts::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.fixed_text("amount_usd", totals.sum(1), 2);
}

}  // namespace affsync::sandbox::exness
