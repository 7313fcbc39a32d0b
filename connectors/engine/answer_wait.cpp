#include "connectors/engine/answer_wait.hpp"

#include <algorithm>
#include <array>

#include "connectors/engine/classify.hpp"

namespace affsync::engine {
namespace {

using std::chrono::milliseconds;

// Longer than any wait that is obeyed, small enough to be added to a time.
constexpr std::int64_t most_milliseconds = std::int64_t(366) * 24 * 3600 * 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes digits with an optional fraction off the front, as thousandths; saturates.
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
  text = without_blanks(text);
  auto const number = take_thousandths(text);
  return number && text.empty() ? number : std::nullopt;
}

milliseconds bounded(std::int64_t count) {
  return milliseconds(std::clamp<std::int64_t>(count, 0, most_milliseconds));
}

char small_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The number behind `marker` in the body, with its unit when there is one.
std::optional<milliseconds> wait_in_text(std::string_view body, std::string_view marker) {
  body = body.substr(0, 64 * 1024);
  auto const at = std::search(body.begin(), body.end(), marker.begin(), marker.end(),
                              [](char a, char b) { return small_letter(a) == small_letter(b); });
  if (at == body.end()) return std::nullopt;
  auto rest = body.substr(static_cast<std::size_t>(at - body.begin()) + marker.size());
  auto const start = rest.find_first_not_of(" \t:=\"");
  if (start == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(start);
  auto const number = take_thousandths(rest);
  if (!number) return std::nullopt;
  rest = without_blanks(rest.substr(0, 12));
  auto const unit = [&](std::string_view word) {
    return rest.size() >= word.size() &&
           std::equal(word.begin(), word.end(), rest.begin(),
                      [](char a, char b) { return a == small_letter(b); });
  };
  if (unit("ms") || unit("millisec")) return bounded(*number / 1000);
  if (unit("min")) return bounded(std::min(*number, most_milliseconds) * 60);
  if (unit("hour")) return bounded(std::min(*number, most_milliseconds) * 3600);
  return bounded(*number);
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view text, TimePoint now) {
  if (auto const seconds = whole_thousandths(text)) return bounded(*seconds);
  auto const date = parse_http_date(text);
  if (!date) return std::nullopt;
  return bounded(std::chrono::ceil<milliseconds>(*date - now).count());
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

std::optional<milliseconds> asked_wait(HttpResponse const& response, RateSpec const& rate,
                                       TimePoint now) {
  auto const useful = [](std::optional<milliseconds> const& wait) {
    return wait && *wait > milliseconds(0);
  };
  std::optional<milliseconds> wait;
  if (auto const header = response.headers.find("Retry-After")) {
    wait = parse_retry_after(*header, now);
  }
  if (!useful(wait) && !rate.reset_header.empty()) {
    if (auto const header = response.headers.find(rate.reset_header)) {
      wait = parse_reset(*header, rate.reset_unit, now);
    }
  }
  if (!useful(wait)) {
    wait = wait_in_text(response.body, rate.wait_text.empty() ? "available in" : rate.wait_text);
  }
  if (!useful(wait)) return std::nullopt;
  return std::min<milliseconds>(*wait, rate.wait_cap);
}

}  // namespace affsync::engine
