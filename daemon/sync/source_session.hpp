// What all streams of one source share: the HTTP client, the limiter, the login and its token. Each
// fetch ends with a good answer or a final error; waits, retries and renewed logins happen here.
// Use it from the I/O thread only; large answers are parsed on other threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/pace/backoff.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/async/gate.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/sync/broker_clock.hpp"
#include "daemon/sync/done_looks.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/refusal_guard.hpp"
#include "daemon/sync/source_secrets.hpp"
#include "daemon/sync/turn_queue.hpp"

namespace affsync::sync {

// The session's dependencies, which tests replace.
struct SessionParts {
  std::function<std::unique_ptr<net::HttpClient>()> make_client;  // called at the first request
  // Of logins that have an address of their own, called at the first one. Nothing but the login
  // and its renewal is sent with it.
  std::function<std::unique_ptr<net::HttpClient>()> make_login_client;
  std::vector<Secret> other_secrets;  // beside the source's credentials: those of its proxy
  Clock* clock = nullptr;
  async::Sleeper* sleeper = nullptr;
  Observer* observer = nullptr;
  std::shared_ptr<ClockWitnesses> witnesses;  // of all sources; nullptr: none but its own broker
  async::Workers* workers = nullptr;          // parse large answers; nullptr: the I/O thread does
  std::function<double()> random;             // [0, 1)
  std::function<std::string()> nonce;         // for signed requests; engine::make_nonce if unset
  // If a broker asks for a longer wait than this, the run ends. Unset: 15 minutes or the
  // connector's wait cap, whichever is longer.
  std::optional<Duration> longest_wait;
  SessionParts() = default;
};

class SourceSession {
 public:
  // What the answer to a request has: rows of the stream, a token, or the state of a report.
  enum class Asks { rows, token, about_report };

  SourceSession(engine::SourcePlan plan, SessionParts parts, Logger log);

  engine::SourcePlan const& plan() const { return plan_; }

  // Adds authentication to `request` and sends it until it gets a good answer. Counts requests,
  // retries, throttling and bytes in `report`. An error is final for this run. auth_invalid and
  // login_refused end all streams of the source, permission_denied and not_found only this stream.
  // Sends nothing while the source's login or key is blocked. At most `concurrency` requests of the
  // source are under way; those that wait are sent in the order of the calls, but first those that
  // a run waits for: `is_asked` becomes true when it does. Cancellation throws operation_aborted.
  asio::awaitable<Result<engine::Answer>> fetch(HttpRequest request, RunReport& report,
                                                std::shared_ptr<bool const> is_asked = nullptr,
                                                Asks asks = Asks::rows);

  // Logs in now if the connector has a login and there is no valid token; for `check`.
  asio::awaitable<std::optional<Error>> log_in(RunReport& report);

  // Waits, such as until a report is made.
  asio::awaitable<void> sleep(Duration time) const { return parts_.sleeper->sleep(time); }

  // The guard against repeating a refused login or key of this source.
  RefusalGuard& refusals() { return refusals_; }
  std::optional<Error> blocked() const { return refusals_.active_block_error(); }
  std::optional<TimePoint> blocked_until() const { return refusals_.until(); }

  // Redacts credentials, tokens and header values made from them in the texts of an error, or in
  // any other text to be shown or stored.
  void withhold_secrets(Error& error) const { secrets_.withhold(error); }
  std::string withhold_secrets(std::string text) const {
    return secrets_.withhold(std::move(text));
  }

  // Records that earlier runs, perhaps of another process, were refused at `path` in spite of a
  // fresh login: `failures` times in a row, last at `failed_at`. Until the pause for that is over,
  // no new login is made because of this path.
  void note_closed(std::string const& path, int failures, TimePoint failed_at);

  // Our clock minus the broker's, from the Date of its last answer; accurate to a few seconds.
  // nullopt if no answer had a Date.
  std::optional<Duration> clock_skew() const { return broker_clock_.skew(); }
  // The current time; by the broker's clock if ours is off by more than a few minutes.
  TimePoint trusted_now() const { return broker_clock_.trusted(parts_.clock->now()); }

  // Returns a request as the broker sees it, with the path of base_url: "GET
  // /base/api/rows?page=2". A login at another host has its whole address.
  std::string place_of(HttpRequest const& request, Asks asks = Asks::rows) const;

  // Whether no request may be sent for a while because the broker asked for it.
  bool waits_for_broker(TimePoint now) const {
    return turns_.blocked_until().value_or(now) > now + std::chrono::seconds(1);
  }

  // Whether the last request that ended had no answer within its time limit.
  bool is_silent() const { return is_silent_; }

  // What earlier processes sent counts in limits of an hour or a day. Returns how far back that
  // matters; zero: not at all, or it was noted already.
  Duration wants_past_requests() const;
  // What one earlier run of a stream sent, as if all of it had been sent when the run ended.
  struct PastRequests {
    TimePoint at{};  // the run's end
    std::string stream;
    int count = 0;
  };
  // Counts them in the limits. `past` is ordered by time, the oldest first.
  void note_past_requests(std::vector<PastRequests> const& past);

  // What an earlier process stored of the broker's limit. Only the first call counts, before the
  // first request.
  void begin_with(std::optional<LearnedRate> const& stored);
  // What is to be stored now in place of what was; nullopt if that still holds. Returns each value
  // once.
  std::optional<LearnedRate> rate_to_store();

  // Of a source whose answers are files.
  DoneLooks& done_looks() { return done_looks_; }

