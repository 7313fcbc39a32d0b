#include "connectors/engine/values/time_format.hpp"

#include <cstdio>

namespace affsync::engine {
namespace {

constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string padded(long value, int width) {
  char text[24];
  auto const size = std::snprintf(text, sizeof text, "%0*ld", width, value);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

FormatFields fields_of(std::string_view format) {
  FormatFields fields;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      fields.ends_in_z = format[at] == 'Z' && at + 1 == format.size();
      continue;
    }
    char const field = at + 1 < format.size() ? format[at + 1] : '\0';
    ++at;
    switch (field) {
      case 'Y':
      case 'y':
        fields.year = true;
        break;
      case 'm':
      case 'b':
        fields.month = true;
        break;
      case 'd':
        fields.day = true;
        break;
      case 'H':
        fields.hour = true;
        break;
      case 'M':
        fields.minute = true;
        break;
      case 'S':
        fields.second = true;
        break;
      case 'f':
        fields.milliseconds = true;
        break;
      case 'z':
        fields.offset = true;
        break;
      case '%':
        break;
      default:
        if (fields.unknown.empty()) fields.unknown = format.substr(at - 1, 2);
    }
  }
  return fields;
}

std::string flaw_of_format(std::string_view format) {
  constexpr std::string_view known = "aAbBcCdDeFgGhHIjmMnpRrSTtuUVwWxXyYzZ%";
  constexpr std::string_view only_once = "dmYyHIMSj";
  if (format == "iso") return {};
  auto const named = "the format '" + std::string(format) + "' ";
  std::string seen;
  for (std::size_t at = format.find('%'); at < format.size(); at = format.find('%', at + 1)) {
    ++at;
    if (at < format.size() && (format[at] == 'E' || format[at] == 'O')) ++at;
    char const field = at < format.size() ? format[at] : '\0';
    if (field == '\0') return named + "ends in a %";
    if (known.find(field) == known.npos) return named + "has %" + field + ", which is no directive";
    bool const again = seen.find(field) != seen.npos && only_once.find(field) != only_once.npos;
    if (again) {
      return named + "has %" + field + " twice" +
             (field == 'm'   ? "; minutes are %M"
              : field == 'M' ? "; months are %m"
                             : "");
    }
    seen += field;
  }
  auto const has = [&](std::string_view fields) { return seen.find_first_of(fields) != seen.npos; };
  if (has("I") && !has("p")) return named + "has hours up to 12 (%I) without %p";
  if (has("HRT") && has("p")) {
    return named + "has hours up to 24, which make %p mean nothing; hours up to 12 are %I";
  }
  bool const in_one = has("FDcx");
  bool const by_week = has("gG") && has("UVW") && has("auwA");
  bool const by_parts = has("YyC") && (has("j") || (has("mbBh") && has("de")));
  if (!in_one && !by_week && !by_parts) return named + "names no day, month and year";
  return {};
}

std::string format_wall(std::string_view format, TimePoint wall, std::chrono::minutes offset) {
  using namespace std::chrono;
  auto const day = floor<days>(wall);
  year_month_day const date(day);
  auto const time = duration_cast<milliseconds>(wall - day).count();
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    switch (format[++at]) {
      case 'Y':
        out += padded(int(date.year()), 4);
        break;
      case 'y':
        out += padded(int(date.year()) % 100, 2);
        break;
      case 'm':
        out += padded(unsigned(date.month()), 2);
        break;
      case 'b':
        out += month_names[unsigned(date.month()) - 1];
        break;
      case 'd':
        out += padded(unsigned(date.day()), 2);
        break;
      case 'H':
        out += padded(time / 3'600'000, 2);
        break;
      case 'M':
        out += padded(time / 60'000 % 60, 2);
        break;
      case 'S':
        out += padded(time / 1000 % 60, 2);
        break;
      case 'f':
        out += padded(time % 1000, 3);
        break;
      case 'z': {
        auto const minutes_east = offset.count();
        out += minutes_east < 0 ? '-' : '+';
        auto const size = std::abs(minutes_east);
        out += padded(size / 60, 2) + padded(size % 60, 2);
        break;
      }
      default:
        out += format[at];
    }
  }
  return out;
}

}  // namespace affsync::engine
