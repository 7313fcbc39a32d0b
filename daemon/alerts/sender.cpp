#include "daemon/alerts/sender.hpp"

#include "base/crash_point.hpp"
#include "daemon/alerts/policy.hpp"
#include "daemon/alerts/retry.hpp"
#include "daemon/alerts/words.hpp"
#include "daemon/async/with_timeout.hpp"

namespace affsync::alerts {
namespace {

// What an attempt may take beyond the receiver's timeout, and the lease beyond the attempt.
constexpr std::chrono::seconds spare{5};

}  // namespace

SendLimits limits_of(config::AlertsConfig const& config) {
  SendLimits limits;
  limits.per_hour = config.per_hour;
  limits.quiet = config.quiet;
  return limits;
}

Sender::Sender(SenderParts parts, config::AlertReceiver receiver, SendLimits limits, Logger log)
    : parts_(std::move(parts)),
      receiver_(std::move(receiver)),
      limits_(std::move(limits)),
      log_(log.with("receiver", receiver_.name)) {
  auto made = make_receiver(parts_.executor, receiver_);
  if (made) {
    to_ = std::move(*made);
  } else {
    unusable_ = made.error().message;
    log_.warn(made.error());
  }
}

asio::awaitable<SendOutcome> Sender::attempt(Message const& message) {
  SendOutcome outcome;
  if (!to_) {
    outcome.problem = unusable_;
    co_return outcome;
  }
  try {
    co_return co_await async::with_timeout(to_->send(message), receiver_.timeout + spare,
                                           "the message");
  } catch (Failure const& failure) {
    outcome.problem = failure.error().message;
  }
  co_return outcome;
}

asio::awaitable<std::optional<TimePoint>> Sender::send_due() {
  auto const token = random_key();
  std::optional<TimePoint> soonest;
  for (;;) {
    schema::TakeMessages take;
    take.receiver = receiver_.name;
    take.now = parts_.clock->now();
    take.token = token;
    take.lease = std::chrono::ceil<std::chrono::seconds>(receiver_.timeout) + 2 * spare;
    take.per_hour = limits_.per_hour;
    take.quiet = quiet_of(limits_.quiet);
    auto const taken = co_await parts_.store->take(std::move(take));
    if (taken.empty()) co_return soonest;
    for (auto const& message : taken) {
      crash_point(CrashPoint::alert_taken);
      auto const outcome = co_await attempt(message);
      crash_point(CrashPoint::alert_sent);
      auto const now = parts_.clock->now();
      parts_.observer->on_attempt(receiver_.name, outcome.sent, now);
      if (!outcome.moved_to.empty()) {
        log_.warn(
            "the chat of Telegram has another number since it became a supergroup; set `chat` of"
            " the receiver to it",
            {{"chat", outcome.moved_to}});
      }
      if (outcome.sent) {
        co_await parts_.store->note_sent(message.message_id, token, now);
        log_.info("told", {{"kind", message.kind}, number_field("message", message.message_id)});
        continue;
      }
      auto const attempts = message.attempts + 1;
      schema::FailedAttempt failed;
      failed.error = outcome.problem;
      failed.refused = outcome.refused;
      failed.next = next_attempt(now, attempts, outcome.wait, parts_.random());
      auto const next = std::min(failed.next, soonest.value_or(failed.next));
      auto const standing =
          co_await parts_.store->note_failed(message.message_id, token, std::move(failed), now);
      tell(message, outcome, standing);
      if (standing == schema::AlertAttempt::given_up) continue;
      // What comes after it must wait for it, unless it is this one alone that is not wanted.
      soonest = next;
      if (!outcome.refused || attempts < schema::attempts_in_order) co_return next;
    }
  }
}

void Sender::tell(Message const& message, SendOutcome const& outcome,
                  schema::AlertAttempt next) const {
  // Not its title, which may name a client.
  auto const number = std::to_string(message.message_id);
  auto const attempts = std::to_string(message.attempts + 1);
  if (next == schema::AlertAttempt::given_up) {
    log_.error("a message could not be sent for a day and is given up",
               {{"message", number}, {"attempts", attempts}, {"error", outcome.problem}});
  } else if (message.attempts == 0) {
    log_.warn("a message could not be sent; it is tried again for a day",
              {{"message", number}, {"error", outcome.problem}});
  } else {
    log_.debug("a message could not be sent", {{"attempts", attempts}, {"error", outcome.problem}});
  }
}

}  // namespace affsync::alerts
