// Setting the clock, and parsing times.
#include "tests/sandbox/clock.hpp"

namespace affsync::sandbox {
namespace {

// Takes `count` digits off the front of `text`; nullopt if there are fewer.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+03:00", "-0530" or nothing.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (text.empty() || take(text, 'Z')) return std::chrono::minutes(0);
  int const sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '-') && !take(text, '+')) return std::nullopt;
  auto const hours = take_digits(text, 2);
  take(text, ':');
  auto const minutes = take_digits(text, 2);
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

// Takes the digits after a decimal point; the first six count.
Duration take_fraction(std::string_view& text) {
  Duration fraction{0};
  Duration step{100'000};
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    fraction += (text.front() - '0') * step;
    step /= 10;
  }
  return fraction;
}

}  // namespace

TimePoint SandboxClock::now() const {
  return frozen_ ? *frozen_ : SystemClock().now() + offset_;
}

void SandboxClock::set(TimePoint time, bool frozen) {
  frozen_.reset();
  offset_ = time - SystemClock().now();
  if (frozen) frozen_ = time;
}

void SandboxClock::advance(Duration time) {
  offset_ += time;
  if (frozen_) *frozen_ += time;
}

std::optional<TimePoint> parse_instant(std::string_view text) {
  auto const day = parse_day(text.substr(0, 10));
  if (!day) return std::nullopt;
  text.remove_prefix(10);
  if (text.empty()) return TimePoint(*day);
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  auto const hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  auto const minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  TimePoint time = TimePoint(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (take(text, ':')) {
    auto const second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    time += std::chrono::seconds(*second);
    if (take(text, '.')) time += take_fraction(text);
  }
  auto const offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return time - *offset;
}

}  // namespace affsync::sandbox
