#include "connectors/engine/request/target.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/grammar/lut_chars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

namespace urls = boost::urls;

constexpr auto path_chars = urls::unreserved_chars + urls::grammar::lut_chars("/?:@!$&'()*+,;=");

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

// Encodes a path as the user wrote it: legal characters, including %XX, stay. The library encodes
// every percent sign, so it gets what stands between them.
std::string encode_path(std::string_view path) {
  std::string out = path.starts_with('/') ? "" : "/";
  for (;;) {
    auto const percent = path.find('%');
    out += urls::encode(path.substr(0, percent), path_chars);
    if (percent == std::string_view::npos) return out;
    out += '%';
    path.remove_prefix(percent + 1);
  }
}

}  // namespace

std::string encode_query(std::string_view text) {
  return urls::encode(text, urls::unreserved_chars);
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
