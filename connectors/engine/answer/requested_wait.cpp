#include "connectors/engine/answer/requested_wait.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "connectors/engine/answer/http_date.hpp"
#include "connectors/engine/answer/rate_headers.hpp"
#include "connectors/engine/values/times.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

using std::chrono::milliseconds;

// Longer than any wait that is obeyed, and small enough to be added to a time.
constexpr std::int64_t most_milliseconds = std::int64_t(366) * 24 * 3600 * 1000;

// Takes digits with an optional fraction from the front, as thousandths; saturates.
std::optional<std::int64_t> take_thousandths(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  constexpr std::int64_t most = INT64_MAX / 20000;
  std::int64_t whole = 0;
  while (!text.empty() && is_digit(text.front())) {
    whole = std::min(most, whole * 10 + (text.front() - '0'));
    text.remove_prefix(1);
  }
  std::int64_t fraction = 0;
  if (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    for (std::int64_t unit = 100; !text.empty() && is_digit(text.front()); unit /= 10) {
      fraction += unit * (text.front() - '0');
      text.remove_prefix(1);
    }
  }
  return whole * 1000 + fraction;
}

std::optional<std::int64_t> whole_thousandths(std::string_view text) {
  text = trim_blanks(text);
  auto const number = take_thousandths(text);
  return number && text.empty() ? number : std::nullopt;
}

milliseconds bounded(std::int64_t count) {
  return milliseconds(std::clamp<std::int64_t>(count, 0, most_milliseconds));
}

struct Unit {
  std::string_view word;
  std::int64_t milliseconds;
};

// The units, longest first, because the first match counts. A match must end at the end of a word.
constexpr std::int64_t ms_of_second = 1000, ms_of_minute = 60 * ms_of_second,
                       ms_of_hour = 60 * ms_of_minute, ms_of_day = 24 * ms_of_hour;
constexpr std::array units{
    Unit{"milliseconds", 1},
    Unit{"millisecond", 1},
    Unit{"millis", 1},
    Unit{"msec", 1},
    Unit{"ms", 1},
    Unit{"minutes", ms_of_minute},
    Unit{"minute", ms_of_minute},
    Unit{"mins", ms_of_minute},
    Unit{"min", ms_of_minute},
    Unit{"m", ms_of_minute},
    Unit{"seconds", ms_of_second},
    Unit{"second", ms_of_second},
    Unit{"secs", ms_of_second},
    Unit{"sec", ms_of_second},
    Unit{"s", ms_of_second},
    Unit{"hours", ms_of_hour},
    Unit{"hour", ms_of_hour},
    Unit{"hrs", ms_of_hour},
    Unit{"hr", ms_of_hour},
    Unit{"h", ms_of_hour},
    Unit{"days", ms_of_day},
    Unit{"day", ms_of_day},
    Unit{"d", ms_of_day},
};

bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

// Takes a unit and the blanks before it from the front.
std::optional<std::int64_t> take_unit(std::string_view& text) {
  auto const rest = trim_blanks(text);
  for (auto const& [word, worth] : units) {
    if (rest.size() < word.size()) continue;
    bool const same = std::equal(word.begin(), word.end(), rest.begin(),
                                 [](char a, char b) { return a == to_lower(b); });
    if (!same || (rest.size() > word.size() && is_letter(rest[word.size()]))) continue;
    text.remove_prefix(static_cast<std::size_t>(rest.data() - text.data()) + word.size());
    return worth;
  }
  return std::nullopt;
}

// Takes a text such as "1h 2m 3.5s" from the front; a first number without a unit is seconds.
std::optional<milliseconds> take_wait(std::string_view& text) {
  std::int64_t sum = 0;
  for (int parts = 0; parts < 5; ++parts) {
    auto rest = trim_blanks(text);
    auto const number = take_thousandths(rest);
    if (!number) return parts > 0 ? std::optional(bounded(sum)) : std::nullopt;
    auto const unit = take_unit(rest);
    if (!unit && parts > 0) return bounded(sum);
    auto const most = most_milliseconds / unit.value_or(ms_of_second);
    sum += std::min(*number, (most + 1) * 1000) * unit.value_or(ms_of_second) / 1000;
    sum = std::min(sum, most_milliseconds);
    text = rest;
    if (!unit) break;
  }
  return bounded(sum);
}

