#include "schema/store/alerts/alert_store.hpp"

#include "schema/store/pg_executor.hpp"
#include "schema/store/server_clock.hpp"

namespace affsync::schema {
namespace {

constexpr int attempts = 2;

class PgAlertStore final : public AlertStore {
 public:
  // One to judge with, and one so that sending does not wait for it.
  explicit PgAlertStore(StoreOptions const& options)
      : clock_(options.clock), judging_(options, 1), sending_(options, 1) {}

  asio::awaitable<AlertChanges> judge(AlertPolicy policy) override {
    auto work = [clock = clock_, policy = std::move(policy)](PgSession& session) {
      AlertPolicy given = policy;
      given.now = clock->to_server(given.now);
      for (auto& source : given.sources) {
        for (auto& stream : source.streams) stream.since = clock->to_server(stream.since);
      }
      return judge_alerts(session, given);
    };
    co_return co_await judging_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertMessage>> take(TakeMessages take) override {
    auto work = [clock = clock_, take = std::move(take)](PgSession& session) {
      TakeMessages given = take;
      given.now = clock->to_server(given.now);
      auto messages = take_messages(session, given);
      for (auto& message : messages) message.created_at = clock->to_ours(message.created_at);
      return messages;
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<bool> note_sent(std::int64_t message_id, std::string token,
                                  TimePoint now) override {
    auto work = [clock = clock_, message_id, now, by = std::move(token)](PgSession& session) {
      return schema::note_sent(session, message_id, by, clock->to_server(now));
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<AlertAttempt> note_failed(std::int64_t message_id, std::string token,
                                            FailedAttempt failed, TimePoint now) override {
    auto work = [clock = clock_, message_id, now, by = std::move(token),
                 given = std::move(failed)](PgSession& session) {
      auto noted = given;
      noted.next = clock->to_server(given.next);
      return schema::note_failed(session, message_id, by, noted, clock->to_server(now));
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertQueue>> queues(TimePoint now) override {
    auto work = [clock = clock_, now](PgSession& session) {
      auto queues = read_alert_queues(session, clock->to_server(now));
      for (auto& queue : queues) {
        clock->to_ours(queue.oldest);
        clock->to_ours(queue.due);
      }
      return queues;
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertLine>> list(AlertFilter filter, TimePoint now) override {
    auto work = [clock = clock_, now, given = std::move(filter)](PgSession& session) {
      return list_alerts(session, given, clock->to_server(now));
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertCount>> count(TimePoint now) override {
    auto work = [clock = clock_, now](PgSession& session) {
      return count_alerts(session, clock->to_server(now));
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::int64_t> mute(AlertMute mute) override {
    auto work = [clock = clock_, mute = std::move(mute)](PgSession& session) {
      AlertMute given = mute;
      given.now = clock->to_server(given.now);
      return mute_alerts(session, given);
    };
    co_return co_await sending_.run(std::move(work));
  }

  asio::awaitable<std::int64_t> unmute(AlertMute mute) override {
    auto work = [clock = clock_, mute = std::move(mute)](PgSession& session) {
      AlertMute given = mute;
      given.now = clock->to_server(given.now);
      return unmute_alerts(session, given);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  void shut_down(std::chrono::milliseconds patience) override {
    judging_.shut_down(patience);
    sending_.shut_down(patience);
  }

 private:
  std::shared_ptr<ServerClock> const clock_;
  PgExecutor judging_;
  PgExecutor sending_;
};

}  // namespace

std::unique_ptr<AlertStore> make_pg_alert_store(StoreOptions options) {
  if (!options.clock) options.clock = std::make_shared<ServerClock>();
  return std::make_unique<PgAlertStore>(options);
}

}  // namespace affsync::schema
