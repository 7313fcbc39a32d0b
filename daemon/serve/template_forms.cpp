#include "daemon/serve/template_forms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "daemon/reports/numbers.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::serve {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "1,234.50" -> "1 234.50", with narrow no-break spaces, which mean the same to readers of every
// language.
std::string with_narrow_spaces(std::string const& grouped) {
  std::string text;
  for (char const letter : grouped) {
    if (letter == ',') {
      text += "\u202f";
    } else {
      text += letter;
    }
  }
  return text;
}

std::string count_form(std::string_view value, FormContext const&) {
  return with_narrow_spaces(reports::group_thousands(value));
}

std::string money_form(std::string_view value, FormContext const& context) {
  return with_narrow_spaces(reports::shown_amount(value, context.currency));
}

std::string usd_form(std::string_view value, FormContext const&) {
  return with_narrow_spaces(reports::shown_amount(value, "USD"));
}

std::string plural_form(std::string_view value, FormContext const&) {
  return value == "1" ? "" : "s";
}

std::string ago_form(std::string_view value, FormContext const& context) {
  auto const time = time_of(value);
  return time ? reports::relative_text(*time, context.now) : std::string(value);
}

std::string moment_form(std::string_view value, FormContext const&) {
  auto const time = time_of(value);
  return time ? reports::shown_time(time) : std::string(value);
}

std::string span_form(std::string_view value, FormContext const&) {
  auto const number = whole_number(value);
  return number ? reports::span_text(seconds(*number)) : std::string(value);
}

std::string took_form(std::string_view value, FormContext const&) {
  auto const number = whole_number(value);
  return number ? reports::shown_duration(milliseconds(*number)) : std::string(value);
}

std::string lasts_form(std::string_view value, FormContext const&) {
  auto const number = whole_number(value);
  if (!number) return std::string(value);
  if (*number <= 0) return "less than a day";
  return std::to_string(*number) + (*number == 1 ? " day" : " days");
}

// The length of an amount at the beginning of the text: digits, a point, digits, and a currency's
// code after a blank; 0 if there is none.
std::size_t amount_length(std::string_view text) {
  auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits == text.size() || text[digits] != '.') return 0;
  auto const end = std::min(text.find_first_not_of("0123456789", digits + 1), text.size());
  bool const has_code = end + 2 < text.size() && text[end] == ' ' && text[end + 1] >= 'A' &&
                        text[end + 1] <= 'Z' && text[end + 2] >= 'A' && text[end + 2] <= 'Z';
  return end > digits + 1 && has_code ? end : 0;
}

std::string sentence_form(std::string_view value, FormContext const&) {
  std::string text;
  while (!value.empty()) {
    char const before = text.empty() ? ' ' : text.back();
    bool const begins = before == ' ' || before == '(' || before == '-';
    auto length = begins ? amount_length(value) : 0;
    if (length > 0) {
      text += with_narrow_spaces(reports::group_thousands(value.substr(0, length)));
    } else {
      length = 1;
      text += value.front();
    }
    value.remove_prefix(length);
  }
  return text;
}

std::string url_form(std::string_view value, FormContext const&) {
  constexpr char const* digits = "0123456789ABCDEF";
  std::string text;
  for (char const letter : value) {
    bool const plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
                       letter == '.' || letter == '~';
    if (plain) {
      text += letter;
    } else {
      auto const byte = static_cast<unsigned char>(letter);
      text.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return text;
}

struct Form {
  std::string_view name;
  std::string (*make)(std::string_view, FormContext const&);
};

constexpr std::array<Form, 11> forms{{{"count", count_form},
                                      {"money", money_form},
                                      {"usd", usd_form},
                                      {"plural", plural_form},
                                      {"ago", ago_form},
                                      {"moment", moment_form},
                                      {"span", span_form},
                                      {"took", took_form},
                                      {"lasts", lasts_form},
                                      {"sentence", sentence_form},
                                      {"url", url_form}}};

}  // namespace

std::optional<TimePoint> time_of(std::string_view text) {
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
  auto const day = parse_day(text.substr(0, 10));
  auto const hours = whole_number(text.substr(11, 2));
  auto const minutes = whole_number(text.substr(14, 2));
  auto const whole_seconds = whole_number(text.substr(17, 2));
  if (!day || !hours || !minutes || !whole_seconds) return std::nullopt;
  return TimePoint(*day) + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         seconds(*whole_seconds);
}

bool is_form(std::string_view form) {
  for (auto const& known : forms) {
    if (known.name == form) return true;
  }
  return false;
}

std::string in_form(std::string_view form, std::string_view value, FormContext const& context) {
  for (auto const& known : forms) {
    if (known.name == form) return known.make(value, context);
  }
  return std::string(value);
}

}  // namespace affsync::serve
