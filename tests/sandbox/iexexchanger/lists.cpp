// The three bodies of API v2.
#include "tests/sandbox/iexexchanger/lists.hpp"

#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/iexexchanger/russian_time.hpp"

namespace affsync::sandbox::iexexchanger {
namespace {

constexpr std::array<std::string_view, 3> currencies_small{"rub", "usdt", "usd"};
constexpr std::array<std::string_view, 3> payment_methods{"Сбербанк RUB", "Tether TRC-20 / USDT",
                                                          "СБП «Любой банк»"};

}  // namespace

void ExchangeList::write_row(Handle row, std::string& out) const {
  auto const it = bonus(row);
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.plain("type", "referral_charge");
  json.name("attributes");
  ObjectWriter attributes(out);
  attributes.plain("status", "referral");
  attributes.raw("created_at", php_string(relative_text(it.created, clock().now(), options_.zone,
                                                        options_.carbon)));
  attributes.raw("amount", php_number(it.amount));
  attributes.plain("currency", currencies_small[it.currency]);
  attributes.number("order_id", it.order_id);
  attributes.close();
  json.close();
}

void WithdrawalList::write_row(Handle row, std::string& out) const {
  constexpr std::array<std::string_view, 3> states{"unpaid", "paid", "rejected"};
  auto const it = withdrawal(row);
  ObjectWriter json(out);
  json.number("id", static_cast<std::int64_t>(it.id));
  json.plain("type", "referral_charge");
  json.name("attributes");
  ObjectWriter attributes(out);
  attributes.raw("created_at", php_string(absolute_text(it.created, options_.zone)));
  attributes.plain("payout_status", states[static_cast<std::size_t>(it.state)]);
  attributes.name("charged_amount");
  ObjectWriter charged(out);
  charged.shortest_text("amount", it.amount);
  charged.plain("currency", bonus_currencies[it.currency]);
  charged.raw("name", php_string(payment_methods[it.currency == 1 ? 1 : it.id % 2 * 2]));
  charged.close();
  attributes.close();
  json.close();
}

void PartnerPage::write_row(Handle, std::string& out) const {
  auto const& now = balances();
  ObjectWriter json(out);
  json.plain("type", "referral");
  json.name("attributes");
  ObjectWriter attributes(out);
  attributes.raw("percent_referral", "0.5");
  attributes.number("count_referral", referrals_);
  attributes.plain("iso_code", "rub");
  attributes.plain("referral_hash", "a8Kd03xQ");
  attributes.shortest_number("balance", now.balance);
  attributes.name("totals");
  ObjectWriter totals(out);
  totals.raw("balance", float_noise(now.free));
  totals.raw("withdrawal", float_noise(now.withdrawn));
  totals.close();
  attributes.close();
  json.close();
}

}  // namespace affsync::sandbox::iexexchanger
