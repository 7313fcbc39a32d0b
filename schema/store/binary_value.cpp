#include "schema/store/binary_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/encodings.hpp"

namespace affsync::schema {
namespace {

template <class Int>
void append_big_endian(std::string& out, Int value) {
  std::array<char, sizeof value> bytes;
  auto shift = 8 * bytes.size();
  for (auto& byte : bytes) {
    shift -= 8;
    byte = static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xff);
  }
  out.append(bytes.data(), bytes.size());
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, is_digit);
}

// The value with its length before it.
template <class Int>
void append_sized(std::string& out, Int value) {
  append_int32(out, sizeof value);
  append_big_endian(out, value);
}

template <class Int>
bool append_integer(std::string& out, std::string_view text) {
  Int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  append_sized(out, value);
  return true;
}

bool append_boolean(std::string& out, std::string_view text) {
  if (text != "true" && text != "false") return false;
  append_int32(out, 1);
  out += text == "true" ? '\1' : '\0';
  return true;
}

// 32 hex digits, without hyphens.
bool append_uuid(std::string& out, std::string_view text) {
  std::array<char, 16> bytes;
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto const high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  append_int32(out, bytes.size());
  out.append(bytes.data(), bytes.size());
  return true;
}

// A numeric has digits to the base of 10,000, which are aligned at the decimal point, the place of
// the first one before that point, its sign, and the number of its decimal places.
bool append_numeric(std::string& out, std::string_view text) {
  constexpr std::size_t group = 4, longest = 4000;
  constexpr std::int16_t negative = 0x4000;
  bool const minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  auto const point = text.find('.');
  auto whole = text.substr(0, point);
  auto const decimals =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && decimals.empty()) ||
      text.size() > longest || !all_digits(whole) || !all_digits(decimals)) {
    return false;
  }
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  auto significant = decimals.substr(0, decimals.find_last_not_of('0') + 1);

  auto const begin = out.size();
  // Length, number of digits, place of the first one: see below.
  out.append(8, '\0');
  append_int16(out, minus ? negative : 0);
  append_int16(out, static_cast<std::int16_t>(decimals.size()));
  auto const first_digit = out.size();
  auto place = static_cast<int>((whole.size() + group - 1) / group) - 1;
  auto digit = [&](std::string_view part, std::size_t zeros_behind) {
    int value = 0;
    for (char const c : part) value = value * 10 + (c - '0');
    while (zeros_behind-- > 0) value *= 10;
    if (value == 0 && out.size() == first_digit) {
      --place;  // of leading zeros only the place counts
    } else {
      append_int16(out, static_cast<std::int16_t>(value));
    }
  };
  while (!whole.empty()) {
    auto const size = (whole.size() - 1) % group + 1;
    digit(whole.substr(0, size), 0);
    whole.remove_prefix(size);
  }
  while (!significant.empty()) {
    auto const size = std::min(significant.size(), group);
    digit(significant.substr(0, size), group - size);
    significant.remove_prefix(size);
  }
  while (out.size() > first_digit && out.ends_with(std::string_view("\0\0", 2))) {
    out.resize(out.size() - 2);
  }
  auto const digits = (out.size() - first_digit) / 2;
  if (digits == 0) {  // zero has no sign
    place = 0;
    out[first_digit - 4] = '\0';
  }
  std::string head;
  append_int32(head, static_cast<std::int32_t>(out.size() - begin - 4));
  append_int16(head, static_cast<std::int16_t>(digits));
  append_int16(head, static_cast<std::int16_t>(place));
  std::ranges::copy(head, out.begin() + static_cast<std::ptrdiff_t>(begin));
  return true;
}

constexpr std::chrono::sys_days epoch{std::chrono::year(2000) / 1 / 1};

// YYYY-MM-DD of the years that four digits can name.
std::optional<std::chrono::sys_days> day_of(std::string_view text) {
  auto const day = parse_day(text);
  if (!day || text.starts_with("0000")) return std::nullopt;  // there is no year 0
  return std::chrono::sys_days(*day);
}

bool append_date(std::string& out, std::string_view text) {
  auto const day = day_of(text);
  if (!day) return false;
  append_sized(out, static_cast<std::int32_t>((*day - epoch).count()));
  return true;
}

// As format_time() writes it.
bool append_time(std::string& out, std::string_view text) {
  constexpr std::size_t day_size = 10, seconds_size = 19, most_decimals = 6;
  if (text.size() <= seconds_size || !text.ends_with('Z')) return false;
  text.remove_suffix(1);
  auto const day = day_of(text.substr(0, day_size));
  auto const number = [&](std::size_t at) {
    return is_digit(text[at]) && is_digit(text[at + 1]) ? (text[at] - '0') * 10 + text[at + 1] - '0'
                                                        : 99;
  };
  auto const hours = number(11), minutes = number(14), seconds = number(17);
  if (!day || text[day_size] != 'T' || text[13] != ':' || text[16] != ':' || hours > 23 ||
      minutes > 59 || seconds > 59) {
    return false;
  }
  std::int64_t micros = 0;
  if (text.size() > seconds_size) {
    auto const decimals = text.substr(seconds_size + 1);
    if (text[seconds_size] != '.' || decimals.empty() || decimals.size() > most_decimals ||
        !all_digits(decimals)) {
      return false;
    }
    for (std::size_t i = 0; i < most_decimals; ++i) {
      micros = micros * 10 + (i < decimals.size() ? decimals[i] - '0' : 0);
    }
  }
  std::chrono::seconds const of_day =
      std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
  std::chrono::microseconds const since_epoch = *day - epoch + of_day;
  append_sized(out, static_cast<std::int64_t>(since_epoch.count()) + micros);
  return true;
}

}  // namespace

BinaryType binary_type(ColumnType type) {
  switch (type) {
    case ColumnType::text:
      return BinaryType::text;
    case ColumnType::numeric:
      return BinaryType::numeric;
    case ColumnType::bigint:
      return BinaryType::bigint;
    case ColumnType::boolean:
      return BinaryType::boolean;
    case ColumnType::date:
      return BinaryType::date;
    case ColumnType::timestamptz:
      return BinaryType::timestamptz;
  }
  return BinaryType::text;
}

bool append_binary(std::string& out, BinaryType type, std::string_view text) {
  switch (type) {
    case BinaryType::text:
      append_int32(out, static_cast<std::int32_t>(text.size()));
      out += text;
      return true;
    case BinaryType::jsonb:
      append_int32(out, static_cast<std::int32_t>(text.size() + 1));
      out += '\1';  // the version of this form
      out += text;
      return true;
    case BinaryType::uuid:
      return append_uuid(out, text);
    case BinaryType::integer:
      return append_integer<std::int32_t>(out, text);
    case BinaryType::bigint:
      return append_integer<std::int64_t>(out, text);
    case BinaryType::numeric:
      return append_numeric(out, text);
    case BinaryType::boolean:
      return append_boolean(out, text);
    case BinaryType::date:
      return append_date(out, text);
    case BinaryType::timestamptz:
      return append_time(out, text);
  }
  return false;
}

void append_value(std::string& out, BinaryType type, char const* text) {
  if (text == nullptr) {
    append_int32(out, -1);
  } else if (!append_binary(out, type, text)) {
    throw NoBinaryForm();
  }
}

void append_int16(std::string& out, std::int16_t value) {
  append_big_endian(out, value);
}

void append_int32(std::string& out, std::int32_t value) {
  append_big_endian(out, value);
}

}  // namespace affsync::schema
