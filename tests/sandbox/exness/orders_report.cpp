// GET /api/reports/orders/: one row per trade.
#include "tests/sandbox/exness/orders.hpp"

#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array order_measures{Measure{"volume_mln_usd", Unit::plain},
                                    Measure{"volume_lots", Unit::plain},
                                    Measure{"reward_usd", Unit::usd}};
constexpr std::array<std::string_view, 3> order_order_columns{"close_date", "client_account",
                                                              "order_id"};
constexpr std::array order_filters{SetFilter{"client_account", ValueForm::digits}};
constexpr std::array<std::string_view, 8> symbols{"XAUUSDm", "EURUSDm", "GBPJPYm",  "BTCUSDm",
                                                  "USTECm",  "XAUUSD",  "US30_x10", "USOILm"};

// Rewards have 1, 2, 3, 1, 2, 3 … orders (Rewards::orders_of).
constexpr std::uint32_t orders_of_three = 6;
constexpr std::array<std::uint32_t, 6> reward_of{0, 1, 1, 2, 2, 2};
constexpr std::array<std::uint32_t, 6> number_of{0, 0, 1, 0, 1, 2};

Handle count_orders(std::uint32_t rewards) {
  return rewards / 3 * orders_of_three + std::array<Handle, 3>{0, 1, 3}[rewards % 3];
}

// The share of one of `count` orders in `whole`; all shares add up to it.
Fixed part_of(Fixed whole, std::uint32_t number, std::uint32_t count) {
  Fixed const share = whole / static_cast<Fixed>(count);
  return number + 1 < count ? share : whole - share * static_cast<Fixed>(count - 1);
}

std::uint64_t server_of(Handle row) {
  return 1 + scramble(row) % 12;
}
std::uint64_t ticket_of(Handle row) {
  return 1'200'000'000u + std::uint64_t{row} * 3;
}
std::uint64_t time_noise(World const& world, Handle row) {
  return Noise(world.seed(), 't', row).bits();
}

}  // namespace

Orders::Orders(World const& world, Rewards const& rewards)
    : Feed("orders", "/api/reports/orders/", count_orders(world.options().rewards)),
      world_(world),
      rewards_(rewards) {}

void Orders::add_for(Handle reward) {
  added_.push_back(reward);
  insert(first_added + static_cast<Handle>(added_.size() - 1));
}

Orders::Place Orders::place(Handle row) const {
  if (row >= first_added) return {added_[row - first_added], 0};
  auto const within = row % orders_of_three;
  return {row / orders_of_three * 3 + reward_of[within], number_of[within]};
}

std::string Orders::key(Handle row) const {
  return "mt5-real" + std::to_string(server_of(row)) + ":" + std::to_string(ticket_of(row));
}

void Orders::write_row(Handle row, std::string& out) const {
  auto const at = place(row);
  auto const reward = rewards_.reward(at.reward);
  auto const account = world_.account(reward.account);
  auto const values = measure(row).values;
  Noise noise(world_.seed(), 'o', row);
  ObjectWriter json(out);
  json.plain("client_account", std::to_string(account.number));
  json.plain("client_account_type", account.type);
  json.plain("order_id", key(row));
  json.plain("partner_account", World::partner(world_.client(account.client).partner).account);
  json.plain("symbol", symbols[noise.below(symbols.size())]);
  json.python_number("volume_lots", values[1]);
  json.python_number("volume_mln_usd", values[0]);
  json.shortest_number("reward_usd", values[2]);
  json.plain("close_date", world_.time_text(reward.day, time_noise(world_, row)));
  json.close();
}

std::span<Measure const> Orders::measures() const {
  return order_measures;
}

MeasuredRow Orders::measure(Handle row) const {
  auto const at = place(row);
  auto const reward = rewards_.reward(at.reward);
  MeasuredRow out;
  out.values = {part_of(reward.volume_mln_usd, at.number, reward.orders),
                part_of(reward.volume_lots, at.number, reward.orders),
                part_of(reward.reward_usd, at.number, reward.orders)};
  return out;
}

void Orders::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.shortest_number("volume_mln_usd", totals.sum(0));
  out.shortest_number("volume_lots", totals.sum(1));
  out.fixed_text("reward_usd", totals.sum(2), 8);
}

std::uint64_t Orders::natural_key(Handle row) const {
  return rewards_.natural_key(place(row).reward);
}

std::span<std::string_view const> Orders::order_columns() const {
  return order_order_columns;
}

std::uint64_t Orders::order_key(Handle row, std::size_t column) const {
  auto const reward = place(row).reward;
  if (column == 0)
    return static_cast<std::uint64_t>(rewards_.day(reward)) * 86'400 +
           scramble(time_noise(world_, row)) % 86'400;
  if (column == 1) return rewards_.account_of(reward);
  // The text "mt5-real10:…" sorts before "mt5-real2:…".
  constexpr std::array<std::uint64_t, 12> place_of_server{0, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2, 3};
  return place_of_server[server_of(row) - 1] << 40 | ticket_of(row);
}

std::span<SetFilter const> Orders::set_filters() const {
  return order_filters;
}

std::string Orders::filter_value(Handle row, std::size_t) const {
  return std::to_string(world_.account(rewards_.account_of(place(row).reward)).number);
}

}  // namespace affsync::sandbox::exness
