// The login of a source: its token, and what a refusal of it costs.
#include <utility>

#include "base/crash_point.hpp"
#include "connectors/engine/answer/login_refusal.hpp"
#include "daemon/sync/source_session.hpp"

namespace affsync::sync {
namespace {

using engine::AnswerClass;

// A broker may count each attempt to log in against us.
constexpr int most_login_refusals = 5;
constexpr auto pause_of_throttled_login = std::chrono::minutes(15);
constexpr auto pause_of_unanswered_login = std::chrono::minutes(5);

}  // namespace

void SourceSession::take_token(engine::Token token) {
  token_ = std::move(token);
  secrets_.note_sent(token_->text);
  for (auto const& [name, further] : token_->more) secrets_.note_sent(further);
  if (!token_->refresh.empty()) {
    refresh_token_ = token_->refresh;
    secrets_.note_sent(refresh_token_);
  }
}

std::string const& SourceSession::login_address() const {
  auto const& url = engine::login_url_of(plan_.auth);
  return url.empty() ? plan_.base_url : url;
}

void SourceSession::name_login_host(Error& error, std::string const& place) const {
  error.where = place;
  constexpr std::string_view other = "base_url";
  auto const at = error.hint.find(other);
  if (at != std::string::npos) error.hint.replace(at, other.size(), "`url` of the login");
}

asio::awaitable<bool> SourceSession::renew_token(RunReport& report) {
  auto const& auth = std::get<engine::LoginTokenAuth>(plan_.auth);
  if (!auth.refresh || refresh_token_.empty()) co_return false;
  // It is tried once; whatever goes wrong, the login follows.
  Secret const used = std::exchange(refresh_token_, Secret());
  auto turn = co_await wait_for_login_turn();
  if (!turn) co_return false;
  HttpRequest request = engine::make_refresh_request(*auth.refresh, plan_.credentials, used);
  Sent const sent = co_await send_once(std::move(request), Asks::token, report, std::move(*turn));
  if (sent.verdict.answer_class != AnswerClass::ok) co_return false;
  auto token =
      engine::read_token(auth, sent.verdict.body, parts_.clock->now(),
                         date_of(sent.response.headers), sent.response.headers, login_address());
  if (!token) co_return false;
  // Unless the answer gives another one, it is valid until it is refused.
  if (token->refresh.empty()) token->refresh = used;
  take_token(std::move(*token));
  log_.debug("token renewed", {{"until", format_time(token_->expires_at)}});
  co_return true;
}

asio::awaitable<std::optional<Error>> SourceSession::request_token(RunReport& report) {
  bool const renewed = co_await renew_token(report);
  if (renewed) co_return std::nullopt;
  auto const& auth = std::get<engine::LoginTokenAuth>(plan_.auth);
  Patience patience;
  for (;;) {
    auto turn = co_await wait_for_login_turn();
    if (!turn) {
      turn.error().in(plan_.source, report.stream);
      co_return turn.error();
    }
    HttpRequest request = engine::make_login_request(auth, plan_.credentials);
    std::string const place = place_of(request, Asks::token);
    async::Gate::Pass no_turn;
    Sent const sent =
        co_await send_once(std::move(request), Asks::token, report, std::move(no_turn));
    *turn = async::Gate::Pass();
    std::optional<Error> refusal = engine::login_refusal(sent.verdict, sent.response.status);
    bool const has_token =
        sent.verdict.answer_class == AnswerClass::ok || engine::holds_token(auth, sent.response);
    if (has_token) {
      auto token = engine::read_token(auth, sent.verdict.body, parts_.clock->now(),
                                      date_of(sent.response.headers), sent.response.headers,
                                      login_address());
      if (token) {
        take_token(std::move(*token));
        co_await refusals_.accepted();
        crash_point(CrashPoint::logged_in);
        log_.debug("logged in", {{"until", format_time(token_->expires_at)}});
        co_return std::nullopt;
      }
      refusal = token.error();
    }
    if (refusal) {
      if (goes_elsewhere(Asks::token)) name_login_host(*refusal, place);
      refusal->at(place).in(plan_.source, report.stream);
      withhold_secrets(*refusal);
      // Whatever status the broker uses, a refused login is not repeated automatically for a while:
      // some brokers answer repeated logins with a captcha or a ban.
      co_await refusals_.refused(*refusal);
      co_return refusal;
    }
    // What was lost may have been a refusal, and some brokers close an account after the third one.
    bool const is_cut = sent.response.ends_with_connection && sent.verdict.error &&
                        sent.verdict.error->code == ErrorCode::malformed_answer;
    if ((sent.unanswered || is_cut) && sent.verdict.answer_class == AnswerClass::transient) {
      Error lost = *sent.verdict.error;
      lost.message += "; the login was sent, so it is not sent again at once";
      unanswered_login_ = lost;
      unanswered_until_ = parts_.clock->now() + pause_of_unanswered_login;
      co_return lost;
    }
    Error error;
    if (!co_await may_retry(sent, patience, report, error)) co_return error;
    if (patience.refusals < most_login_refusals) continue;
    error.hint = "The broker is throttling logins.";
    // Block the source, so that its other streams do not try to log in as well.
    co_await refusals_.block_for(error, pause_of_throttled_login);
    co_return error;
  }
}

void SourceSession::note_closed(std::string const& path, int failures, TimePoint failed_at) {
  if (refusals_.retry_requested()) return;
  Closed known;
  known.logins = failures;
  known.until = failed_at + pause_after(failures, true);
  closed_.emplace(path, known);
}

asio::awaitable<std::optional<Error>> SourceSession::ensure_token(RunReport& report) {
  // Check the database at the first request of a run: another process may have been refused.
  std::optional<Error> refused;
  if (report.requests == 0) refused = co_await refusals_.check_database_block();
  if (refused) co_return refused;
  // One login for all streams: the others wait here and then find its token.
  async::Gate::Pass const pass = co_await login_.enter();
  refused = refusals_.active_block_error();
  if (refused) co_return refused;
  if (token_ && parts_.clock->now() < token_->renew_at) co_return std::nullopt;
  if (unanswered_login_ && parts_.clock->now() < unanswered_until_) co_return unanswered_login_;
  // Among all processes, one login with these credentials at a time.
  auto const turn = co_await refusals_.login_turn();
  refused = co_await refusals_.check_database_block();
  if (refused) co_return refused;
  co_return co_await request_token(report);
}

asio::awaitable<std::optional<Error>> SourceSession::admit_key(RunReport const& report) {
  if (report.requests == 0) co_return co_await refusals_.check_database_block();
  co_return refusals_.active_block_error();
}

asio::awaitable<std::optional<Error>> SourceSession::log_in(RunReport& report) {
  bool const logs_in = std::holds_alternative<engine::LoginTokenAuth>(plan_.auth);
  if (logs_in) co_return co_await ensure_token(report);
  co_return co_await admit_key(report);
}

asio::awaitable<bool> SourceSession::may_log_in_again(Attempt const& attempt, Patience& patience,
                                                      Error& error) {
  error = *attempt.sent.verdict.error;
  auto const now = parts_.clock->now();
  auto const closed = closed_.find(attempt.path);
  if (!patience.asked_again) {
    // Some brokers give this answer for data that the account may not read. Without this check,
    // every run would log in again, and that invalidates the token of the other streams.
    if (closed != closed_.end() && now < closed->second.until) {
      error.hint = "A fresh login was refused here as well; check what this account may read.";
      co_return false;
    }
    patience.asked_again = true;
    // Another stream may have renewed the token already: then use that one.
    if (token_ && token_->text.reveal() == attempt.token) token_.reset();
    co_return true;
  }
  // Several requests that were under way may have met the same refusal: it counts once.
  auto& entry = closed_[attempt.path];
  if (now >= entry.until) entry.until = now + pause_after(++entry.logins, true);
  if (auto standing = refusals_.active_block_error()) {
    error = std::move(*standing);
  } else if (attempt.sent.verdict.answer_class == AnswerClass::auth_invalid) {
    co_await note_refused(attempt, error);
  } else {
    error.hint = "A fresh login was refused as well; check what this account may read.";
  }
  co_return false;
}

asio::awaitable<bool> SourceSession::may_show_key_again(Attempt const& attempt, Patience& patience,
                                                        Error& error) {
  // A refusal after good answers may be a temporary fault of the broker.
  if (refusals_.worked_before() && !refusals_.on_probation() && !patience.asked_again) {
    patience.asked_again = true;
    co_await parts_.sleeper->sleep(engine::backoff_wait(backoff_, 2, parts_.random()));
    co_return true;
  }
  error = *attempt.sent.verdict.error;
  error.code = ErrorCode::auth_invalid;
  if (auto standing = refusals_.active_block_error()) {
    // Another request of this source was refused while this one was in flight.
    error = std::move(*standing);
    co_return false;
  }
  co_await note_refused(attempt, error);
  co_return false;
}

asio::awaitable<void> SourceSession::note_refused(Attempt const& attempt, Error& error) {
  if (attempt.refusals == refusals_.recorded()) co_await refusals_.refused(error);
}

}  // namespace affsync::sync
