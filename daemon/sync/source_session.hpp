// What all streams of one source share: the HTTP client, the limiter, the login and its token. One
// fetch is one good answer, or the reason why there is none: waits, retries and renewed logins
// happen in here. Used from the I/O thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/pace/backoff.hpp"
#include "connectors/engine/pace/limiter.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/async/gate.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/sync/broker_clock.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/refusal_guard.hpp"
#include "daemon/sync/source_secrets.hpp"

namespace affsync::sync {

// Where the outside world comes in; tests hand in their own.
struct SessionParts {
  std::function<std::unique_ptr<net::HttpClient>()> make_client;  // called at the first request
  Clock* clock = nullptr;
  async::Sleeper* sleeper = nullptr;
  Observer* observer = nullptr;
  std::function<double()> random;      // [0, 1)
  std::function<std::string()> nonce;  // of a signed request; the machine's own where unset
  // A broker that asks to be left alone for longer ends the run; unset: a quarter of an hour, or
  // what the connector bounds waits to.
  std::optional<Duration> longest_wait;
  SessionParts() = default;
};

class SourceSession {
 public:
  SourceSession(engine::SourcePlan plan, SessionParts parts, Logger log);

  engine::SourcePlan const& plan() const { return plan_; }

  // Sends `request` (authentication is added here) until it is answered well, and counts requests,
  // retries, throttling and bytes in `report`. The error is final for this run; its code tells what
  // it ends: auth_invalid and login_refused the source, permission_denied and not_found the stream.
  // A source whose login or key stands refused sends nothing. Cancellation throws
  // operation_aborted.
  asio::awaitable<Result<engine::Answer>> fetch(HttpRequest request, RunReport& report);

  // Logs in now when the connector has a login and there is no valid token; for `check`.
  asio::awaitable<std::optional<Error>> log_in(RunReport& report);

  // The refused login or key of this source: what nothing is sent for at the moment, until when,
  // and where that is kept.
  RefusalGuard& refusals() { return refusals_; }
  std::optional<Error> blocked() const { return refusals_.standing(); }
  std::optional<TimePoint> blocked_until() const { return refusals_.until(); }

  // Takes credentials, tokens and what was made of them out of everything that an error says, and
  // out of any other text that is to be shown or stored.
  void withhold_secrets(Error& error) const { secrets_.withhold(error); }
  std::string withhold_secrets(std::string text) const {
    return secrets_.withhold(std::move(text));
  }

  // Earlier runs, perhaps of another process, ended with a refusal of that path in spite of a fresh
  // login, so many in a row and the last one then: no login is made for it until its pause is over.
  void note_closed(std::string const& path, int failures, TimePoint failed_at);

  // Our clock less the broker's, as the Date of its last answer shows it: exact to some seconds.
  // nullopt where it told none.
  std::optional<Duration> clock_skew() const { return broker_clock_.skew(); }
  // The time, by the broker's clock where ours is off by more than some minutes.
  TimePoint trusted_now() const { return broker_clock_.trusted(parts_.clock->now()); }

  // "GET /base/api/rows?page=2": a request as the broker sees it, with the path of base_url.
  std::string place_of(HttpRequest const& request) const;

  // At most as many runs of this source at a time as it allows concurrent requests; a run has one
  // request on the wire.
  async::Gate& runs() { return runs_; }

  void close();

 private:
  struct Sent {
    engine::Verdict verdict;
    HttpResponse response;
    TimePoint sent_at{};
  };
  struct Patience;
  asio::awaitable<void> wait_for_turn();
  asio::awaitable<Sent> send_once(HttpRequest request, bool is_login, RunReport& report);
  asio::awaitable<std::optional<Error>> ensure_token(RunReport& report);
  asio::awaitable<std::optional<Error>> request_token(RunReport& report);
  // A key is let in when it does not stand refused.
  asio::awaitable<std::optional<Error>> admit_key(RunReport const& report);
  // Whether a data request that was refused goes out once more, with a new token where there is a
  // login. Otherwise `error` says why not.
  struct Attempt;
  asio::awaitable<bool> may_log_in_again(Attempt const& attempt, Patience& patience, Error& error);
  asio::awaitable<bool> may_show_key_again(Attempt const& attempt, Patience& patience,
                                           Error& error);
  // The broker asks for more than a run waits; then the error says until when.
  bool is_sent_away(Sent const& sent, Error& error) const;
  Duration longest_wait() const;
  // Whether the same request may go out again; waits before. `error` is what to give up with.
  asio::awaitable<bool> may_retry(Sent const& sent, Patience& patience, RunReport& report,
                                  Error& error);

  engine::SourcePlan plan_;
  SessionParts parts_;
  Logger log_;
  SourceSecrets secrets_;
  BrokerClock broker_clock_;
  std::unique_ptr<net::HttpClient> client_;
  engine::Limiter limiter_;
  engine::BackoffSpec backoff_;
  std::optional<engine::Token> token_;
  RefusalGuard refusals_;
  // Paths that a fresh token did not open: when the next login may be made because of them, and how
  // often there was one.
  struct Closed {
    TimePoint until{};
    int logins = 0;
  };
  std::map<std::string, Closed> closed_;
  async::Gate login_{1};  // of logins, and of keys that stand on probation
  async::Gate runs_;
};

}  // namespace affsync::sync
