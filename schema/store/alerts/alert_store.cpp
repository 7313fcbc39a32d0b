#include "schema/store/alerts/alert_store.hpp"

#include "schema/store/pg_executor.hpp"

namespace affsync::schema {
namespace {

constexpr int attempts = 2;

class PgAlertStore final : public AlertStore {
 public:
  // One to judge with, and one so that sending does not wait for it.
  explicit PgAlertStore(StoreOptions const& options) : judging_(options, 1), sending_(options, 1) {}

  asio::awaitable<AlertChanges> judge(AlertPolicy policy) override {
    auto work = [given = std::move(policy)](PgSession& session) {
      return judge_alerts(session, given);
    };
    co_return co_await judging_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertMessage>> take(TakeMessages take) override {
    auto work = [given = std::move(take)](PgSession& session) {
      return take_messages(session, given);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<bool> note_sent(std::int64_t message_id, std::string token,
                                  TimePoint now) override {
    auto work = [message_id, now, by = std::move(token)](PgSession& session) {
      return schema::note_sent(session, message_id, by, now);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<AlertAttempt> note_failed(std::int64_t message_id, std::string token,
                                            std::string error, TimePoint next_attempt,
                                            TimePoint now) override {
    auto work = [message_id, next_attempt, now, by = std::move(token),
                 why = std::move(error)](PgSession& session) {
      return schema::note_failed(session, message_id, by, why, next_attempt, now);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertQueue>> queues(TimePoint now) override {
    auto work = [now](PgSession& session) { return read_alert_queues(session, now); };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertLine>> list(AlertFilter filter, TimePoint now) override {
    auto work = [now, given = std::move(filter)](PgSession& session) {
      return list_alerts(session, given, now);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::vector<AlertCount>> count(TimePoint now) override {
    auto work = [now](PgSession& session) { return count_alerts(session, now); };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  asio::awaitable<std::int64_t> mute(AlertMute mute) override {
    auto work = [given = std::move(mute)](PgSession& session) {
      return mute_alerts(session, given);
    };
    co_return co_await sending_.run(std::move(work));
  }

  asio::awaitable<std::int64_t> unmute(AlertMute mute) override {
    auto work = [given = std::move(mute)](PgSession& session) {
      return unmute_alerts(session, given);
    };
    co_return co_await sending_.run(std::move(work), attempts);
  }

  void shut_down(std::chrono::milliseconds patience) override {
    judging_.shut_down(patience);
    sending_.shut_down(patience);
  }

 private:
  PgExecutor judging_;
  PgExecutor sending_;
};

}  // namespace

std::unique_ptr<AlertStore> make_pg_alert_store(StoreOptions options) {
  return std::make_unique<PgAlertStore>(options);
}

}  // namespace affsync::schema
