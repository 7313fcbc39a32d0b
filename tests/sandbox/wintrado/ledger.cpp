// GET /commissions/ledger: computes rows from their numbers and later changes.
#include "tests/sandbox/wintrado/ledger.hpp"

#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::wintrado {
namespace {

struct Kind {
  std::string_view commission, action;
};

constexpr std::array kinds{Kind{"CPA", "FTD"}, Kind{"REVSHARE", "TRADE"}, Kind{"LOTS", "TRADE"},
                           Kind{"CPL", "REGISTRATION"}, Kind{"SUB_AFFILIATE", "COMMISSION"}};
// The kind of each of ten rows.
constexpr std::array<std::size_t, 10> kind_of{0, 0, 1, 1, 1, 1, 2, 2, 3, 4};
constexpr std::array<Fixed, 4> bounties{150 * fixed_one, 200 * fixed_one, 400 * fixed_one,
                                        12'550 * fixed_one / 100};
constexpr std::array ledger_measures{
    Measure{"amount", Unit::own}, Measure{"commissionAmount", Unit::own},
    Measure{"correctedCommissionAmount", Unit::own}, Measure{"amount_pending", Unit::own},
    Measure{"amount_paid", Unit::own}};
constexpr std::array<std::string_view, 2> ledger_actions{"pay", "correct"};
constexpr Fixed ledger_cent = fixed_one / 100;
constexpr std::chrono::days pay_period{14};

Fixed amount_of(Noise& noise, std::size_t kind) {
  switch (kind) {
    case 0:
      return bounties[noise.below(bounties.size())];
    case 1: {
      // A share of the broker's gain or loss on that day, with all its decimals.
      Fixed const share = Fixed{noise.below(2'000'000'000)} * (1 + noise.below(8)) + 1;
      Fixed const value = noise.one_in(40) ? 1 + Fixed{noise.below(900)} : share;
      return noise.one_in(12) ? -value : value;
    }
    case 2:
      return ledger_cent / 10 * (1 + noise.below(90'000));
    case 3:
      return 5 * fixed_one;
    default:
      return ledger_cent * (1 + noise.below(9'000));
  }
}

// Prints a number as JavaScript does: 12.5, 0.0000012, 1.2e-7.
void append_script_number(std::string& out, Fixed value) {
  Fixed const size = value < 0 ? -value : value;
  if (size == 0 || size >= 100) {
    append_shortest(out, value);
    return;
  }
  if (value < 0) out += '-';
  out += static_cast<char>('0' + (size < 10 ? size : size / 10));
  if (size >= 10 && size % 10 != 0) out.append(".") += static_cast<char>('0' + size % 10);
  out += size < 10 ? "e-8" : "e-7";
}

void write_moment(ObjectWriter& json, std::string_view name, std::optional<TimePoint> time) {
  json.name(name);
  if (!time) {
    json.buffer() += "null";
    return;
  }
  json.buffer() += '"';
  append_milliseconds(json.buffer(), *time);
  json.buffer() += '"';
}

}  // namespace

Ledger::Ledger(std::string path, std::uint32_t rows, History history, Customers const& customers,
               SandboxClock const& clock)
    : TimedFeed("ledger", std::move(path), rows, history, clock), customers_(customers) {}

Ledger::Later const* Ledger::later(Handle row) const {
  if (later_.empty()) return nullptr;
  auto const found = later_.find(row);
  return found == later_.end() ? nullptr : &found->second;
}

std::optional<TimePoint> Ledger::paid_at(Handle row) const {
  if (auto const* known = later(row); known && known->paid) return known->paid;
  if (row >= first_added) return std::nullopt;
  auto const periods = (created(row) - TimePoint{}) / pay_period + 1;
  auto const paid = TimePoint{} + periods * pay_period + std::chrono::hours(10);
  if (paid + std::chrono::days(7) > history().end) return std::nullopt;
  return paid;
}

Commission Ledger::commission(Handle row) const {
  Noise noise(seed(), 'l', ordinal(row));
  Commission out;
  out.kind = kind_of[noise.below(kind_of.size())];
  out.earned = created(row);
  auto const known =
      row < first_added ? customers_.created_by(out.earned) : customers_.total_created();
  out.customer = customers_.handle(noise.below(static_cast<std::uint32_t>(known)));
  auto const currency = noise.below(10);
  out.currency = currency < 7 ? 0 : currency - 7u < 2 ? 1 : 2;
  out.amount = amount_of(noise, out.kind);
  out.paid = paid_at(row);
  out.updated = out.paid.value_or(out.earned + std::chrono::milliseconds(250));
  auto const* known_later = later(row);
  unsigned const corrections =
      known_later ? known_later->corrections : (row < first_added && noise.one_in(25) ? 1 : 0);
  if (corrections > 0) {
    Noise correction(seed(), 'x', ordinal(row), corrections);
    out.corrected = correction.one_in(4) ? 0 : out.amount / 100 * (20 + correction.below(70));
  }
  if (known_later) out.updated = known_later->updated;
  return out;
}

void Ledger::changed(Handle row) {
  auto const before = commission(row);
  auto& now = later_[row];
  now.corrections = std::max(now.corrections, before.corrected ? 1u : 0u) + 1;
  now.updated = clock().now();
  note_change();
}

std::span<std::string_view const> Ledger::actions() const {
  return ledger_actions;
}

bool Ledger::can_act(std::size_t action, Handle row) const {
  return action == 0 ? !is_paid(row) : !commission(row).corrected;
}

void Ledger::act(std::size_t action, Handle row) {
  if (action == 1) {
    changed(row);
    return;
  }
  bool const corrected = commission(row).corrected.has_value();
  auto& now = later_[row];
  now.corrections = std::max(now.corrections, corrected ? 1u : 0u);
  now.paid = now.updated = clock().now();
  note_change();
}

void Ledger::write_row(Handle row, std::string& out) const {
  auto const it = commission(row);
  auto const person = customers_.person(it.customer);
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(id(row)));
  json.plain("introducerId", "8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7");
  json.raw("introducer", R"({"id":"8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7","name":"Pat Partner",)"
                         R"("email":"partner@example.com","refKey":"partner1"})");
  json.plain("referralId", person.id);
  json.name("referral");
  ObjectWriter referral(out);
  referral.plain("id", person.id);
  referral.number("accountId", static_cast<std::int64_t>(person.account));
  referral.text("name", person.name());
  referral.plain("email", person.email());
  referral.close();
  json.plain("commissionType", kinds[it.kind].commission);
  json.plain("actionType", kinds[it.kind].action);
  json.plain("actionDetails", "event " + std::to_string(scramble(ordinal(row)) % 1'000'000));
  json.name("commissionAmount");
  append_script_number(out, it.amount);
  json.name("correctedCommissionAmount");
  if (it.corrected)
    append_script_number(out, *it.corrected);
  else
    out += "null";
  json.plain("currency", wallet_currencies[it.currency]);
  write_moment(json, "actionTimestamp", it.earned);
  write_moment(json, "payoutAt", it.paid);
  write_moment(json, "updatedAt", it.updated);
  write_moment(json, "createdAt", it.earned + std::chrono::milliseconds(250));
  if (it.corrected)
    json.text("adminComments", "duplicate \"account\", see ticket");
  else
    json.null("adminComments");
  json.raw("adminId", it.corrected ? R"("adm-4")" : "null");
  json.raw("admin", it.corrected ? R"({"id":"adm-4","name":"Kim Admin"})" : "null");
  json.close();
}

std::span<Measure const> Ledger::measures() const {
  return ledger_measures;
}

MeasuredRow Ledger::measure(Handle row) const {
  auto const it = commission(row);
  MeasuredRow out;
  out.currency = it.currency;
  out.values = {it.effective(), it.amount, it.corrected.value_or(0), it.paid ? 0 : it.effective(),
                it.paid ? it.effective() : 0};
  return out;
}

}  // namespace affsync::sandbox::wintrado
