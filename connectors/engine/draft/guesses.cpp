#include "connectors/engine/draft/guesses.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "connectors/engine/values/minor_units.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view digits = "0123456789";

// Lower case, without what separates words. Other letters than ASCII stay as they are.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (char const c : name) {
    if (std::string_view(" _-./()[]#:%").find(c) == std::string_view::npos) plain += to_lower(c);
  }
  return plain;
}

// A number with this decimal sign, and nothing or `group` between thousands.
bool is_number(std::string_view text, char decimal, std::string_view group) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  auto const point = text.find(decimal);
  auto whole = text.substr(0, point);
  if (point != text.npos && text.find_first_not_of(digits, point + 1) != text.npos) return false;
  if (group.empty()) return !whole.empty() && whole.find_first_not_of(digits) == whole.npos;
  for (bool first = true; !whole.empty(); first = false) {
    auto const end = std::min(whole.find(group), whole.size());
    auto const part = whole.substr(0, end);
    bool const fits = first ? !part.empty() && part.size() <= 3 : part.size() == 3;
    if (!fits || part.find_first_not_of(digits) != part.npos) return false;
    whole.remove_prefix(std::min(end + group.size(), whole.size()));
  }
  return true;
}

// Returns a value such as 1,234 if each one with a mark is like it, with the same mark: groups of
// thousands or places. Nobody groups behind a leading zero. `of_program`: a point is a decimal one.
std::string const* of_two_numbers(std::vector<std::string> const& values, bool of_program) {
  constexpr std::size_t group = 3;
  std::string const* found = nullptr;
  for (auto const& value : values) {
    std::string_view text(value);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    auto const mark = text.find_first_not_of(digits);
    if (mark == text.npos && !text.empty()) continue;
    bool const fits = mark != text.npos &&
                      (text[mark] == ',' || (text[mark] == '.' && !of_program)) && mark >= 1 &&
                      mark <= group && text.front() != '0' && text.size() - mark - 1 == group &&
                      text.find_first_not_of(digits, mark + 1) == text.npos;
    if (!fits) return nullptr;
    if (found != nullptr && found->find(text[mark]) == found->npos) return nullptr;
    if (found == nullptr) found = &value;
  }
  return found;
}

constexpr std::pair<std::string_view, std::string_view> money_signs[] = {
    {"$", "USD"}, {"€", "EUR"}, {"£", "GBP"}, {"₽", "RUB"}, {"¥", ""}, {"₹", "INR"},
};

std::string in_capitals(std::string_view text) {
  std::string code;
  for (char const c : text) code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return code;
}

bool is_code(std::string_view text) {
  constexpr std::string_view coins[] = {"BTC", "ETH", "USDT", "USDC", "LTC", "BNB", "TRX"};
  auto const code = in_capitals(text);
  return iso_minor_unit_digits(code) || std::ranges::find(coins, code) != std::end(coins);
}

void take_minus(std::string_view& text, bool& is_negative) {
  if (!text.starts_with('-')) return;
  is_negative = true;
  text = trim_blanks(text.substr(1));
}

// The text of an amount as it would be without brackets, signs and codes of currencies; `currency`
// receives the one that they say.
std::string without_signs(std::string_view text, std::string& currency) {
  text = trim_blanks(text);
  bool is_negative = text.starts_with('(') && text.ends_with(')') && text.size() > 2;
  if (is_negative) text = trim_blanks(text.substr(1, text.size() - 2));
  take_minus(text, is_negative);
  for (auto const& [sign, code] : money_signs) {
    bool const is_before = text.starts_with(sign);
    if (!is_before && !text.ends_with(sign)) continue;
    text.remove_prefix(is_before ? sign.size() : 0);
    text.remove_suffix(is_before ? 0 : sign.size());
    currency = code;
  }
  auto const front = text.substr(0, text.find(' '));
  auto const back = text.substr(text.rfind(' ') + 1);
  if (front.size() < text.size() && is_code(front)) {
    currency = in_capitals(front);
    text.remove_prefix(front.size());
  } else if (back.size() < text.size() && is_code(back)) {
    currency = in_capitals(back);
    text.remove_suffix(back.size());
  }
  text = trim_blanks(text);
  take_minus(text, is_negative);
  return (is_negative ? "-" : "") + std::string(text);
}

