// Rows of referrals, exchanges and payouts.
#include "tests/sandbox/iexexchanger_v3/lists.hpp"

#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/iexexchanger_v3/envelope.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::iexexchanger_v3 {
namespace {

using iexexchanger::bonus_currencies;
using iexexchanger::php_string;

constexpr std::array<std::string_view, 5> client_names{"Иван Петров", "Anna \"Nut\" Lee", "Li Wei",
                                                       "", "O'Brien / Söhne"};
constexpr std::array<std::string_view, 3> exchange_states{"completed", "hold", "reversed"};
constexpr std::array<std::string_view, 3> payout_states{"pending", "paid", "rejected"};
constexpr std::array referral_filters{SetFilter{"filter[id]", ValueForm::any},
                                      SetFilter{"filter[client_id]", ValueForm::digits},
                                      SetFilter{"filter[client_email]", ValueForm::any},
                                      SetFilter{"filter[client_name]", ValueForm::any}};
constexpr std::array exchange_filters{SetFilter{"filter[id]", ValueForm::any},
                                      SetFilter{"filter[order_id]", ValueForm::any},
                                      SetFilter{"filter[client_id]", ValueForm::digits},
                                      SetFilter{"filter[status]", ValueForm::any},
                                      SetFilter{"filter[order_public_id]", ValueForm::any},
                                      SetFilter{"filter[order_tracking_id]", ValueForm::any},
                                      SetFilter{"filter[client_email]", ValueForm::any}};
constexpr std::array payout_filters{
    SetFilter{"filter[id]", ValueForm::digits},  SetFilter{"filter[public_id]", ValueForm::any},
    SetFilter{"filter[wallet]", ValueForm::any}, SetFilter{"filter[tx_id]", ValueForm::any},
    SetFilter{"filter[status]", ValueForm::any}, SetFilter{"filter[currency]", ValueForm::any}};

// Roubles have two decimals, tokens eight.
int places(unsigned currency) {
  return currency == 0 ? 2 : 8;
}

std::string public_id(std::uint64_t id) {
  return "EX-" + std::to_string(scramble(id) % 90'000'000 + 10'000'000);
}
std::string tracking_id(std::uint64_t id) {
  return "trk_" + std::to_string(scramble(id ^ 77));
}
std::string payout_id(std::uint64_t id) {
  return "WD-" + std::to_string(scramble(id) % 9'000'000 + 1'000'000);
}
std::string wallet_of(iexexchanger::Withdrawal const& it) {
  return it.currency == 1 ? "TXj" + std::to_string(scramble(it.id % 2))
                          : "220070000000" + std::to_string(1000 + it.id % 3);
}
std::string transaction_of(iexexchanger::Withdrawal const& it) {
  return it.state == iexexchanger::WithdrawalState::paid ? "tx" + std::to_string(scramble(it.id))
                                                         : std::string();
}

}  // namespace

ReferralList::ReferralList(std::string path, PartnerOptions const& options,
                           SandboxClock const& clock)
    : TimedFeed("referrals", std::move(path), chosen(options.clients, 60),
                iexexchanger::history_of(options, clients_before), clock) {}

Referral ReferralList::referral(Handle row) const {
  auto const number = ordinal(row);
  Referral out;
  out.id = 301 + number;
  out.client_id = 9'000 + number * 3;
  out.email = "client" + std::to_string(out.client_id) + "@example.com";
  out.name = client_names[Noise(seed(), 'n', number, revision(row)).below(client_names.size())];
  out.created = created(row);
  return out;
}

void ReferralList::write_row(Handle row, std::string& out) const {
  auto const it = referral(row);
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.number("client_id", static_cast<std::int64_t>(it.client_id));
  json.raw("client_name", it.name.empty() ? "null" : php_string(it.name));
  json.plain("client_email", it.email);
  json.plain("created_at", offset_time(it.created));
  json.close();
}

std::span<SetFilter const> ReferralList::set_filters() const {
  return referral_filters;
}

std::string ReferralList::filter_value(Handle row, std::size_t filter) const {
  auto const it = referral(row);
  return filter == 0   ? std::to_string(it.id)
         : filter == 1 ? std::to_string(it.client_id)
         : filter == 2 ? it.email
                       : it.name;
}

void ExchangeList::write_row(Handle row, std::string& out) const {
  auto const it = bonus(row);
  auto const client = referrals_.referral(referrals_.handle(it.client));
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.number("order_id", it.order_id);
  json.plain("order_public_id", public_id(it.id));
  json.plain("order_tracking_id", tracking_id(it.id));
  json.number("client_id", static_cast<std::int64_t>(client.client_id));
  json.plain("client_email", client.email);
  json.plain("status", exchange_states[static_cast<std::size_t>(it.state)]);
  json.fixed_text("bonus", it.amount, places(it.currency));
  json.plain("currency", bonus_currencies[it.currency]);
  json.plain("created_at", offset_time(it.created));
  json.close();
}

std::span<SetFilter const> ExchangeList::set_filters() const {
  return exchange_filters;
}

std::string ExchangeList::filter_value(Handle row, std::size_t filter) const {
  auto const it = bonus(row);
  switch (filter) {
    case 0:
      return std::to_string(it.id);
    case 1:
      return std::to_string(it.order_id);
    case 2:
      return std::to_string(referrals_.referral(referrals_.handle(it.client)).client_id);
    case 3:
      return std::string(exchange_states[static_cast<std::size_t>(it.state)]);
    case 4:
      return public_id(it.id);
    case 5:
      return tracking_id(it.id);
    default:
      return referrals_.referral(referrals_.handle(it.client)).email;
  }
}

void PayoutList::write_row(Handle row, std::string& out) const {
  auto const it = withdrawal(row);
  auto const transaction = transaction_of(it);
  bool const paid = it.state == iexexchanger::WithdrawalState::paid;
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.plain("public_id", payout_id(it.id));
  json.plain("wallet", wallet_of(it));
  if (transaction.empty())
    json.null("tx_id");
  else
    json.plain("tx_id", transaction);
  json.plain("status", payout_states[static_cast<std::size_t>(it.state)]);
  json.plain("currency", bonus_currencies[it.currency]);
  json.fixed_text("amount", it.amount, places(it.currency));
  json.plain("created_at", offset_time(it.created));
  if (paid && it.decided)
    json.plain("paid_at", offset_time(*it.decided));
  else
    json.null("paid_at");
  json.close();
}

std::span<SetFilter const> PayoutList::set_filters() const {
  return payout_filters;
}

std::string PayoutList::filter_value(Handle row, std::size_t filter) const {
  auto const it = withdrawal(row);
  switch (filter) {
    case 0:
      return std::to_string(it.id);
    case 1:
      return payout_id(it.id);
    case 2:
      return wallet_of(it);
    case 3:
      return transaction_of(it);
    case 4:
      return std::string(payout_states[static_cast<std::size_t>(it.state)]);
    default:
      return std::string(bonus_currencies[it.currency]);
  }
}

void PartnerPage::write_row(Handle, std::string& out) const {
  auto const& now = balances();
  ObjectWriter json(out);
  json.fixed_text("balance", now.balance, 2);
  json.plain("currency", "RUB");
  json.raw("percent_referral", "0.5");
  json.number("count_referral", static_cast<std::int64_t>(referrals_.size()));
  json.name("totals");
  ObjectWriter totals(out);
  totals.fixed_text("balance", now.free, 2);
  totals.fixed_text("withdrawal", now.withdrawn, 2);
  totals.close();
  json.close();
}

}  // namespace affsync::sandbox::iexexchanger_v3
