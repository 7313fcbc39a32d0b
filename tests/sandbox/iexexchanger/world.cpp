// Computes exchanges and withdrawals from their numbers.
#include "tests/sandbox/iexexchanger/world.hpp"

#include <algorithm>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::iexexchanger {
namespace {

constexpr std::array<std::string_view, 2> bonus_actions{"reverse", "settle"};
constexpr std::array<std::string_view, 2> withdrawal_actions{"pay", "reject"};
constexpr std::array partner_measures{Measure{"balance", Unit::own},
                                      Measure{"totals.balance", Unit::own},
                                      Measure{"totals.withdrawal", Unit::own}};
constexpr Fixed kopeck = fixed_one / 100;
constexpr std::chrono::days hold_time{3};
constexpr std::uint64_t open_withdrawals = 2;  // the last withdrawals of the seed are open

// Of 22 order numbers, 19 are the creation time, one is a counter and two are other 13-digit
// numbers.
std::int64_t order_number(std::uint64_t ordinal, TimePoint created) {
  auto const kind = ordinal % 22;
  if (kind == 9) return 1'000'000'000 + static_cast<std::int64_t>(ordinal) * 7;
  if (kind == 4 || kind == 15)
    return 1'000'000'000'000 + static_cast<std::int64_t>(scramble(ordinal) % 100'000'000'000);
  return std::chrono::floor<std::chrono::milliseconds>(created).time_since_epoch().count();
}

}  // namespace

History history_of(PartnerOptions const& options, std::chrono::days earlier) {
  return {TimePoint(options.today), std::chrono::days(chosen(options.days, 180)) + earlier,
          options.seed};
}

Exchanges::Exchanges(std::string path, PartnerOptions const& options, MeasureNames names,
                     bool shows_state, SandboxClock const& clock)
    : TimedFeed("exchanges", std::move(path), chosen(options.rows, 300), history_of(options),
                clock),
      clients_(chosen(options.clients, 60)),
      names_(names),
      shows_state_(shows_state) {}

BonusState Exchanges::state_of(Handle row) const {
  if (!shows_state_) return BonusState::completed;
  if (!states_.empty())
    if (auto const found = states_.find(row); found != states_.end()) return found->second;
  if (row >= first_added || created(row) > history().end - hold_time) return BonusState::hold;
  return Noise(seed(), 'h', ordinal(row)).one_in(40) ? BonusState::reversed : BonusState::completed;
}

std::uint64_t Exchanges::clients_by(TimePoint time) const {
  using std::chrono::seconds;
  auto const whole = seconds(history().length + clients_before);
  auto const passed = std::chrono::floor<seconds>(time - history().end) + whole;
  auto const share = std::clamp(passed.count(), seconds::rep{0}, whole.count());
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(clients_ * share / whole.count()));
}