// Returns the wait after `marker` in the body.
std::optional<milliseconds> wait_in_text(std::string_view body, std::string_view marker) {
  body = body.substr(0, 64 * 1024);
  auto const at = std::search(body.begin(), body.end(), marker.begin(), marker.end(),
                              [](char a, char b) { return to_lower(a) == to_lower(b); });
  if (at == body.end()) return std::nullopt;
  auto rest = body.substr(static_cast<std::size_t>(at - body.begin()) + marker.size());
  auto const start = rest.find_first_not_of(" \t:=\"");
  if (start == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(start);
  return take_wait(rest);
}

// A number of this size is not seconds to wait but a point in time.
constexpr std::int64_t least_epoch = 1'000'000'000;
constexpr std::int64_t least_epoch_milliseconds = least_epoch * 100;

std::optional<milliseconds> wait_of_number(std::int64_t thousandths, TimePoint now) {
  auto const epoch = std::chrono::floor<milliseconds>(now.time_since_epoch()).count();
  if (thousandths >= least_epoch_milliseconds * 1000) return bounded(thousandths / 1000 - epoch);
  if (thousandths >= least_epoch * 1000) return bounded(thousandths - epoch);
  return bounded(thousandths);
}

// The unit of a member that announces a wait; nullopt for any other member.
enum class Counts { whole_seconds, thousandths, instant };

std::optional<Counts> counts_of(std::string_view name) {
  std::string plain;
  for (char const c : name.substr(0, 40)) {
    if (c != '_' && c != '-') plain += to_lower(c);
  }
  static constexpr std::array<std::pair<std::string_view, Counts>, 24> names{{
      {"retryafter", Counts::whole_seconds},
      {"retryafterseconds", Counts::whole_seconds},
      {"retryaftersecs", Counts::whole_seconds},
      {"retryaftersec", Counts::whole_seconds},
      {"retryafterms", Counts::thousandths},
      {"retryaftermillis", Counts::thousandths},
      {"retryaftermilliseconds", Counts::thousandths},
      {"retryin", Counts::whole_seconds},
      {"retryinseconds", Counts::whole_seconds},
      {"retryinms", Counts::thousandths},
      {"retrydelay", Counts::whole_seconds},
      {"retrydelayms", Counts::thousandths},
      {"waitseconds", Counts::whole_seconds},
      {"secondstowait", Counts::whole_seconds},
      {"waitms", Counts::thousandths},
      {"tryagainin", Counts::whole_seconds},
      {"resetin", Counts::whole_seconds},
      {"resetafter", Counts::whole_seconds},
      {"resetinms", Counts::thousandths},
      {"availablein", Counts::whole_seconds},
      {"retryat", Counts::instant},
      {"resetat", Counts::instant},
      {"resettime", Counts::instant},
      {"nextallowedat", Counts::instant},
  }};
  auto const found = std::ranges::find(names, plain, [](auto const& one) { return one.first; });
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

std::optional<milliseconds> wait_of_member(Counts counts, std::string_view text, TimePoint now) {
  if (counts == Counts::thousandths) {
    auto const number = whole_thousandths(text);
    return number ? std::optional(bounded(*number / 1000)) : std::nullopt;
  }
  return parse_retry_after(text, now);
}

std::optional<milliseconds> wait_in_members(Json const& body, TimePoint now, int depth,
                                            int& members_left) {
  if (depth > 5) return std::nullopt;
  if (body.is_array()) {
    for (auto const& item : body.items()) {
      if (--members_left < 0) return std::nullopt;
      if (auto const wait = wait_in_members(item, now, depth + 1, members_left)) return wait;
    }
  }
  if (!body.is_object()) return std::nullopt;
  for (auto const& [name, value] : body.members()) {
    if (--members_left < 0) return std::nullopt;
    if (auto const text = value.scalar_text()) {
      auto const counts = counts_of(name);
      auto const wait = counts ? wait_of_member(*counts, *text, now) : std::nullopt;
      if (wait && *wait > milliseconds(0)) return wait;
    } else if (auto const wait = wait_in_members(value, now, depth + 1, members_left)) {
      return wait;
    }
  }
  return std::nullopt;
}

constexpr std::array usual_texts{"available in", "try again in", "retry in", "retry after",
                                 "again after",  "please wait",  "wait for", "wait"};

}  // namespace

std::optional<milliseconds> parse_wait(std::string_view text) {
  text = trim_blanks(text);
  auto const wait = take_wait(text);
  return wait && trim_blanks(text).empty() ? wait : std::nullopt;
}

std::optional<milliseconds> parse_retry_after(std::string_view text, TimePoint now) {
  text = trim_blanks(text);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') {
    text = trim_blanks(text.substr(1, text.size() - 2));
  }
  if (auto const number = whole_thousandths(text)) return wait_of_number(*number, now);
  if (auto const wait = parse_wait(text)) return wait;
  std::optional<TimePoint> date = parse_http_date(text);
  if (auto const iso = date ? std::nullopt : parse_iso(text)) {
    date = iso->wall - iso->offset.value_or(std::chrono::minutes(0));
  }
  if (date) return bounded(std::chrono::ceil<milliseconds>(*date - now).count());
  // Two fields that were joined into one.
  std::optional<milliseconds> longest;
  for (int parts = 0; parts < 8 && !text.empty(); ++parts) {
    auto const end = std::min(text.find(','), text.size());
    auto const number = whole_thousandths(text.substr(0, end));
    if (!number) return std::nullopt;
    auto const wait = wait_of_number(*number, now);
    longest = std::max(longest.value_or(*wait), *wait);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

std::optional<milliseconds> parse_reset(std::string_view text, ResetUnit unit, TimePoint now) {
  auto const number = whole_thousandths(text);
  if (!number) return std::nullopt;
  auto const epoch = std::chrono::floor<milliseconds>(now.time_since_epoch()).count();
  switch (unit) {
    case ResetUnit::seconds:
      return bounded(*number);
    case ResetUnit::milliseconds:
      return bounded(*number / 1000);
    case ResetUnit::epoch_seconds:
      return bounded(*number - epoch);
    case ResetUnit::epoch_milliseconds:
      return bounded(*number / 1000 - epoch);
  }
  return std::nullopt;
}

std::optional<milliseconds> requested_wait(HttpResponse const& response, Json const& body,
                                           RateSpec const& rate, TimePoint now) {
  if (auto const date = response.headers.find("Date")) now = parse_http_date(*date).value_or(now);
  auto const useful = [](std::optional<milliseconds> const& wait) {
    return wait && *wait > milliseconds(0);
  };
  auto wait = wait_in_headers(response.headers, now);
  if (!useful(wait) && !rate.reset_header.empty()) {
    if (auto const header = response.headers.find(rate.reset_header)) {
      wait = parse_reset(*header, rate.reset_unit, now);
    }
  }
  if (!useful(wait) && !rate.wait_text.empty()) wait = wait_in_text(response.body, rate.wait_text);
  if (!useful(wait)) wait = wait_in_rate_limit(response.headers, now);
  if (!useful(wait)) {
    int members_left = 400;
    wait = wait_in_members(body, now, 0, members_left);
  }
  for (auto const* marker : usual_texts) {
    if (!useful(wait)) wait = wait_in_text(response.body, marker);
  }
  return useful(wait) ? wait : std::nullopt;
}

}  // namespace affsync::engine
