#include "connectors/engine/request/target.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/grammar/lut_chars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "connectors/engine/document/document.hpp"
#include "connectors/engine/paging/item_lists.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/body.hpp"
#include "connectors/engine/values/query.hpp"
#include "connectors/engine/values/time_format.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

namespace urls = boost::urls;

constexpr auto path_chars = urls::unreserved_chars + urls::grammar::lut_chars("/?:@!$&'()*+,;=");

// The smallest time step that the parameters can express.
Duration step_of(WindowSpec const& window) {
  bool const fine = window.form == WindowForm::epoch_milliseconds ||
                    (!window.format.empty() && fields_of(window.format).milliseconds);
  return fine ? Duration(std::chrono::milliseconds(1)) : Duration(std::chrono::seconds(1));
}

std::string formatted_day(WindowSpec const& window, Day day) {
  if (!window.format.empty()) return format_wall(window.format, TimePoint(day), {});
  auto text = format_day(day);
  if (window.by_month()) text.resize(text.size() - 3);  // the day
  return text;
}

std::string formatted_time(WindowSpec const& window, Zone const& zone, TimePoint time) {
  using namespace std::chrono;
  switch (window.form) {
    case WindowForm::day:
    case WindowForm::month:
      break;
    case WindowForm::datetime: {
      if (window.format.empty()) return format_time(time);
      auto const wall = zone.to_wall(time);
      return format_wall(window.format, wall, duration_cast<minutes>(wall - time));
    }
    case WindowForm::epoch_seconds:
      return std::to_string(floor<seconds>(time).time_since_epoch().count());
    case WindowForm::epoch_milliseconds:
      return std::to_string(floor<milliseconds>(time).time_since_epoch().count());
  }
  return {};
}

struct WindowEnds {
  std::string from, to;
};

// Begin and end of the request for a slice whose parameters are times.
struct Times {
  TimePoint begin, end;
};
Times times_of(WindowSpec const& window, Zone const& zone, Slice const& slice, TimePoint latest) {
  auto begin = zone.to_utc(TimePoint(*slice.from));
  auto end = zone.to_utc(TimePoint(*slice.to + std::chrono::days(1)));
  if (!window.to_exclusive) end -= step_of(window);
  if (window.until_now) {
    auto const whole = Duration(latest.time_since_epoch() % step_of(window));
    end = std::max(begin, std::min<TimePoint>(end, latest - whole));
  }
  // Nothing is before the first day of a start that slides.
  bool const is_first = window.start_days && latest != TimePoint::max() &&
                        *slice.from <= zone.day_of(latest) - std::chrono::days(*window.start_days);
  if (overlaps_slice_before(window, slice) && !is_first) begin -= step_of(window);
  return {begin, end};
}

// How exact the text of a parameter is, at best a second; nullopt if it does not say the moment.
std::optional<Duration> unit_of(WindowSpec const& window) {
  if (window.form != WindowForm::datetime || window.format.empty()) return std::chrono::seconds(1);
  auto const fields = fields_of(window.format);
  if (fields.milliseconds || fields.second) return std::chrono::seconds(1);
  if (fields.minute) return std::chrono::minutes(1);
  return std::nullopt;
}

WindowEnds ends_of(WindowSpec const& window, Slice const& slice, TimePoint latest) {
  if (!window.has_times()) {
    auto behind = *slice.to + std::chrono::days(1);
    // The month behind that of the last day.
    if (window.by_month()) behind = end_of_month(*slice.to) + std::chrono::days(1);
    return {formatted_day(window, *slice.from),
            formatted_day(window, window.to_exclusive ? behind : *slice.to)};
  }
  Zone const zone(window.zone);
  auto const [begin, end] = times_of(window, zone, slice, latest);
  return {formatted_time(window, zone, begin), formatted_time(window, zone, end)};
}

// Encodes a path as the user wrote it: legal characters, including %XX, stay. The library encodes
// every percent sign, so it gets what stands between them.
void append_encoded(std::string& out, std::string_view path) {
  for (;;) {
    auto const percent = path.find('%');
    out += urls::encode(path.substr(0, percent), path_chars);
    if (percent == std::string_view::npos) return;
    out += '%';
    path.remove_prefix(percent + 1);
  }
}

// Placeholders of credentials stay too; they are filled in when the request is sent.
std::string encode_path(std::string_view path) {
  constexpr std::string_view secret = "${credentials.";
  std::string out = path.starts_with('/') ? "" : "/";
  for (;;) {
    auto const begin = std::min(path.find(secret), path.size());
    append_encoded(out, path.substr(0, begin));
    auto const end = path.find('}', begin);
    if (end == std::string_view::npos) {
      append_encoded(out, path.substr(begin));
      return out;
    }
    out += path.substr(begin, end + 1 - begin);
    path.remove_prefix(end + 1);
  }
}

}  // namespace

