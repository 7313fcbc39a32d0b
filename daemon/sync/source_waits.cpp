// How long the requests of a source wait, and when waiting is of no use.
#include <algorithm>
#include <string>
#include <utility>

#include "daemon/sync/source_session.hpp"

namespace affsync::sync {

using engine::AnswerClass;

// A wait of more than a week is not believable: the run goes on and waits only for the connector's
// cap.
bool SourceSession::exceeds_run_wait(Duration asked, Duration longest) {
  constexpr auto believable = std::chrono::hours(7 * 24);
  return asked > longest && asked <= believable;
}

bool SourceSession::must_leave(Sent const& sent, Error& error) const {
  if (sent.verdict.answer_class != AnswerClass::throttled || !sent.verdict.asked) return false;
  if (!exceeds_run_wait(*sent.verdict.asked, longest_wait())) return false;
  auto const until = parts_.clock->now() + *sent.verdict.asked;
  error.message += "; the broker asks to wait until " +
                   format_time(std::chrono::ceil<std::chrono::seconds>(until));
  error.hint =
      "Nothing can be read from the broker before then. If this happens often, lower "
      "rate_limit.requests_per_second of this source.";
  return true;
}

bool SourceSession::is_asked(Sent const& sent, Duration pause) {
  return sent.verdict.wait && pause <= *sent.verdict.wait + std::chrono::seconds(1);
}

bool SourceSession::waits_in_vain(Patience& patience, Error& error) const {
  auto const now = parts_.clock->now();
  if (!patience.refused_since) patience.refused_since = now;
  auto const waited = now - std::max(*patience.refused_since, last_good_);
  if (waited < longest_wait()) return false;
  error.message += "; the broker has refused everything for " +
                   std::to_string(std::chrono::floor<std::chrono::minutes>(waited).count()) +
                   " minutes";
  return true;
}

Duration SourceSession::longest_wait() const {
  return parts_.longest_wait.value_or(usual_longest_wait());
}

Duration SourceSession::usual_longest_wait() const {
  return std::max<Duration>(std::chrono::minutes(15), plan_.rate.wait_cap);
}

asio::awaitable<Result<async::Gate::Pass>> SourceSession::wait_for_login_turn() {
  auto const longest = longest_wait();
  auto turn = co_await turns_.next(nullptr, std::string(engine::login_requests), 1, longest);
  if (turn.wait > Duration::zero()) co_return used_up(turn.wait);
  co_return std::move(turn.place);
}

asio::awaitable<std::optional<Error>> SourceSession::wait_for_limits(std::string stream, int cost) {
  auto const longest = longest_wait();
  auto const wait = co_await turns_.wait_for_limits(std::move(stream), cost, longest);
  if (wait > Duration::zero()) co_return used_up(wait);
  co_return std::nullopt;
}

Error SourceSession::used_up(Duration wait) const {
  return Error(ErrorCode::throttled,
               "the limit of requests that the connector states is used up until " +
                   format_time(std::chrono::ceil<std::chrono::seconds>(parts_.clock->now() + wait)),
               "The next run goes on from there. Read less often, or only the streams you need.");
}

}  // namespace affsync::sync
