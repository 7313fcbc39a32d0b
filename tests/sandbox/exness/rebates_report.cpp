// GET /api/v2/autorebates/clients/: running totals, here with volume_usd instead of volume_mln_usd.
#include <array>

#include "tests/sandbox/exness/people.hpp"
#include "tests/sandbox/exness/rebates.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array rebate_measures{
    Measure{"volume_lots", Unit::plain},    Measure{"volume_usd", Unit::usd},
    Measure{"reward", Unit::own},           Measure{"reward_usd", Unit::usd},
    Measure{"processed_rebate", Unit::own}, Measure{"processed_rebate_usd", Unit::usd}};
constexpr std::array<std::string_view, 4> rebate_order_columns{"client_account", "client_uid",
                                                               "reg_date", "reward_usd"};
constexpr std::array rebate_filters{SetFilter{"client_account", ValueForm::digits},
                                    SetFilter{"group_id", ValueForm::digits},
                                    SetFilter{"country", ValueForm::any}};

}  // namespace

Rebates::Rebates(World const& world, Rewards const& rewards)
    : Feed("rebates", "/api/v2/autorebates/clients/", world.accounts()),
      world_(world),
      rewards_(rewards) {}

int Rebates::day(Handle row) const {
  return world_.client(world_.account(row).client).registered;
}

void Rebates::write_row(Handle row, std::string& out) const {
  auto const account = world_.account(row);
  auto const client = world_.client(account.client);
  auto const& partner = World::partner(client.partner);
  auto const measured = measure(row);
  auto const group = RebateGroups::group_of(row);
  ObjectWriter json(out);
  json.raw("id", key(row));
  json.plain("client_uid", short_uid(client));
  json.plain("partner_account", partner.account);
  json.plain("client_account", std::to_string(account.number));
  json.number("group_id", static_cast<std::int64_t>(RebateGroups::id_of(group)));
  for (std::size_t i = 0; i < rebate_measures.size(); ++i)
    json.python_number(rebate_measures[i].field, measured.values[i]);
  json.number("rebate_percent", RebateGroups::percent_of(group) + static_cast<int>(revision(row)));
  json.number("rebate_group_percent", RebateGroups::percent_of(group));
  json.text("group_title", RebateGroups::title_of(group));
  json.plain("client_account_type", account.type);
  json.plain("country", client.country);
  json.plain("partner_currency", currencies[partner.currency]);
  json.plain("partner_code", partner.code);
  json.plain("reg_date", world_.day_text(client.registered));
  json.plain("destination_client_account", std::to_string(account.number));
  json.raw("rebate_size", R"({"min":0.5,"max":12.75})");
  json.close();
}

std::span<Measure const> Rebates::measures() const {
  return rebate_measures;
}

MeasuredRow Rebates::measure(Handle row) const {
  auto const& sums = rewards_.sums()[row];
  auto const percent = RebateGroups::percent_of(RebateGroups::group_of(row));
  MeasuredRow out;
  out.currency = World::partner(world_.client(world_.account(row).client).partner).currency;
  out.values = {round_fixed(sums.volume_lots, 7),
                round_fixed(sums.volume_mln_usd, 4) * 1'000'000,
                round_fixed(sums.reward, 2),
                round_fixed(sums.reward_usd, 2),
                round_fixed(sums.reward / 100 * percent, 2),
                round_fixed(sums.reward_usd / 100 * percent, 2)};
  return out;
}

void Rebates::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.plain("group_title", "");
  out.number("assign_clients_count", static_cast<std::int64_t>(totals.rows));
}

std::span<std::string_view const> Rebates::order_columns() const {
  return rebate_order_columns;
}

std::uint64_t Rebates::order_key(Handle row, std::size_t column) const {
  switch (column) {
    case 0:
      return row;
    case 1:
      return world_.client(world_.account(row).client).uid_high;
    case 2:
      return static_cast<std::uint64_t>(day(row)) + 1'000'000;
    default:
      return static_cast<std::uint64_t>(measure(row).values[3]) ^ (std::uint64_t{1} << 63);
  }
}

std::span<SetFilter const> Rebates::set_filters() const {
  return rebate_filters;
}

std::string Rebates::filter_value(Handle row, std::size_t filter) const {
  if (filter == 0) return std::to_string(world_.account(row).number);
  if (filter == 1) return std::to_string(RebateGroups::id_of(RebateGroups::group_of(row)));
  return std::string(world_.client(world_.account(row).client).country);
}

}  // namespace affsync::sandbox::exness
