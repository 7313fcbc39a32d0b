// Header fields with a time to wait: those of RFC 9110, those of the successive IETF drafts for
// RateLimit fields, and others that servers send.
#include "connectors/engine/answer/rate_headers.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "connectors/engine/answer/requested_wait.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

using std::chrono::milliseconds;
using Wait = std::optional<milliseconds>;

bool says_something(Wait const& wait) {
  return wait && *wait > milliseconds(0);
}

// Takes the text before `mark`, outside of quotes.
std::string_view take_until(std::string_view& rest, char mark) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '"') quoted = !quoted;
    if (rest[at] == '\\' && quoted) ++at;
    if (at < rest.size() && rest[at] == mark && !quoted) break;
  }
  auto const part = rest.substr(0, std::min(at, rest.size()));
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trim_blanks(part);
}

// One member of a structured field: its name and its numbers.
struct Quota {
  std::string_view name;
  std::optional<std::int64_t> remaining, window;
  Wait reset;
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::int64_t value = 0;
  for (char const c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

void read_parameter(std::string_view name, std::string_view value, Quota& quota) {
  if (name == "r" || name == "remaining") quota.remaining = whole_number(value);
  if (name == "t" || name == "reset") quota.reset = parse_wait(value);
  if (name == "w") quota.window = whole_number(value);
}

// Parses `"default";r=0;t=30, "daily";r=4;t=3600` (drafts 8 and later), `limit=100, remaining=0,
// reset=30` (draft 7), `100;w=60` (a policy of earlier drafts).
std::vector<Quota> read_quotas(std::string_view field) {
  std::vector<Quota> quotas;
  Quota flat;
  constexpr std::size_t most = 64;
  field = field.substr(0, 4096);
  while (!field.empty() && quotas.size() < most) {
    auto member = take_until(field, ',');
    auto const head = take_until(member, ';');
    if (auto const equals = head.find('=');
        equals != std::string_view::npos && head.front() != '"') {
      read_parameter(head.substr(0, equals), head.substr(equals + 1), flat);
      continue;
    }
    Quota quota;
    quota.name = head;
    while (!member.empty()) {
      auto const parameter = take_until(member, ';');
      auto const equals = parameter.find('=');
      if (equals == std::string_view::npos) continue;
      read_parameter(parameter.substr(0, equals), parameter.substr(equals + 1), quota);
    }
    quotas.push_back(quota);
  }
  if (flat.reset || flat.remaining) quotas.push_back(flat);
  return quotas;
}

// Returns the longest reset of all exhausted quotas; if none says that it is exhausted, the
// shortest reset.
Wait wait_of(std::vector<Quota> const& quotas, std::vector<Quota> const& policies) {
  Wait used_up, first;
  for (auto const& quota : quotas) {
    auto reset = quota.reset;
    if (!reset && quota.remaining == 0) {
      auto const policy = std::ranges::find(policies, quota.name, &Quota::name);
      if (policy != policies.end() && policy->window) {
        reset = std::chrono::seconds(std::min<std::int64_t>(*policy->window, 86'400));
      }
    }
    if (!says_something(reset)) continue;
    if (quota.remaining == 0) used_up = std::max(used_up.value_or(*reset), *reset);
    first = std::min(first.value_or(*reset), *reset);
  }
  return used_up ? used_up : first;
}

struct Named {
  std::string_view name;
  std::optional<ResetUnit> unit;  // unset: derived from the size of the number
};

constexpr std::array retry_names{
    Named{"Retry-After-Ms", ResetUnit::milliseconds},
    Named{"X-Retry-After-Ms", ResetUnit::milliseconds},
    Named{"X-Ms-Retry-After-Ms", ResetUnit::milliseconds},
    Named{"X-Retry-After", std::nullopt},
    Named{"X-Retry-After-Seconds", ResetUnit::seconds},
    Named{"X-Rate-Limit-Retry-After-Seconds", ResetUnit::seconds},
    Named{"X-RateLimit-Retry-After", std::nullopt},
    Named{"X-Rate-Limit-Retry-After", std::nullopt},
};

constexpr std::array reset_names{
    Named{"X-RateLimit-Reset-After", ResetUnit::seconds},
    Named{"X-Rate-Limit-Reset-After", ResetUnit::seconds},
    Named{"X-RateLimit-Reset-Ms", ResetUnit::milliseconds},
    Named{"X-RateLimit-Reset", std::nullopt},
    Named{"X-Rate-Limit-Reset", std::nullopt},
    Named{"X-RateLimit-Reset-Requests", std::nullopt},
    Named{"X-Rate-Limit-Reset-Requests", std::nullopt},
    Named{"X-RateLimit-Reset-Time", std::nullopt},
    Named{"X-Rate-Limit-Reset-Time", std::nullopt},
    Named{"X-Bapi-Limit-Reset-Timestamp", ResetUnit::epoch_milliseconds},
};

template <std::size_t size>
Wait first_of(std::array<Named, size> const& names, Headers const& headers, TimePoint now) {
  for (auto const& [name, unit] : names) {
    auto const value = headers.find(name);
    if (!value) continue;
    auto const wait = unit ? parse_reset(*value, *unit, now) : parse_retry_after(*value, now);
    if (says_something(wait)) return wait;
  }
  return std::nullopt;
}

}  // namespace

Wait wait_in_headers(Headers const& headers, TimePoint now) {
  // A gateway may have added its own field beside the broker's.
  Wait longest;
  for (auto const& [name, value] : headers.fields()) {
    Headers one;
    one.add(name, value);
    auto const field = one.find("Retry-After");
    auto const wait = field ? parse_retry_after(*field, now) : std::nullopt;
    if (says_something(wait)) longest = std::max(longest.value_or(*wait), *wait);
  }
  if (longest) return longest;
  return first_of(retry_names, headers, now);
}

Wait wait_in_rate_limit(Headers const& headers, TimePoint now) {
  std::string fields, policies;
  for (auto const& [name, value] : headers.fields()) {
    Headers one;
    one.add(name, value);
    if (one.find("RateLimit")) fields += (fields.empty() ? "" : ",") + value;
    if (one.find("RateLimit-Policy")) policies += (policies.empty() ? "" : ",") + value;
  }
  auto const wait = wait_of(read_quotas(fields), read_quotas(policies));
  if (says_something(wait)) return wait;
  // The drafts up to 6. Some servers send a point in time.
  if (auto const reset = headers.find("RateLimit-Reset")) {
    auto const until = parse_retry_after(*reset, now);
    if (says_something(until)) return until;
  }
  return first_of(reset_names, headers, now);
}

}  // namespace affsync::engine
