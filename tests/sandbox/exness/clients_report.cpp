// GET /api/v2/reports/clients/: here the uid is a full UUID, and volumes are numbers.
#include <array>

#include "tests/sandbox/exness/people.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::array client_measures{
    Measure{"volume_lots", Unit::plain}, Measure{"volume_mln_usd", Unit::plain},
    Measure{"reward_usd", Unit::usd}, Measure{"rebate_amount_usd", Unit::usd}};
constexpr std::array<std::string_view, 3> client_order_columns{"client_uid", "reg_date",
                                                               "reward_usd"};
constexpr std::array client_filters{SetFilter{"client_uid", ValueForm::full_uuid}};
constexpr std::array<std::string_view, 6> statuses{"ACTIVE",   "ACTIVE", "ACTIVE",
                                                   "INACTIVE", "LEFT",   "CHANGING"};

}  // namespace

Clients::Clients(World const& world, Rewards const& rewards)
    : Feed("clients", "/api/v2/reports/clients/", world.clients()),
      world_(world),
      rewards_(rewards) {}

std::string Clients::key(Handle row) const {
  return full_uid(world_.client(row));
}

AccountSums Clients::sums(Handle row) const {
  auto const each = world_.options().accounts_per_client;
  AccountSums sums;
  for (auto account = row * each; account < (row + 1) * each; ++account) {
    auto const& one = rewards_.sums()[account];
    sums.volume_lots += one.volume_lots;
    sums.volume_mln_usd += one.volume_mln_usd;
    sums.reward_usd += one.reward_usd;
    sums.last_day = std::max(sums.last_day, one.last_day);
  }
  return sums;
}

void Clients::write_row(Handle row, std::string& out) const {
  auto const client = world_.client(row);
  auto const values = measure(row).values;
  auto const last_day = sums(row).last_day;
  Noise noise(world_.seed(), 's', row, revision(row));
  bool const traded = last_day != AccountSums::never;
  ObjectWriter json(out);
  json.plain("partner_account", World::partner(client.partner).account);
  json.plain("client_uid", full_uid(client));
  json.plain("reg_date", world_.day_text(client.registered));
  json.plain("client_country", client.country);
  json.plain("client_status", statuses[(noise.below(6) + revision(row)) % statuses.size()]);
  bool const shared = noise.below(4) == 0;
  json.plain("client_contact_sharing_status", shared ? "APPROVED" : "EMPTY");
  for (auto const* name : {"last_partner_contact_sharing_dt", "last_client_contact_sharing_dt"}) {
    if (shared)
      json.plain(name, world_.time_text(client.registered + 3, noise.bits()));
    else
      json.null(name);
  }
  json.python_number("volume_lots", values[0]);
  json.python_number("volume_mln_usd", values[1]);
  json.fixed_text("reward_usd", values[2], 2);
  json.python_number("rebate_amount_usd", values[3]);
  write_last_day(json, "trade_fn", world_, last_day);
  bool const deposited = traded || noise.below(2) == 0;
  json.boolean("kyc_passed", deposited);
  json.boolean("ftd_received", deposited);
  json.boolean("ftt_made", traded);
  for (auto const* band : {"client_balance", "client_equity", "deposit_amount", "ftd_amount"})
    json.number(band, deposited ? 1 + noise.below(6) : 0);
  json.number("last_week_failed_deposit_count", noise.below(3) / 2);
  json.raw("comment", client.comment);
  json.close();
}

std::span<Measure const> Clients::measures() const {
  return client_measures;
}

MeasuredRow Clients::measure(Handle row) const {
  auto const all = sums(row);
  MeasuredRow out;
  out.values = {round_fixed(all.volume_lots, 7), round_fixed(all.volume_mln_usd, 4),
                round_fixed(all.reward_usd, 2), round_fixed(all.reward_usd / 4, 2)};
  return out;
}

void Clients::write_totals(Totals const& totals, ObjectWriter& out) const {
  out.shortest_number("volume_lots", totals.sum(0));
  out.shortest_number("volume_mln_usd", totals.sum(1));
  out.fixed_text("reward_usd", totals.sum(2), 2);
  out.plain("server_dt", format_time(SystemClock().now()));
  out.number("available_for_request", 50);
}

std::span<std::string_view const> Clients::order_columns() const {
  return client_order_columns;
}

std::uint64_t Clients::order_key(Handle row, std::size_t column) const {
  if (column == 0) return world_.client(row).uid_high;
  // Clients that registered before the history have negative day numbers.
  if (column == 1) return static_cast<std::uint64_t>(world_.client(row).registered + 1'000'000);
  return static_cast<std::uint64_t>(measure(row).values[2]) ^ (std::uint64_t{1} << 63);
}

std::span<SetFilter const> Clients::set_filters() const {
  return client_filters;
}

std::string Clients::filter_value(Handle row, std::size_t) const {
  return key(row);
}

}  // namespace affsync::sandbox::exness
