// GET /api/reports/rewards/: rows, totals, filters and ordering.
#include <array>

#include "tests/sandbox/exness/rewards.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array reward_measures{Measure{"volume_mln_usd", Unit::plain},
                                     Measure{"volume_lots", Unit::plain},
                                     Measure{"reward", Unit::own}, Measure{"reward_usd", Unit::usd},
                                     Measure{"orders_count", Unit::plain}};
constexpr std::array<std::string_view, 2> reward_natural_order{"reward_date", "client_account"};
constexpr std::array<std::string_view, 6> reward_order_columns{
    "reward_date", "client_account", "volume_lots", "volume_mln_usd", "reward", "reward_usd"};
constexpr std::array reward_filters{
    SetFilter{"client_account", ValueForm::digits}, SetFilter{"client_uid", ValueForm::any},
    SetFilter{"country", ValueForm::any}, SetFilter{"client_account_type", ValueForm::any}};

std::uint64_t signed_key(Fixed value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

}  // namespace

std::string Rewards::key(Handle row) const {
  return std::to_string(reward(row).id);
}

void Rewards::write_row(Handle row, std::string& out) const {
  auto const it = reward(row);
  auto const account = world_.account(it.account);
  auto const client = world_.client(account.client);
  auto const& partner = World::partner(client.partner);
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.name("reward_date");
  out += '"';
  world_.append_day(out, it.day);
  out += '"';
  json.plain("partner_account", partner.account);
  json.text("partner_account_name", partner.name);
  json.number("client_account", static_cast<std::int64_t>(account.number));
  json.plain("client_account_type", account.type);
  json.plain("country", client.country);
  json.name("client_uid");
  out += '"';
  append_short_uid(out, client);
  out += '"';
  json.plain("link_code", client.link_code);
  json.plain("currency", currencies[it.currency]);
  json.python_number("volume_lots", it.volume_lots);
  json.python_number("volume_mln_usd", it.volume_mln_usd);
  json.fixed_text("reward", it.reward, it.digits);
  json.fixed_text("reward_usd", it.reward_usd, it.digits);
  json.number("orders_count", it.orders);
  json.name("reward_order");
  out += "\"RW-";
  append_shortest(out, static_cast<WideSum>(scramble(it.id) % 100'000'000) * fixed_one);
  out += '"';
  json.close();
}

std::span<Measure const> Rewards::measures() const {
  return reward_measures;
}

MeasuredRow Rewards::measure(Handle row) const {
  auto const it = reward(row);
  MeasuredRow out;
  out.currency = it.currency;
  out.values = {it.volume_mln_usd, it.volume_lots, it.reward, it.reward_usd,
                Fixed{it.orders} * fixed_one};
  return out;
}

void Rewards::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.shortest_number("volume_mln_usd", totals.sum(0));
  out.shortest_number("volume_lots", totals.sum(1));
  out.fixed_text("reward", totals.sum(2), 8);
  out.fixed_text("reward_usd", totals.sum(3), 8);
  out.shortest_number("orders_count", totals.sum(4));
  out.name("currency");
  append_currency_list(out.buffer(), totals);
}

std::span<std::string_view const> Rewards::natural_order() const {
  return reward_natural_order;
}
std::span<std::string_view const> Rewards::order_columns() const {
  return reward_order_columns;
}

std::uint64_t Rewards::order_key(Handle row, std::size_t column) const {
  auto const it = reward(row);
  switch (column) {
    case 0:
      return static_cast<std::uint64_t>(it.day);
    case 1:
      return it.account;  // account numbers grow with the index
    case 2:
      return signed_key(it.volume_lots);
    case 3:
      return signed_key(it.volume_mln_usd);
    case 4:
      return signed_key(it.reward);
    default:
      return signed_key(it.reward_usd);
  }
}

std::span<SetFilter const> Rewards::set_filters() const {
  return reward_filters;
}

std::string Rewards::filter_value(Handle row, std::size_t filter) const {
  auto const account = world_.account(account_of(row));
  auto const client = world_.client(account.client);
  switch (filter) {
    case 0:
      return std::to_string(account.number);
    case 1:
      return short_uid(client);
    case 2:
      return std::string(client.country);
    default:
      return std::string(account.type);
  }
}

}  // namespace affsync::sandbox::exness
