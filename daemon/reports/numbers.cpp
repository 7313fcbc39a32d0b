#include "daemon/reports/numbers.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/decimal.hpp"

namespace affsync::reports {

namespace {

struct DecimalParts {
  bool valid = false;
  std::string_view sign, whole, fraction;
};

DecimalParts split_decimal(std::string_view decimal) {
  DecimalParts parts;
  auto digits = decimal;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) {
    parts.sign = digits.front() == '-' ? digits.substr(0, 1) : std::string_view{};
    digits.remove_prefix(1);
  }
  auto const point = std::min(digits.find('.'), digits.size());
  parts.whole = digits.substr(0, point);
  if (point < digits.size()) parts.fraction = digits.substr(point + 1);
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  parts.valid = !parts.whole.empty() &&
                std::all_of(parts.whole.begin(), parts.whole.end(), is_digit) &&
                std::all_of(parts.fraction.begin(), parts.fraction.end(), is_digit);
  return parts;
}

bool only_zeros(std::string_view digits) {
  return digits.find_first_not_of('0') == std::string_view::npos;
}

// True for coins whose small fractions have value. Stablecoins are shown like dollars.
bool needs_eight_digits(std::string_view currency) {
  static constexpr std::array<std::string_view, 18> coins = {
      "ADA", "AVAX", "BCH", "BNB", "BTC", "DASH", "DOGE", "DOT", "ETC",
      "ETH", "LTC",  "SOL", "TON", "TRX", "XBT",  "XMR",  "XRP", "ZEC"};
  return std::binary_search(coins.begin(), coins.end(), currency);
}

}  // namespace

std::string group_thousands(std::string_view decimal) {
  auto const parts = split_decimal(decimal);
  if (!parts.valid) return std::string(decimal);
  std::string out(parts.sign);
  for (std::size_t i = 0; i < parts.whole.size(); ++i) {
    if (i > 0 && (parts.whole.size() - i) % 3 == 0) out += ',';
    out += parts.whole[i];
  }
  if (!parts.fraction.empty()) out.append(".").append(parts.fraction);
  return out;
}

std::string group_thousands(std::int64_t number) {
  return group_thousands(std::to_string(number));
}

std::string fit_scale(std::string_view decimal, int min_scale) {
  auto const parts = split_decimal(decimal);
  if (!parts.valid) return std::string(decimal);
  auto const least = static_cast<std::size_t>(std::max(0, min_scale));
  std::string fraction(parts.fraction);
  while (fraction.size() > least && fraction.back() == '0') fraction.pop_back();
  if (fraction.size() < least) fraction.resize(least, '0');
  std::string out = std::string(parts.sign).append(parts.whole);
  if (!fraction.empty()) out.append(".").append(fraction);
  return out;
}

std::string shown_amount(std::string_view decimal, std::string_view currency, bool* rounded) {
  auto const parts = split_decimal(decimal);
  if (!parts.valid) return std::string(decimal);
  std::size_t scale = needs_eight_digits(currency) ? 8 : 2;
  auto const first_digit = parts.fraction.find_first_not_of('0');
  if (only_zeros(parts.whole) && first_digit != std::string_view::npos && first_digit >= scale) {
    scale = std::min<std::size_t>(first_digit + 2, 50);
  }
  if (rounded != nullptr && parts.fraction.size() > scale &&
      !only_zeros(parts.fraction.substr(scale))) {
    *rounded = true;
  }
  int const least = needs_eight_digits(currency) ? 8 : 2;  // aligns the points of a column
  return group_thousands(fit_scale(round_decimal(decimal, static_cast<int>(scale)), least));
}

std::string shown_duration(std::chrono::milliseconds duration) {
  auto const ms = std::max<std::int64_t>(0, duration.count());
  auto const s = ms / 1000;
  auto two = [](std::int64_t high, char const* high_unit, std::int64_t low, char const* low_unit) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%lld %s %02lld %s", static_cast<long long>(high),
                  high_unit, static_cast<long long>(low), low_unit);
    return std::string(text.data());
  };
  if (ms < 1000) return std::to_string(ms) + " ms";
  if (s < 60) return std::to_string(s) + "." + std::to_string(ms % 1000 / 100) + " s";
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

std::string shown_time(std::optional<TimePoint> time) {
  if (!time) return {};
  // Take day, hours and minutes of "2026-11-21T03:14:15.5Z", with a space between.
  std::string text = format_time(*time).substr(0, 16);
  if (text.size() > 10) text[10] = ' ';
  return text;
}

}  // namespace affsync::reports
