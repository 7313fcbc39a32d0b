// What all streams of one source share: the HTTP client, the limiter, the login and its token. One
// fetch is one good answer, or the reason why there is none: waits, retries and renewed logins
// happen in here. Used from the I/O thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/auth.hpp"
#include "connectors/engine/backoff.hpp"
#include "connectors/engine/classify.hpp"
#include "connectors/engine/limiter.hpp"
#include "connectors/engine/stream_plan.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/sync/gate.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/sleeper.hpp"

namespace affsync::sync {

// Where the outside world comes in; tests hand in their own.
struct SessionParts {
  std::function<std::unique_ptr<net::HttpClient>()> make_client;  // called at the first request
  Clock* clock = nullptr;
  Sleeper* sleeper = nullptr;
  Observer* observer = nullptr;
  std::function<double()> random;      // [0, 1)
  std::function<std::string()> nonce;  // of a signed request; the machine's own where unset
  SessionParts() = default;
};

class SourceSession {
 public:
  SourceSession(engine::SourcePlan plan, SessionParts parts, Logger log);

  engine::SourcePlan const& plan() const { return plan_; }

  // Sends `request` (authentication is added here) until it is answered well, and counts requests,
  // retries, throttling and bytes in `report`. The error is final for this run; its code tells what
  // it ends: auth_invalid the source, permission_denied and not_found the stream.
  // Cancellation throws operation_aborted.
  asio::awaitable<Result<engine::Answer>> fetch(HttpRequest request, RunReport& report);

  // Logs in now when the connector has a login and there is no valid token; for `check`.
  asio::awaitable<std::optional<Error>> log_in(RunReport& report);

  // Set after wrong credentials: nothing is sent any more until the configuration changes.
  std::optional<Error> const& blocked() const { return blocked_; }

  // At most as many runs of this source at a time as it allows concurrent requests; a run has one
  // request on the wire.
  Gate& runs() { return runs_; }

  void close();

 private:
  struct Sent {
    engine::Verdict verdict;
    HttpResponse response;
    TimePoint sent_at{};
  };
  asio::awaitable<void> wait_for_turn();
  asio::awaitable<Sent> send_once(HttpRequest request, bool is_login, RunReport& report);
  asio::awaitable<std::optional<Error>> ensure_token(RunReport& report);
  asio::awaitable<std::optional<Error>> request_token(RunReport& report);
  // Whether the same request may go out again; waits before. `error` is what to give up with.
  struct Patience;
  asio::awaitable<bool> may_retry(Sent const& sent, Patience& patience, RunReport& report,
                                  Error& error);

  engine::SourcePlan plan_;
  SessionParts parts_;
  Logger log_;
  std::unique_ptr<net::HttpClient> client_;
  engine::Limiter limiter_;
  engine::BackoffSpec backoff_;
  std::optional<engine::Token> token_;
  std::optional<Error> blocked_;
  Gate login_{1};
  Gate runs_;
};

}  // namespace affsync::sync