// The words of a name in lower case: "grossRevenue_USD (%)" has "gross", "revenue" and "usd".
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  char before = ' ';
  for (char const c : name) {
    bool const separates = std::string_view(" _-./()[]:,%\"'").find(c) != std::string_view::npos;
    bool const begins = c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z';
    if ((separates || begins) && !words.back().empty()) words.emplace_back();
    if (!separates) words.back() += to_lower(c);
    before = c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool is_of(std::string_view word, std::string_view known) {
  if (word.ends_with('s') && !known.ends_with('s')) word.remove_suffix(1);
  constexpr std::size_t long_word = 4;
  return word == known || (known.size() >= long_word && word.ends_with(known));
}

// Words that end with "id" and are none.
bool ends_with_id(std::string_view word) {
  if (!word.ends_with("id") || word.size() < 3) return word == "id";
  return std::ranges::none_of(
      std::initializer_list<std::string_view>{"paid", "bid", "valid", "void", "grid", "mid", "said",
                                              "android"},
      [&](std::string_view other) { return word.ends_with(other); });
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> known) {
  return std::ranges::any_of(known, [&](std::string_view one) { return is_of(word, one); });
}

bool is_of_row(std::string_view word) {
  return is_one_of(word,
                   {"transaction", "order",  "ticket", "deal",    "trade",      "payout", "payment",
                    "commission",  "reward", "event",  "action",  "conversion", "click",  "invoice",
                    "lead",        "sale",   "record", "booking", "txn",        "bet"});
}

bool all_fit(SampleField const& field, std::string const& format) {
  TimeReader const reader({format}, "UTC");
  return std::ranges::all_of(
      field.values, [&](std::string const& text) { return reader.read_instant(text).has_value(); });
}

bool all_at_midnight(SampleField const& field, std::string const& format) {
  TimeReader const reader({format}, "UTC");
  return std::ranges::all_of(field.values, [&](std::string const& text) {
    auto const at = reader.read_instant(text);
    return at && std::chrono::floor<std::chrono::days>(*at) == *at;
  });
}

}  // namespace

std::pair<std::string, std::string> two_numbers(std::string_view text) {
  auto const mark = text.find_first_of(".,");
  std::string const whole(text.substr(0, mark));
  std::string const rest(mark == text.npos ? std::string_view() : text.substr(mark + 1));
  return {whole + rest, whole + "." + rest};
}

std::optional<NumberGuess> guess_number(SampleField const& field) {
  if (field.values.empty()) return std::nullopt;
  if (field.is_number) return NumberGuess();
  struct Form {
    char decimal;
    std::string_view group;
  };
  constexpr Form forms[] = {{'.', ""},  {',', ""},       {'.', ","}, {',', "."},
                            {',', " "}, {',', "\u00A0"}, {'.', " "}, {'.', "'"}};
  std::vector<std::string> plain;
  std::string unreadable, sign;
  for (auto const& value : field.values) {
    plain.push_back(without_signs(value, sign));
    if (plain.back() != value && unreadable.empty()) unreadable = value;
  }
  if (auto const* either = of_two_numbers(plain, field.is_of_program)) {
    bool const is_comma = either->find(',') != either->npos;
    return NumberGuess{!is_comma, is_comma ? "," : ".", unreadable, *either};
  }
  for (auto const& form : forms) {
    bool const fits = std::ranges::all_of(
        plain, [&](std::string const& text) { return is_number(text, form.decimal, form.group); });
    if (fits) return NumberGuess{form.decimal == ',', std::string(form.group), unreadable, {}};
  }
  return std::nullopt;
}

