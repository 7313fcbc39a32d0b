// Computes rewards from their row numbers.
#include "tests/sandbox/exness/rewards.hpp"

#include <algorithm>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

// Markets are nearly closed at weekends.
std::uint64_t weight_of(Day day) {
  auto const weekday = std::chrono::weekday(day).c_encoding();
  return weekday == 0 || weekday == 6 ? 1 : 6;
}

constexpr Fixed cent = fixed_one / 100;

// Usually two decimals, as traders type them; sometimes as many as the reports show.
Fixed volume(Noise& noise) {
  switch (noise.below(20)) {
    case 0:
      return 0;
    case 1:
      return fixed_one * noise.below(4) + 10 * Fixed{noise.below(9'999'999)};
    case 2:
      return 10 * Fixed{1 + noise.below(90)};  // cent accounts trade a few millionths
    default:
      return cent * (1 + noise.below(600));
  }
}

int digits_of(Noise& noise) {
  auto const kind = noise.below(20);
  return kind < 15 ? 2 : kind < 17 ? 4 : kind < 18 ? 5 : 8;
}

}  // namespace

Rewards::Rewards(World const& world)
    : Feed("rewards", "/api/reports/rewards/", world.options().rewards), world_(world) {
  auto const& options = world.options();
  std::vector<std::uint64_t> weights;
  std::uint64_t sum = 0;
  for (std::uint32_t day = 0; day < options.days; ++day)
    weights.push_back(sum += weight_of(world.first_day() + std::chrono::days(day)));
  Handle first = 0;
  for (std::uint32_t day = 0; day < options.days; ++day) {
    auto const next = static_cast<Handle>(options.rewards * weights[day] / sum);
    auto const accounts = std::max(1u, world.accounts_on(static_cast<int>(day)));
    days_.push_back({first, next - first, accounts, Noise(world.seed(), 'd', day).below(accounts)});
    first = next;
  }
}

Rewards::Added Rewards::locate(Handle row) const {
  if (row >= first_added) return added_[row - first_added];
  auto const after = std::upper_bound(days_.begin(), days_.end(), row,
                                      [](Handle r, DayRows const& d) { return r < d.first; });
  auto const day = after - days_.begin() - 1;
  auto const& rows = days_[static_cast<std::size_t>(day)];
  auto const place = std::uint64_t{row} - rows.first;
  return {static_cast<int>(day),
          static_cast<std::uint32_t>((place * rows.accounts + rows.start) / rows.rows)};
}

int Rewards::day(Handle row) const {
  return locate(row).day;
}
std::uint32_t Rewards::account_of(Handle row) const {
  return locate(row).account;
}

std::uint64_t Rewards::natural_key(Handle row) const {
  auto const place = locate(row);
  return (static_cast<std::uint64_t>(place.day) << 32) | place.account;
}

Handle Rewards::make(int day, std::uint32_t account) {
  added_.push_back({day, account});
  return first_added + static_cast<Handle>(added_.size() - 1);
}

std::vector<Handle> Rewards::add(std::size_t count, int day) {
  auto const accounts = std::max(1u, world_.accounts_on(day));
  Noise noise(world_.seed(), 'n', added_.size());
  std::vector<Handle> made;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const account = (i * accounts + noise.below(accounts)) / count;
    made.push_back(make(day, static_cast<std::uint32_t>(account)));
    insert(made.back());
  }
  return made;
}

std::optional<Handle> Rewards::make_like(Handle row) {
  auto const place = locate(row);
  return make(place.day, place.account);
}

void Rewards::fill_amounts(Reward& reward, Handle row) const {
  Noise noise(world_.seed(), 'r', row, revision(row));
  reward.volume_lots = volume(noise);
  reward.volume_mln_usd = round_fixed(reward.volume_lots / 1000 * Fixed{80 + noise.below(60)}, 4);
  reward.digits = digits_of(noise);
  // A few are zero, a few are a correction of an earlier day, the others are a usual reward.
  Fixed amount = 0;
  auto const kind = noise.below(200);
  if (kind == 0)
    amount = -cent * Fixed{1 + noise.below(2'000)};
  else if (kind >= 8)
    amount = round_fixed(1'000 * Fixed{noise.below(4'000'000)} / (1 + kind % 7),
                         noise.below(5) == 0 ? 2 : reward.digits);
  if (revision(row) > 0)
    amount = round_fixed(amount / 2 - cent * Fixed{revision(row)}, reward.digits);
  reward.reward = amount;
  reward.reward_usd =
      reward.currency == 0 ? amount : round_fixed(amount / 10'000 * 10'837, reward.digits);
}

Reward Rewards::reward(Handle row) const {
  Reward reward;
  reward.id = 7'000'000'000u + std::uint64_t{row} * 4 + (scramble(row) & 3);
  auto const place = locate(row);
  reward.day = place.day;
  reward.account = place.account;
  auto const client = reward.account / world_.options().accounts_per_client;
  reward.currency = World::partner(world_.client(client).partner).currency;
  reward.orders = orders_of(row);
  fill_amounts(reward, row);
  return reward;
}

std::vector<AccountSums> const& Rewards::sums() const {
  if (sums_version_ != version() || sums_.size() != world_.accounts()) {
    sums_.assign(world_.accounts(), AccountSums());
    for (std::size_t i = 0; i < size(); ++i) {
      auto const one = reward(at(i));
      auto& sums = sums_[one.account];
      sums.volume_lots += one.volume_lots;
      sums.volume_mln_usd += one.volume_mln_usd;
      sums.reward += one.reward;
      sums.reward_usd += one.reward_usd;
      sums.last_day = std::max(sums.last_day, one.day);
    }
    sums_version_ = version();
  }
  return sums_;
}

}  // namespace affsync::sandbox::exness