Bonus Exchanges::bonus(Handle row) const {
  auto const number = ordinal(row);
  Noise noise(seed(), 'b', number, revision(row));
  Bonus out;
  out.id = 7'001 + number;
  out.created = created(row);
  out.order_id = order_number(number, out.created);
  out.state = state_of(row);
  Noise fixed(seed(), 'i', number);  // for values that a change of the amount keeps
  out.client = fixed.below(static_cast<std::uint32_t>(clients_by(out.created)));
  auto const currency = fixed.below(10);
  out.currency = currency < 7 ? 0 : currency < 9 ? 1 : 2;
  // Rouble amounts have whole kopecks; tokens have as many decimals as the rate gives.
  out.amount = out.currency == 0 ? kopeck * (1 + noise.below(30'000))
                                 : 1 + Fixed{noise.below(2'000'000'000)};
  if (out.currency != 0 && noise.one_in(20)) out.amount = 1 + Fixed{noise.below(9'000)};
  if (noise.one_in(50)) out.amount = 0;
  return out;
}

MeasuredRow Exchanges::measure(Handle row) const {
  auto const it = bonus(row);
  MeasuredRow out;
  out.currency = it.currency;
  out.values = {it.amount, it.state == BonusState::completed ? it.amount : 0};
  return out;
}

std::span<std::string_view const> Exchanges::actions() const {
  return std::span(bonus_actions).first(shows_state_ ? 2 : 1);
}

bool Exchanges::can_act(std::size_t action, Handle row) const {
  auto const state = state_of(row);
  return action == 0 ? state != BonusState::reversed : state == BonusState::hold;
}

void Exchanges::act(std::size_t action, Handle row) {
  if (!shows_state_) {
    remove(row);
    return;
  }
  states_[row] = action == 0 ? BonusState::reversed : BonusState::completed;
  note_change();
}

Withdrawals::Withdrawals(std::string name, std::string path, PartnerOptions const& options,
                         MeasureNames names, SandboxClock const& clock)
    : TimedFeed(std::move(name), std::move(path), chosen(options.payouts, 25), history_of(options),
                clock),
      names_(names) {}

Withdrawal Withdrawals::withdrawal(Handle row) const {
  auto const number = ordinal(row);
  Noise noise(seed(), 'v', number, revision(row));
  Withdrawal out;
  out.id = 501 + number;
  out.created = created(row);
  out.amount = kopeck * (10'000 + noise.below(60'000));
  out.currency = number % 5 == 3 ? 1 : 0;
  out.state = WithdrawalState::unpaid;
  if (auto const found = decisions_.find(row); found != decisions_.end()) {
    out.state = found->second.state;
    out.decided = found->second.time;
  } else if (row < first_added && number + open_withdrawals < base_rows()) {
    Noise fate(seed(), 'g', number);
    out.state = fate.one_in(7) ? WithdrawalState::rejected : WithdrawalState::paid;
    out.decided = std::min(out.created + std::chrono::minutes(30 + fate.below(3'000)),
                           history().end - std::chrono::minutes(1));
  }
  return out;
}

MeasuredRow Withdrawals::measure(Handle row) const {
  auto const it = withdrawal(row);
  MeasuredRow out;
  out.currency = it.currency;
  out.values = {it.amount, it.state == WithdrawalState::paid ? it.amount : 0};
  return out;
}

std::span<std::string_view const> Withdrawals::actions() const {
  return withdrawal_actions;
}

bool Withdrawals::can_act(std::size_t, Handle row) const {
  return withdrawal(row).state == WithdrawalState::unpaid;
}

void Withdrawals::act(std::size_t action, Handle row) {
  decisions_[row] = {action == 0 ? WithdrawalState::paid : WithdrawalState::rejected,
                     clock().now()};
  note_change();
}

Balances const& Partner::balances() const {
  auto const versions = exchanges_.version() + (withdrawals_.version() << 32);
  if (versions == versions_) return balances_;
  versions_ = versions;
  WideSum unpaid = 0;
  balances_.withdrawn = 0;
  for (std::size_t i = 0; i < withdrawals_.size(); ++i) {
    auto const one = withdrawals_.withdrawal(withdrawals_.at(i));
    if (one.currency != 0) continue;
    if (one.state == WithdrawalState::paid) balances_.withdrawn += one.amount;
    if (one.state == WithdrawalState::unpaid) unpaid += one.amount;
  }
  balances_.balance = exchanges_.totals().sums[1][0] - balances_.withdrawn;
  balances_.free = balances_.balance - unpaid;
  return balances_;
}

std::span<Measure const> Partner::measures() const {
  return partner_measures;
}

MeasuredRow Partner::measure(Handle) const {
  auto const& now = balances();
  MeasuredRow out;
  out.values = {static_cast<Fixed>(now.balance), static_cast<Fixed>(now.free),
                static_cast<Fixed>(now.withdrawn)};
  return out;
}

}  // namespace affsync::sandbox::iexexchanger