bool has_word(SampleField const& field, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words_of(field.name), [&](std::string const& word) {
    return std::ranges::any_of(words, [&](std::string_view one) { return is_of(word, one); });
  });
}

bool counts_cents(SampleField const& field) {
  return has_word(field, {"cents", "cent", "minor", "pence", "kopecks", "копейки", "копейках"});
}

bool names_earnings(SampleField const& field) {
  return has_word(field, {"commission", "reward", "payout", "earning", "rebate", "provision",
                          "комиссия", "вознаграждение"});
}

bool names_id(SampleField const& field) {
  auto const words = words_of(field.name);
  // "Number of trades" is a count.
  if (words.empty() || std::ranges::find(words, "of") != words.end()) return false;
  // "Order amount" is none, "Order" is one.
  if (is_one_of(words.back(), {"ticket", "order", "transaction", "deal", "txn"})) return true;
  return std::ranges::any_of(words, [](std::string const& word) {
    constexpr std::string_view ids[] = {"uuid", "guid", "ref",   "reference", "no",
                                        "nr",   "#",    "№",     "num",       "number",
                                        "txid", "hash", "номер", "Номер"};
    return ends_with_id(word) || std::ranges::find(ids, word) != std::end(ids);
  });
}

bool names_row(SampleField const& field) {
  if (!names_id(field)) return false;
  auto const words = words_of(field.name);
  bool const is_of_rows = std::ranges::any_of(words, [](std::string_view word) {
    if (word.size() > 2 && word.ends_with("id")) word.remove_suffix(2);
    return is_of_row(word);
  });
  // An id of a client, a campaign or a product occurs in many rows, and so does a bare number.
  return is_of_rows || std::ranges::all_of(words, [](std::string const& word) {
           return is_one_of(word, {"id", "uuid", "guid", "ref", "reference", "txid", "hash",
                                   "external", "unique", "internal"});
         });
}

bool names_line(SampleField const& field) {
  auto const& name = field.name;
  if (name.starts_with("column_") || name.starts_with("Unnamed")) return true;
  return std::ranges::all_of(words_of(name), [](std::string const& word) {
    return is_one_of(word, {"#", "№", "no", "nr", "num", "number", "row", "line", "index", "pos",
                            "position", "lfd", "id", "rank", "sr", "sl", "номер", "Номер"});
  });
}

bool is_measure(SampleField const& field) {
  if (names_id(field)) return false;
  bool const has_fractions =
      guess_number(field) && std::ranges::any_of(field.values, [](std::string const& text) {
        return text.find_first_of(".,$€£") != text.npos;
      });
  return has_fractions || has_word(field, {"amount",    "sum",        "total",
                                           "volume",    "lot",        "percent",
                                           "pct",       "rate",       "ratio",
                                           "price",     "profit",     "loss",
                                           "pnl",       "balance",    "equity",
                                           "deposit",   "withdrawal", "turnover",
                                           "revenue",   "income",     "commission",
                                           "reward",    "payout",     "earning",
                                           "rebate",    "fee",        "spread",
                                           "swap",      "cpa",        "cpl",
                                           "ngr",       "ggr",        "net",
                                           "gross",     "bonus",      "cent",
                                           "value",     "share",      "quantity",
                                           "qty",       "size",       "count",
                                           "click",     "impression", "ctr",
                                           "ftd",       "trade",      "registration",
                                           "number",    "percentage", "betrag",
                                           "provision", "сумма",      "объем",
                                           "объём",     "комиссия",   "вознаграждение",
                                           "процент",   "количество"});
}

std::string currency_in(SampleField const& money) {
  for (auto const& word : words_of(money.name)) {
    if (word.size() >= 3 && is_code(word) && word != "all" && word != "top" && word != "try") {
      return in_capitals(word);
    }
  }
  std::string found;
  for (auto const& value : money.values) {
    std::string sign;
    without_signs(value, sign);
    if (sign.empty() || (!found.empty() && sign != found)) return {};
    found = sign;
  }
  return found;
}