bool overlaps_slice_before(WindowSpec const& window, Slice const& slice) {
  return window.has_times() && !window.to_exclusive && !window.changes && !window.day_is_kept &&
         slice.from && *slice.from > window.start;
}

std::optional<TimePoint> shared_moment(WindowSpec const& window, Slice const& slice,
                                       TimePoint latest) {
  bool const shares_moments =
      window.has_times() && !window.to_exclusive && !window.changes && !window.day_is_kept;
  if (!shares_moments || !slice.from || !slice.to) return std::nullopt;
  auto const unit = unit_of(window);
  if (!unit) return std::nullopt;
  auto const end = times_of(window, Zone(window.zone), slice, latest).end;
  return TimePoint(end.time_since_epoch() - end.time_since_epoch() % *unit);
}

namespace {

// What a request sends beside the stream's own parameters, by the place where it is sent.
struct Values {
  NamedTexts query;
  std::vector<BodyValue> body;
  std::string path;
};

void add_window(Values& out, WindowSpec const& window, Slice const& slice, TimePoint latest) {
  auto const ends = ends_of(window, slice, latest);
  bool const is_number =
      window.form == WindowForm::epoch_seconds || window.form == WindowForm::epoch_milliseconds;
  for (auto const& [name, text] :
       {std::pair(&window.from_parameter, &ends.from), std::pair(&window.to_parameter, &ends.to)}) {
    if (window.in_body && !name->empty()) out.body.push_back({*name, *text, is_number});
    if (!window.in_body) out.query.emplace_back(*name, *text);
  }
  out.path = substitute(substitute(out.path, "window.from", ends.from), "window.to", ends.to);
}

void add_item(Values& out, ForEachSpec const& each, std::string const& item) {
  if (leaves_path(out.path, item)) {
    throw Failure(ErrorCode::internal, "the value \"" + item + "\" would leave the path");
  }
  out.path = substitute(out.path, "item", encode_query(item));
  if (each.parameter.empty()) return;
  if (each.in_body) {
    out.body.push_back({each.parameter, item, false});
  } else {
    out.query.emplace_back(each.parameter, item);
  }
}

void add_page(Values& out, PageSpec const& page, PageAsk const& ask) {
  if (!page.in_body) {
    out.query.insert(out.query.end(), ask.query.begin(), ask.query.end());
    return;
  }
  bool const by_number = std::holds_alternative<OffsetPaging>(page.kind) ||
                         std::holds_alternative<NumberPaging>(page.kind);
  for (auto const& [name, text] : ask.query) {
    if (name.empty()) continue;
    bool const is_size = page.size && name == page.size->parameter;
    out.body.push_back({name, text, is_size || by_number});
  }
}

}  // namespace

HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::size_t part,
                              PageAsk const& ask, TimePoint latest) {
  Values values;
  values.path = spec.request.path;
  if (part < spec.parts.size()) values.query = spec.parts[part].query;
  if (spec.window && slice.from && slice.to) add_window(values, *spec.window, slice, latest);
  if (spec.for_each && ask.item) add_item(values, *spec.for_each, *ask.item);
  add_page(values, spec.page, ask);

  std::string target = ask.target;
  if (target.empty()) {
    target = encode_path(values.path);
    char separator = target.find('?') == std::string::npos ? '?' : '&';
    auto const append = [&](std::pair<std::string, std::string> const& parameter) {
      if (parameter.first.empty()) return;
      target += separator;
      target += encode_query(parameter.first) + '=' + encode_query(parameter.second);
      separator = '&';
    };
    for (auto const& parameter : spec.request.query) {
      bool const is_ours = std::ranges::any_of(
          values.query, [&](auto const& own) { return own.first == parameter.first; });
      if (!is_ours) append(parameter);
    }
    for (auto const& parameter : values.query) append(parameter);
  }

  HttpRequest request(spec.request.method, std::move(target));
  for (auto const& [name, value] : spec.request.headers) request.headers.add(name, value);
  // A report is first made, which is answered in JSON.
  auto const format = spec.document.format;
  if (!request.headers.find("Accept") && !spec.report && format != DocumentFormat::json) {
    request.headers.add("Accept", std::string(accepted(format)));
  }
  if (spec.request.body) set_body(request, *spec.request.body, values.body);
  request.only_reads = true;
  return request;
}

}  // namespace affsync::engine
