// The daemon's part of alerts: after runs and on a timer it has the rules judged, and sends what
// they wrote, to each receiver on its own. Nothing here waits for a run, and no run waits for it.
#pragma once

#include <chrono>
#include <list>
#include <memory>

#include "daemon/alerts/sender.hpp"
#include "daemon/async/event.hpp"
#include "daemon/async/task_group.hpp"

namespace affsync::alerts {

struct DeliveryTimes {
  std::chrono::milliseconds debounce{1'000};  // after a run, for others that end soon
  std::chrono::milliseconds rest{5'000};      // least time between two judgements
  std::chrono::milliseconds longest{60'000};  // most time between two judgements
  std::chrono::milliseconds look{15'000};     // most time until a sender looks again
};

class Delivery {
 public:
  // `policy` is asked before each judgement.
  Delivery(SenderParts parts, std::function<schema::AlertPolicy()> policy, Logger log,
           DeliveryTimes times = DeliveryTimes());
  Delivery(Delivery const&) = delete;
  Delivery& operator=(Delivery const&) = delete;

  // Takes the receivers of the configuration. What is being sent to one that is unchanged goes on.
  void set_receivers(config::AlertsConfig const& config);
  // A run has ended: judge soon.
  void nudge();

  // Runs until cancelled (terminal).
  asio::awaitable<void> run();

 private:
  struct Post {
    explicit Post(std::unique_ptr<Sender> its_sender) : sender(std::move(its_sender)) {}
    std::unique_ptr<Sender> sender;
    async::Event wake;
    async::TaskGroup::TaskPtr task;
  };
  using PostPtr = std::shared_ptr<Post>;

  asio::awaitable<void> judge_again_and_again();
  // Returns the time that slow rules took.
  asio::awaitable<std::chrono::milliseconds> judge();
  asio::awaitable<void> keep_sending(PostPtr post);
  void start(PostPtr const& post);

  SenderParts parts_;
  std::function<schema::AlertPolicy()> policy_;
  Logger log_;
  DeliveryTimes times_;
  std::list<PostPtr> posts_;
  bool nudged_ = true;  // judge at the start
  async::Event wake_;
  bool running_ = false;
  bool database_told_ = false;  // an outage is logged once
  std::vector<std::string> failed_rules_;
  async::TaskGroup tasks_;
};

// One judgement and what can be sent now, for at most `limit` in all: the end of `sync`. At the
// limit, or if it is cancelled, the store is shut down.
asio::awaitable<void> tell_once(SenderParts parts, schema::AlertPolicy policy,
                                config::AlertsConfig config, std::chrono::milliseconds limit,
                                Logger log);

}  // namespace affsync::alerts
