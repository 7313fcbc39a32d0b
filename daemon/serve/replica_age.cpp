#include "daemon/serve/replica_age.hpp"

#include <algorithm>
#include <utility>

namespace affsync::serve {

Duration ReplicaAge::look(std::vector<schema::StreamHealth> const& primary,
                          std::vector<schema::StreamHealth> const& replica, TimePoint now) {
  if (primary.empty()) return {};  // it did not answer
  std::map<std::pair<std::string, std::string>, TimePoint> known;
  for (auto const& stream : replica) {
    known[{stream.source, stream.stream}] = stream.last_success_at.value_or(TimePoint::min());
  }
  auto const before = std::exchange(missing_, {});
  Duration age(0);
  for (auto const& stream : primary) {
    if (!stream.last_success_at) continue;
    std::pair const name(stream.source, stream.stream);
    auto const found = known.find(name);
    auto const known_to = found == known.end() ? TimePoint::min() : found->second;
    if (known_to >= *stream.last_success_at) continue;
    auto oldest = *stream.last_success_at;
    auto const old = before.find(name);
    if (old != before.end() && known_to < old->second) oldest = std::min(oldest, old->second);
    missing_[name] = oldest;
    age = std::max(age, now - oldest);
  }
  return age;
}

std::optional<Duration> worth_telling(Duration replica_age) {
  return replica_age >= std::chrono::minutes(1) ? std::optional(replica_age) : std::nullopt;
}

}  // namespace affsync::serve
