#include "connectors/engine/draft/roles.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/text.hpp"

namespace affsync::engine {
namespace {

using Found = SampleField const*;

Found find_called(Sample const& sample, std::initializer_list<std::string_view> words,
                  bool (*fits)(SampleField const&)) {
  for (auto const word : words) {
    for (auto const& field : sample.fields) {
      if (is_called(field, {word}) && fits(field)) return &field;
    }
  }
  return nullptr;
}

// A name, a number of an account, a word: no amount.
bool is_text(SampleField const& field) {
  bool const has_fractions =
      guess_number(field) && std::ranges::any_of(field.values, [](auto const& text) {
        return text.find_first_of(".,") != std::string::npos;
      });
  bool const is_count =
      is_called(field, {"count"}) && !is_called(field, {"account", "country", "county"});
  return !field.values.empty() && !has_fractions && !is_count;
}

// "user" is a client, but "user_agent", "click_user_referer" and "user_type" are none.
bool is_somebody(SampleField const& field) {
  return is_text(field) &&
         !has_word(field, {"referer", "referrer", "url", "agent", "ip", "type", "kind", "level",
                           "status", "state", "country", "time", "date"});
}

bool is_amount(SampleField const& field) {
  // "commissionTime" is a number, too.
  if (guess_day(field, DocumentFormat::json)) return false;
  bool const is_other = names_id(field) ||
                        has_word(field, {"count", "number", "rate", "percent", "percentage",
                                         "ratio", "lots", "trades", "clicks"}) ||
                        // What was traded, unless it is a volume of commission.
                        (has_word(field, {"volume"}) && !names_earnings(field));
  return !is_other && guess_number(field).has_value();
}

bool is_whole_amount(SampleField const& field) {
  return is_amount(field) && !counts_cents(field);
}

Found find_money(Sample const& sample) {
  // One in units before the same one in cents.
  for (auto* const fits : {&is_whole_amount, &is_amount}) {
    auto const* found = find_called(sample,
                                    {"totalcommission",
                                     "commissionstotal",
                                     "commission",
                                     "reward",
                                     "payout",
                                     "earning",
                                     "rebate",
                                     "payment",
                                     "income",
                                     "revenue",
                                     "profit",
                                     "amount",
                                     "sum",
                                     "total",
                                     "betrag",
                                     "provision",
                                     "сумма",
                                     "Сумма",
                                     "вознаграждение",
                                     "Вознаграждение"},
                                    *fits);
    if (found != nullptr) return found;
  }
  return nullptr;
}

Found find_currency(Sample const& sample) {
  auto const* called =
      find_called(sample, {"curr", "ccy", "coin", "asset", "währ", "Валют", "валют"}, is_currency);
  if (called != nullptr) return called;
  auto const found = std::ranges::find_if(sample.fields, is_currency_by_values);
  return found == sample.fields.end() ? nullptr : &*found;
}

// A month, or what is called a day and is none that is read.
Found find_unread_day(Sample const& sample, Roles const& roles) {
  auto const month = std::ranges::find_if(sample.fields, is_month);
  if (month != sample.fields.end() && &*month != roles.money) return &*month;
  for (auto const& field : sample.fields) {
    bool const is_called_so =
        has_word(field, {"date", "day", "month", "period", "datum", "monat", "дата", "месяц"});
    if (is_called_so && !field.values.empty() && &field != roles.money) return &field;
  }
  return nullptr;
}

}  // namespace

Roles guess_roles(Sample const& sample, std::string const& file) {
  Roles roles;
  roles.money = find_money(sample);
  roles.currency = find_currency(sample);
  if (roles.money != nullptr) roles.currency_of_money = currency_in(*roles.money);
  for (auto const& field : sample.fields) {
    if (roles.day != nullptr || &field == roles.money) continue;
    roles.day_form = guess_day(field, sample.document.format);
    if (roles.day_form) roles.day = &field;
  }
  auto const free = [&](Found field) {
    return field == roles.money || field == roles.day ? nullptr : field;
  };
  roles.client = free(find_called(sample,
                                  {"client", "trader", "customer", "player", "member", "uid",
                                   "user", "login", "account", "kunde", "клиент", "Клиент"},
                                  is_somebody));
  roles.country = free(find_called(sample, {"country", "land", "страна", "Страна"}, is_text));
  roles.status = free(find_called(sample, {"status", "state", "статус", "Статус"}, is_text));
  roles.kind = free(find_called(sample, {"type", "kind", "model", "тип", "Тип"}, is_text));
  roles.link = free(find_called(sample, {"tracking", "link", "subid", "tag", "campaign"}, is_text));
  auto const name = to_lower(file);
  bool const is_payout = name.find("payout") != name.npos || name.find("withdraw") != name.npos;
  roles.table = roles.money == nullptr ? "client" : is_payout ? "payout" : "commission";
  roles.stream = roles.table + "s";
  if (roles.day == nullptr) roles.unread_day = find_unread_day(sample, roles);
  KeyWanted wanted;
  wanted.of_clients = roles.table == "client";
  wanted.client = roles.client;
  wanted.day = roles.day != nullptr ? roles.day : roles.unread_day;
  wanted.not_these = {roles.money, roles.status};
  wanted.currency = roles.currency;
  wanted.of_events = !wanted.of_clients && roles.day_form && roles.day_form->has_time &&
                     !roles.day_form->is_midnight;
  roles.key = guess_key(sample, wanted);
  return roles;
}

}  // namespace affsync::engine
