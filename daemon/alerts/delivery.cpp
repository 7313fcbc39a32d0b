#include "daemon/alerts/delivery.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "daemon/async/until_cancelled.hpp"
#include "daemon/async/with_timeout.hpp"

namespace affsync::alerts {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

asio::awaitable<void> sleep(milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// Sends what is due to one receiver and tells of errors of the database.
asio::awaitable<void> send_once(Sender& sender, Logger const& log) {
  std::optional<Error> failed;
  try {
    co_await sender.send_due();
  } catch (Failure const& failure) {
    failed = failure.error();
  }
  if (failed) log.warn(*failed);
}

void tell_failed_rules(schema::AlertChanges const& changes, std::vector<std::string>& told,
                       Logger const& log) {
  std::vector<std::string> failed;
  for (auto const& one : changes.failed) {
    failed.push_back(one.rule);
    if (std::ranges::find(told, one.rule) != told.end()) continue;
    log.warn("a rule of alerts could not be judged; the others are",
             {{"rule", one.rule}, {"error", one.error.message}});
  }
  if (changes.quiet_failed) {
    failed.emplace_back("quiet");
    if (std::ranges::find(told, "quiet") == told.end()) log.warn(*changes.quiet_failed);
  }
  told = std::move(failed);
}

// The part of tell_once() that the time limit is for.
asio::awaitable<void> judge_and_send(SenderParts parts, schema::AlertPolicy policy,
                                     config::AlertsConfig config, milliseconds limit, Logger log) {
  policy.settle = std::chrono::seconds(0);
  policy.now = parts.clock->now();
  auto const changes = co_await parts.store->judge(std::move(policy));
  std::vector<std::string> told;
  tell_failed_rules(changes, told, log);
  auto const limits = limits_of(config);
  std::list<Sender> senders;
  auto start = [&](async::TaskGroup& group) {
    for (auto& receiver : config.receivers) {
      // An attempt that the limit cut off would stay leased for the receiver's own timeout.
      receiver.timeout = std::min(receiver.timeout, limit / 2);
      auto& sender = senders.emplace_back(parts, receiver, limits, log);
      group.spawn(async::until_cancelled(send_once(sender, log)));
    }
  };
  co_await async::run_tasks(std::move(start));
}

}  // namespace

Delivery::Delivery(SenderParts parts, std::function<schema::AlertPolicy()> policy, Logger log,
                   DeliveryTimes times)
    : parts_(std::move(parts)),
      policy_(std::move(policy)),
      log_(std::move(log)),
      times_(times),
      tasks_(parts_.executor) {}

void Delivery::set_receivers(config::AlertsConfig const& config) {
  auto const limits = limits_of(config);
  std::list<PostPtr> kept;
  std::vector<std::string> names;
  for (auto const& receiver : config.receivers) {
    names.push_back(receiver.name);
    auto const same = std::ranges::find_if(posts_, [&](PostPtr const& post) {
      return post->sender->receiver() == receiver && post->sender->limits() == limits;
    });
    if (same != posts_.end()) {
      kept.splice(kept.end(), posts_, same);
      continue;
    }
    auto sender = std::make_unique<Sender>(parts_, receiver, limits, log_);
    kept.push_back(std::make_shared<Post>(std::move(sender)));
  }
  // What is being sent to the others stays leased for a moment, and is then sent with the same key.
  for (auto const& gone : posts_) {
    if (gone->task) tasks_.cancel(gone->task);
  }
  posts_ = std::move(kept);
  parts_.observer->on_receivers(names);
  for (auto const& post : posts_) start(post);
  nudge();
}

void Delivery::start(PostPtr const& post) {
  if (running_ && !post->task)
    post->task = tasks_.spawn(async::until_cancelled(keep_sending(post)));
}

void Delivery::nudge() {
  nudged_ = true;
  wake_.tell();
}

asio::awaitable<void> Delivery::run() {
  running_ = true;
  tasks_.spawn(async::until_cancelled(judge_again_and_again()));
  for (auto const& post : posts_) start(post);
  co_await tasks_.join();
  running_ = false;
}

asio::awaitable<void> Delivery::judge_again_and_again() {
  for (;;) {
    if (!nudged_) co_await wake_.told_before(steady_clock::now() + times_.longest);
    co_await sleep(times_.debounce);
    nudged_ = false;
    auto const began = steady_clock::now();
    auto const slow = co_await judge();
    // However long it takes, judging is a small part of what the database does. Slow rules rest by
    // themselves, and do not hold up the others.
    constexpr int part = 20;
    auto const took = std::chrono::ceil<milliseconds>(steady_clock::now() - began) - slow;
    co_await sleep(std::max(times_.rest, part * took));
  }
}

asio::awaitable<milliseconds> Delivery::judge() {
  std::optional<Error> failed;
  milliseconds slow{0};
  try {
    auto policy = policy_();
    policy.now = parts_.clock->now();
    auto const changes = co_await parts_.store->judge(std::move(policy));
    slow = changes.took_by_slow;
    tell_failed_rules(changes, failed_rules_, log_);
    if (changes.any()) {
      auto const count = [](std::string key, auto const& alerts) {
        return number_field(std::move(key), static_cast<std::int64_t>(alerts.size()));
      };
      log_.info("alerts", {count("opened", changes.opened), count("grown", changes.grown),
                           count("closed", changes.closed)});
    }
    auto const now = parts_.clock->now();
    auto const counts = co_await parts_.store->count(now);
    auto const queues = co_await parts_.store->queues(now);
    parts_.observer->on_standing(counts, queues);
  } catch (Failure const& failure) {
    failed = failure.error();
  }
  if (failed && !database_told_) log_.warn(*failed);
  database_told_ = failed.has_value();
  for (auto const& post : posts_) post->wake.tell();
  co_return slow;
}

asio::awaitable<void> Delivery::keep_sending(PostPtr post) {
  for (;;) {
    std::optional<TimePoint> next;
    std::optional<Error> failed;
    try {
      next = co_await post->sender->send_due();
    } catch (Failure const& failure) {
      failed = failure.error();
    }
    if (failed) log_.debug(failed->to_line());
    auto pause = Duration(times_.look);
    if (next) pause = std::clamp(*next - parts_.clock->now(), Duration(0), pause);
    co_await post->wake.told_before(steady_clock::now() + pause);
  }
}

namespace {

// What came of tell_once().
struct Told {
  bool has_ended = false;
  bool is_late = false;  // the limit has passed
  std::optional<Error> failed;
};

// A statement goes on when nobody waits for it any more, so the store ends it: at the limit, or
// after a moment when this is cancelled.
asio::awaitable<void> end_statements(schema::AlertStore& store, milliseconds limit,
                                     std::shared_ptr<Told> told) {
  constexpr milliseconds moment{500};
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (told->has_ended) co_return;
  told->is_late = !woken;
  store.shut_down(told->is_late ? milliseconds(0) : moment);
}

asio::awaitable<void> tell_within(asio::awaitable<void> work, milliseconds limit,
                                  std::shared_ptr<Told> told, std::function<void()> on_end) {
  try {
    co_await async::with_timeout(std::move(work), limit, "telling of alerts");
  } catch (Failure const& failure) {
    told->failed = failure.error();
  }
  told->has_ended = true;
  on_end();
}

}  // namespace

asio::awaitable<void> tell_once(SenderParts parts, schema::AlertPolicy policy,
                                config::AlertsConfig config, std::chrono::milliseconds limit,
                                Logger log) {
  auto& store = *parts.store;
  // So that one slow rule does not keep the others from being told.
  policy.rule_limit = std::min(policy.rule_limit, limit * 2 / 3);
  auto const told = std::make_shared<Told>();
  auto work = judge_and_send(std::move(parts), std::move(policy), std::move(config), limit, log);
  auto start = [&](async::TaskGroup& group) {
    auto watch = group.spawn(async::until_cancelled(end_statements(store, limit, told)));
    auto on_end = [&group, watch] { group.cancel(watch); };
    group.spawn(tell_within(std::move(work), limit, told, std::move(on_end)));
  };
  co_await async::run_tasks(std::move(start));
  auto& failed = told->failed;
  if (failed && told->is_late) {
    failed =
        Error(ErrorCode::timeout, "telling of alerts took longer than " + async::to_text(limit),
              "What was not sent is sent by the next `affsync sync` or `affsync run`.");
  }
  if (failed && failed->code != ErrorCode::cancelled) log.warn(*failed);
}

}  // namespace affsync::alerts
