#include "daemon/sync/source_session.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"
#include "base/redact.hpp"
#include "connectors/engine/signature.hpp"

namespace affsync::sync {
namespace {

using engine::AnswerClass;

// A throttled request uses up no retry, but a broker that refuses for ever must not hold a run for
// ever either.
constexpr int most_refusals = 30;

bool is_transient(ErrorCode code) {
  switch (code) {
    case ErrorCode::connect_failed:
    case ErrorCode::unknown_host:
    case ErrorCode::timeout:
    case ErrorCode::truncated:
    case ErrorCode::server_error:
      return true;
    default:
      return false;
  }
}

engine::Verdict verdict_of(Error const& error) {
  engine::Verdict verdict;
  verdict.answer_class =
      is_transient(error.code) ? AnswerClass::transient : AnswerClass::bad_request;
  verdict.error = error;
  return verdict;
}

std::optional<TimePoint> date_of(Headers const& headers) {
  auto const date = headers.find("Date");
  return date ? engine::parse_http_date(*date) : std::nullopt;
}

}  // namespace

// What one fetch may still spend.
struct SourceSession::Patience {
  int retries = 0;
  int refusals = 0;
  bool logged_in_again = false;
};

SourceSession::SourceSession(engine::SourcePlan plan, SessionParts parts, Logger log)
    : plan_(std::move(plan)),
      parts_(std::move(parts)),
      log_(log.with("source", plan_.source)),
      limiter_(plan_.rate),
      runs_(plan_.rate.concurrency) {
  if (!parts_.nonce) parts_.nonce = engine::make_nonce;
}

void SourceSession::close() {
  if (client_) client_->close();
}

asio::awaitable<void> SourceSession::wait_for_turn() {
  for (;;) {
    auto const now = parts_.clock->now();
    Duration const wait = limiter_.reserve(now);
    if (wait > Duration::zero()) co_await parts_.sleeper->sleep(wait);
    // A refusal that came meanwhile stops everybody, also those who had a place already.
    auto const until = limiter_.blocked_until();
    if (!until || *until <= parts_.clock->now()) co_return;
  }
}

asio::awaitable<SourceSession::Sent> SourceSession::send_once(HttpRequest request, bool is_login,
                                                              RunReport& report) {
  if (!client_) client_ = parts_.make_client();
  Sent sent;
  sent.sent_at = parts_.clock->now();
  std::string const place = request.place();
  // As it goes out: an answer that quotes a header quotes what was made of the credentials.
  std::vector<Secret> sent_secrets;
  for (auto const& [name, secret] : request.secret_headers) {
    auto const& text = secret.reveal();
    sent_secrets.emplace_back(text.substr(text.rfind(' ') + 1));
  }
  ++report.requests;
  std::optional<Error> failure;
  try {
    sent.response = co_await client_->send(std::move(request));
  } catch (Failure const& thrown) {
    failure = thrown.error();
  }
  auto const now = parts_.clock->now();
  parts_.observer->on_request(plan_.source, sent.response.status, now - sent.sent_at);
  report.bytes_received += static_cast<std::int64_t>(sent.response.bytes_received);
  if (failure) {
    sent.verdict = verdict_of(*failure);
  } else {
    // A login's answer has a shape of its own, and is good when it holds a token.
    auto const of_stream = std::ranges::find_if(
        plan_.streams, [&](auto const& one) { return !is_login && one->stream == report.stream; });
    std::vector<engine::GoodSpec> const nothing;
    auto const& good = of_stream == plan_.streams.end() ? nothing : (*of_stream)->spec.good;
    sent.verdict = engine::classify(sent.response, plan_.errors, plan_.rate, is_login, now, good);
  }
  if (sent.verdict.error) {
    sent.verdict.error->at(place).in(plan_.source, report.stream);
    for (auto const& [name, secret] : plan_.credentials) {
      sent.verdict.error->message = redact(std::move(sent.verdict.error->message), secret);
    }
    for (auto const& secret : sent_secrets) {
      sent.verdict.error->message = redact(std::move(sent.verdict.error->message), secret);
    }
    if (token_) {
      sent.verdict.error->message = redact(std::move(sent.verdict.error->message), token_->text);
    }
  }
  report.waiting_until.reset();
  if (sent.verdict.answer_class == AnswerClass::throttled) {
    ++report.throttled;
    limiter_.on_throttled(now, sent.sent_at, sent.verdict.wait, parts_.random());
    auto const until = limiter_.blocked_until().value_or(now);
    report.waiting_until = until;
    parts_.observer->on_throttled(plan_.source, until - now);
    log_.info(
        "throttled by the broker",
        {{"stream", report.stream}, {"wait_ms", std::to_string((until - now).count() / 1000)}});
  } else if (sent.response.status != 0) {
    limiter_.on_success(now, sent.response.headers);
  }
  parts_.observer->on_rate(plan_.source, limiter_.rate());
  co_return sent;
}

asio::awaitable<bool> SourceSession::may_retry(Sent const& sent, Patience& patience,
                                               RunReport& report, Error& error) {
  error = sent.verdict.error.value_or(Error(ErrorCode::internal, "no reason was given"));
  if (sent.verdict.answer_class == AnswerClass::throttled) {
    if (++patience.refusals < most_refusals) co_return true;  // wait_for_turn does the waiting
    error.hint = "The broker kept refusing; lower rate_limit.requests_per_second of this source.";
    co_return false;
  }
  if (sent.verdict.answer_class != AnswerClass::transient) co_return false;
  if (++patience.retries > backoff_.attempts) {
    error.message += " (tried " + std::to_string(patience.retries) + " times)";
    co_return false;
  }
  ++report.retries;
  log_.warn(error);
  co_await parts_.sleeper->sleep(engine::backoff_wait(backoff_, patience.retries, parts_.random()));
  co_return true;
}

asio::awaitable<std::optional<Error>> SourceSession::request_token(RunReport& report) {
  auto const& auth = std::get<engine::LoginTokenAuth>(plan_.auth);
  Patience patience;
  for (;;) {
    co_await wait_for_turn();
    HttpRequest request = engine::make_login_request(auth, plan_.credentials);
    Sent const sent = co_await send_once(std::move(request), true, report);
    if (sent.verdict.answer_class == AnswerClass::ok) {
      auto token = engine::read_token(auth, sent.verdict.body, parts_.clock->now());
      if (!token) {
        Error error = token.error();
        error.at("POST " + auth.login.path).in(plan_.source, report.stream);
        co_return error;
      }
      token_ = std::move(*token);
      crash_point(CrashPoint::logged_in);
      log_.debug("logged in", {{"until", format_time(token_->expires_at)}});
      co_return std::nullopt;
    }
    Error error;
    if (co_await may_retry(sent, patience, report, error)) continue;
    // Whatever the broker calls it: a refused login is never tried again by itself, because some
    // brokers answer a series of them with a captcha or a ban.
    bool const refused = sent.verdict.answer_class == AnswerClass::auth_invalid ||
                         sent.verdict.answer_class == AnswerClass::auth_expired;
    if (refused) {
      error.code = ErrorCode::auth_invalid;
      blocked_ = error;
    }
    co_return error;
  }
}

asio::awaitable<std::optional<Error>> SourceSession::ensure_token(RunReport& report) {
  if (!std::holds_alternative<engine::LoginTokenAuth>(plan_.auth)) co_return blocked_;
  // One login for all streams: whoever comes while it goes on waits here and finds its token.
  Gate::Pass const pass = co_await login_.enter();
  if (blocked_) co_return blocked_;
  if (token_ && parts_.clock->now() < token_->renew_at) co_return std::nullopt;
  co_return co_await request_token(report);
}

asio::awaitable<std::optional<Error>> SourceSession::log_in(RunReport& report) {
  co_return co_await ensure_token(report);
}

asio::awaitable<Result<engine::Answer>> SourceSession::fetch(HttpRequest request,
                                                             RunReport& report) {
  Patience patience;
  for (;;) {
    std::optional<Error> refused = co_await ensure_token(report);
    if (refused) {
      refused->in(plan_.source, report.stream);
      co_return *refused;
    }
    co_await wait_for_turn();
    // Another stream may have been told meanwhile that the token is dead.
    bool const logs_in = std::holds_alternative<engine::LoginTokenAuth>(plan_.auth);
    if (logs_in && !token_) continue;
    HttpRequest authorized = request;
    engine::authorize(authorized, plan_.auth, plan_.credentials, token_ ? &*token_ : nullptr);
    if (plan_.signature) {
      engine::sign(authorized, *plan_.signature, engine::base_path_of(plan_.base_url),
                   plan_.credentials, parts_.clock->now(), parts_.nonce());
    }
    std::string const used = token_ ? token_->text.reveal() : std::string();
    Sent sent = co_await send_once(std::move(authorized), false, report);

    switch (sent.verdict.answer_class) {
      case AnswerClass::ok:
      case AnswerClass::empty: {
        engine::Answer answer;
        answer.no_rows = sent.verdict.answer_class == AnswerClass::empty;
        answer.empty_by_status = sent.verdict.by_status_alone;
        answer.body = std::move(sent.verdict.body);
        answer.server_time = date_of(sent.response.headers);
        answer.headers = std::move(sent.response.headers);
        co_return answer;
      }
      case AnswerClass::auth_expired: {
        if (logs_in && !patience.logged_in_again) {
          patience.logged_in_again = true;
          // Another stream may have renewed it already; then its token is used.
          if (token_ && token_->text.reveal() == used) token_.reset();
          continue;
        }
        Error error = *sent.verdict.error;
        if (logs_in) {
          error.hint = "A fresh login was refused as well; check what this account may read.";
        } else {
          error.code = ErrorCode::auth_invalid;
          blocked_ = error;
        }
        co_return error;
      }
      case AnswerClass::auth_invalid:
        blocked_ = sent.verdict.error;
        co_return *sent.verdict.error;
      default: {
        Error error;
        if (co_await may_retry(sent, patience, report, error)) continue;
        co_return error;
      }
    }
  }
}

}  // namespace affsync::sync