bool is_currency_by_values(SampleField const& field) {
  constexpr std::size_t longest = 5;
  bool const is_place = is_called(field, {"country", "land", "geo", "lang", "symbol", "pair"});
  return !is_place && !field.values.empty() &&
         std::ranges::all_of(field.values, [](std::string const& text) {
           return text.size() <= longest && is_code(text);
         });
}

std::optional<DayGuess> guess_day(SampleField const& field, DocumentFormat format) {
  if (field.values.empty()) return std::nullopt;
  DayGuess guess;
  bool const are_whole = std::ranges::all_of(field.values, [](std::string const& text) {
    return text.find_first_not_of("0123456789.") == text.npos;
  });
  bool const is_called_so =
      is_called(field, {"date", "time", "day", "created", "datum", "дата", "at"});
  auto const least = *std::ranges::min_element(field.values, {}, &std::string::size);
  if (are_whole && format == DocumentFormat::xlsx && field.is_number && is_called_so &&
      least.substr(0, least.find('.')).size() == 5) {
    guess.is_serial = true;
    guess.format = "iso";
    guess.has_time = std::ranges::any_of(
        field.values, [](std::string const& text) { return text.find('.') != text.npos; });
    return guess;
  }
  if (are_whole && is_called_so && (least.size() == 10 || least.size() == 13) &&
      least.find('.') == least.npos) {
    guess.epoch = least.size() == 10 ? "seconds" : "milliseconds";
    guess.has_time = true;
    return guess;
  }
  std::vector<std::string> formats{"iso"};
  for (auto const* day :
       {"%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y",
        "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y",
        "%m-%d-%y", "%d %b %y", "%b %d, %y", "%d-%b-%y"}) {
    for (auto const* time : {"", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"}) {
      formats.push_back(std::string(day) + time);
    }
  }
  if (is_called_so) formats.emplace_back("%Y%m%d");
  for (auto const& one : formats) {
    if (!all_fit(field, one)) continue;
    if (!guess.format.empty()) {
      guess.other = one;
      break;
    }
    guess.format = one;
    guess.has_time =
        one == "iso" ? field.values.front().size() > 10 : one.find("%M") != std::string::npos;
    guess.is_midnight = guess.has_time && all_at_midnight(field, one);
    if (one == "iso") break;
  }
  return guess.format.empty() ? std::nullopt : std::optional(guess);
}

bool is_month(SampleField const& field) {
  constexpr std::string_view forms[] = {"%d %Y-%m", "%d %m/%Y", "%d %m.%Y", "%d %Y/%m",
                                        "%d %Y.%m", "%d %b %Y", "%d %b-%Y", "%d %b %y",
                                        "%d %b-%y", "%d %b, %Y"};
  SampleField first = field;
  for (auto& value : first.values) value.insert(0, "1 ");
  return !field.values.empty() && std::ranges::any_of(forms, [&](std::string_view form) {
    return all_fit(first, std::string(form));
  });
}

bool is_currency(SampleField const& field) {
  bool const are_codes = std::ranges::all_of(field.values, [](std::string const& text) {
    return text.size() >= 3 && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  });
  return !field.values.empty() && are_codes &&
         is_called(field, {"curr", "ccy", "coin", "asset", "währ", "валют"});
}

bool is_called(SampleField const& field, std::initializer_list<std::string_view> words) {
  auto const name = plain_name(field.name);
  return std::ranges::any_of(words, [&](std::string_view word) {
    return word.size() < 3 ? name.ends_with(word) : name.find(word) != name.npos;
  });
}

bool is_unique(SampleField const& field, std::size_t rows) {
  std::set<std::string_view> const different(field.values.begin(), field.values.end());
  return field.values.size() == rows && different.size() == rows;
}

}  // namespace affsync::engine