  // Whether it is the first time that a file of this name is told to be read by nobody.
  bool is_news(std::string const& unread_file) { return unread_told_.insert(unread_file).second; }

  void close();

 private:
  struct Sent {
    engine::Verdict verdict;
    HttpResponse response;
    TimePoint sent_at{};
    std::chrono::steady_clock::time_point received_at{};
    std::shared_ptr<Redactor const> quoted;  // set if a good body quotes one of our secrets
    bool unanswered = false;                 // it was sent, and no whole answer came
    bool lapsed = false;  // a kept connection was closed: sign the request again and send it
  };
  // What an answer means.
  struct Judged {
    engine::Verdict verdict;
    std::shared_ptr<Redactor const> quoted;
  };
  // The attempts that one fetch has used.
  struct Patience {
    int retries = 0;
    int refusals = 0;
    std::optional<TimePoint> refused_since;  // the first of them
    bool asked_again = false;                // repeated after a refusal of the token or key
  };
  // A request that was sent, its answer and the token it carried.
  struct Attempt {
    Attempt(Sent const& answer, std::string asked, std::string with, int known)
        : sent(answer), path(std::move(asked)), token(std::move(with)), refusals(known) {}
    Sent const& sent;
    std::string path, token;
    int refusals;  // recorded when it was sent
  };
  // Waits until a login may be sent. It is under way until the pass is gone. Returns an error if a
  // limit that the connector states is used up for longer than a run waits.
  asio::awaitable<Result<async::Gate::Pass>> wait_for_login_turn();
  // Waits until the limits that the connector states allow a request of this stream; the same
  // error.
  asio::awaitable<std::optional<Error>> wait_for_limits(std::string stream, int cost);
  Error used_up(Duration wait) const;
  int cost_of(std::string const& stream) const;
  static void note_end(engine::PageSpec const& page, int status, engine::Verdict& verdict);
  // Gives up `turn` when the answer has arrived.
  asio::awaitable<Sent> send_once(HttpRequest request, Asks asks, RunReport& report,
                                  async::Gate::Pass turn);
  asio::awaitable<Judged> judge(HttpResponse const& response, Asks asks, std::string const& stream,
                                TimePoint now);
  asio::awaitable<std::optional<Error>> ensure_token(RunReport& report);
  asio::awaitable<std::optional<Error>> request_token(RunReport& report);
  // Whether such a request goes to the login's own address.
  bool goes_elsewhere(Asks asks) const;
  net::HttpClient& client_for(Asks asks);
  std::string const& login_address() const;
  // Makes an error about a login at another host name that host.
  void name_login_host(Error& error, std::string const& place) const;
  // Renews the token without a login, if the broker gave what it needs. Returns whether it did.
  asio::awaitable<bool> renew_token(RunReport& report);
  void take_token(engine::Token token);
  // Returns an error if the key is blocked.
  asio::awaitable<std::optional<Error>> admit_key(RunReport const& report);
  // Returns whether to repeat a refused data request, with a new token if the connector has a
  // login. If not, sets `error` to the reason.
  asio::awaitable<bool> may_log_in_again(Attempt const& attempt, Patience& patience, Error& error);
  asio::awaitable<bool> may_show_key_again(Attempt const& attempt, Patience& patience,
                                           Error& error);
  // Records that `attempt` was refused, unless that is a refusal that was recorded meanwhile.
  asio::awaitable<void> note_refused(Attempt const& attempt, Error& error);
  // Returns whether the broker asks for a longer wait than a run makes; then adds its end to
  // `error`.
  bool must_leave(Sent const& sent, Error& error) const;
  // The longest wait of a run, and what it is unless a run has one of its own.
  Duration longest_wait() const;
  Duration usual_longest_wait() const;
  // Returns whether a wait that the broker asks for ends the run.
  static bool exceeds_run_wait(Duration asked, Duration longest);
  // Whether a pause is the one that the broker asked for, and not one of our own.
  static bool is_asked(Sent const& sent, Duration pause);
  // Returns true if nothing good came for as long as a run waits; then says so in `error`.
  bool waits_in_vain(Patience& patience, Error& error) const;
  // Returns whether to send the same request again, after the backoff. If not, `error` is the final
  // error.
  asio::awaitable<bool> may_retry(Sent const& sent, Patience& patience, RunReport& report,
                                  Error& error);

  engine::SourcePlan plan_;
  SessionParts parts_;
  Logger log_;
  SourceSecrets secrets_;
  BrokerClock broker_clock_;
  std::unique_ptr<net::HttpClient> client_, login_client_;
  bool is_silent_ = false;
  TurnQueue turns_;
  bool knows_past_ = false;  // what earlier processes sent
  bool knows_rate_ = false;  // what they learned
  std::optional<LearnedRate> stored_rate_;
  engine::BackoffSpec backoff_;
  TimePoint last_good_{};  // answer
  std::optional<engine::Token> token_;
  // Of a login that was sent and not answered: what went wrong, and until when none is sent.
  std::optional<Error> unanswered_login_;
  TimePoint unanswered_until_{};
  Secret refresh_token_;  // outlives the token; empty: none
  RefusalGuard refusals_;
  // A path that was refused even with a fresh token: when the next login may be made because of it,
  // and how many there were.
  struct Closed {
    TimePoint until{};
    int logins = 0;
  };
  std::map<std::string, Closed> closed_;
  DoneLooks done_looks_;
  std::set<std::string> unread_told_;
  async::Gate login_{1};  // one login at a time, or one request of a key on probation
};

}  // namespace affsync::sync
