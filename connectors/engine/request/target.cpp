#include "connectors/engine/request/target.hpp"

#include <algorithm>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr char upper_hex[] = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, char c) {
  auto const byte = static_cast<unsigned char>(c);
  out += {'%', upper_hex[byte >> 4], upper_hex[byte & 15]};
}

// The smallest time step that the parameters can express.
Duration step_of(WindowSpec const& window) {
  if (window.form == WindowForm::epoch_milliseconds) return std::chrono::milliseconds(1);
  return std::chrono::seconds(1);
}

std::string in_form(WindowForm form, TimePoint time) {
  switch (form) {
    case WindowForm::day:
      break;
    case WindowForm::datetime:
      return format_time(time);
    case WindowForm::epoch_seconds:
      return std::to_string(
          std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    case WindowForm::epoch_milliseconds:
      return std::to_string(
          std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
  }
  return {};
}

struct WindowEnds {
  std::string from, to;
};

WindowEnds ends_of(WindowSpec const& window, Slice const& slice) {
  auto const behind = *slice.to + std::chrono::days(1);
  if (window.form == WindowForm::day) {
    return {format_day(*slice.from), format_day(window.to_exclusive ? behind : *slice.to)};
  }
  Zone const zone(window.zone);
  auto begin = zone.to_utc(TimePoint(*slice.from));
  auto end = zone.to_utc(TimePoint(behind));
  if (!window.to_exclusive) end -= step_of(window);
  if (overlaps_slice_before(window, slice)) begin -= step_of(window);
  return {in_form(window.form, begin), in_form(window.form, end)};
}

// Encodes a path as the user wrote it: legal characters, including %XX, stay.
std::string encode_path(std::string_view path) {
  std::string out;
  if (!path.starts_with('/')) out += '/';
  for (char const c : path) {
    if (is_unreserved(c) ||
        std::string_view("/%?:@!$&'()*+,;=").find(c) != std::string_view::npos) {
      out += c;
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

}  // namespace

std::string encode_query(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

bool overlaps_slice_before(WindowSpec const& window, Slice const& slice) {
  return window.form != WindowForm::day && !window.to_exclusive && !window.changes && slice.from &&
         *slice.from > window.start;
}

HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::size_t part,
                              PageAsk const& ask) {
  std::string target = ask.target;
  if (target.empty()) {
    NamedTexts ours;
    if (part < spec.parts.size()) ours = spec.parts[part].query;
    std::string path = spec.request.path;
    if (spec.window && slice.from && slice.to) {
      auto const ends = ends_of(*spec.window, slice);
      ours.emplace_back(spec.window->from_parameter, ends.from);
      ours.emplace_back(spec.window->to_parameter, ends.to);
      path = substitute(substitute(path, "window.from", ends.from), "window.to", ends.to);
    }
    ours.insert(ours.end(), ask.query.begin(), ask.query.end());

    target = encode_path(path);
    char separator = target.find('?') == std::string::npos ? '?' : '&';
    auto const append = [&](std::pair<std::string, std::string> const& parameter) {
      if (parameter.first.empty()) return;
      target += separator;
      target += encode_query(parameter.first) + '=' + encode_query(parameter.second);
      separator = '&';
    };
    for (auto const& parameter : spec.request.query) {
      bool const is_ours =
          std::ranges::any_of(ours, [&](auto const& own) { return own.first == parameter.first; });
      if (!is_ours) append(parameter);
    }
    for (auto const& parameter : ours) append(parameter);
  }

  HttpRequest request(spec.request.method, std::move(target));
  for (auto const& [name, value] : spec.request.headers) request.headers.add(name, value);
  return request;
}

}  // namespace affsync::engine
