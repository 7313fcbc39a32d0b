// GET /api/reports/clients/accounts/: here volumes and rewards are strings.
#include <array>

#include "tests/sandbox/exness/people.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array account_measures{
    Measure{"volume_mln_usd", Unit::plain}, Measure{"volume_lots", Unit::plain},
    Measure{"reward", Unit::own}, Measure{"reward_usd", Unit::usd}};
constexpr std::array<std::string_view, 1> account_natural_order{"client_account"};
constexpr std::array<std::string_view, 3> account_order_columns{"client_account", "client_uid",
                                                                "reward_usd"};
constexpr std::array account_filters{SetFilter{"client_account", ValueForm::digits},
                                     SetFilter{"client_uid", ValueForm::any}};

}  // namespace

void write_last_day(ObjectWriter& json, std::string_view name, World const& world, int day) {
  if (day == AccountSums::never)
    json.null(name);
  else
    json.plain(name, world.day_text(day));
}

Accounts::Accounts(World const& world, Rewards const& rewards)
    : Feed("accounts", "/api/reports/clients/accounts/", world.accounts()),
      world_(world),
      rewards_(rewards) {}

std::string Accounts::key(Handle row) const {
  return std::to_string(300'000'000u + std::uint64_t{row} * 11 + (scramble(row) & 7));
}

void Accounts::write_row(Handle row, std::string& out) const {
  auto const account = world_.account(row);
  auto const client = world_.client(account.client);
  auto const& partner = World::partner(client.partner);
  auto const values = measure(row).values;
  ObjectWriter json(out);
  json.raw("id", key(row));
  json.plain("partner_account", partner.account);
  json.text("partner_account_name", partner.name);
  json.plain("partner_account_currency", currencies[partner.currency]);
  json.plain("partner_code", partner.code);
  json.plain("client_uid", short_uid(client));
  json.plain("client_account", std::to_string(account.number));
  json.plain("client_account_type", account.type);
  json.plain("client_country", client.country);
  if (account.platform.empty())
    json.null("platform");
  else
    json.plain("platform", account.platform);
  json.plain("client_account_created", world_.day_text(client.registered));
  write_last_day(json, "client_account_last_trade", world_, rewards_.sums()[row].last_day);
  json.fixed_text("volume_lots", values[1], 7);
  json.fixed_text("volume_mln_usd", values[0], 4);
  json.fixed_text("reward", values[2], 2);
  json.fixed_text("reward_usd", values[3], 2);
  if (revision(row) > 0)
    json.plain("comment", "note " + std::to_string(revision(row)));
  else
    json.raw("comment", client.comment);
  json.close();
}

std::span<Measure const> Accounts::measures() const {
  return account_measures;
}

MeasuredRow Accounts::measure(Handle row) const {
  auto const& sums = rewards_.sums()[row];
  MeasuredRow out;
  out.currency = World::partner(world_.client(world_.account(row).client).partner).currency;
  out.values = {round_fixed(sums.volume_mln_usd, 4), round_fixed(sums.volume_lots, 7),
                round_fixed(sums.reward, 2), round_fixed(sums.reward_usd, 2)};
  return out;
}

void Accounts::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.number("clients_count", static_cast<std::int64_t>(totals.groups));
  out.shortest_number("volume_mln_usd", totals.sum(0));
  out.shortest_number("volume_lots", totals.sum(1));
  out.fixed_text("reward", totals.sum(2), 2);
  out.fixed_text("reward_usd", totals.sum(3), 2);
  out.name("partner_account_currency");
  append_currency_list(out.buffer(), totals);
}

std::span<std::string_view const> Accounts::natural_order() const {
  return account_natural_order;
}
std::span<std::string_view const> Accounts::order_columns() const {
  return account_order_columns;
}

std::uint64_t Accounts::order_key(Handle row, std::size_t column) const {
  if (column == 0) return row;
  if (column == 1) return world_.client(world_.account(row).client).uid_high;
  return static_cast<std::uint64_t>(measure(row).values[3]) ^ (std::uint64_t{1} << 63);
}

std::span<SetFilter const> Accounts::set_filters() const {
  return account_filters;
}

std::string Accounts::filter_value(Handle row, std::size_t filter) const {
  auto const account = world_.account(row);
  return filter == 0 ? std::to_string(account.number) : short_uid(world_.client(account.client));
}

}  // namespace affsync::sandbox::exness
