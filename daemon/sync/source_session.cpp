#include "daemon/sync/source_session.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <utility>
#include <vector>

#include "connectors/engine/document/document.hpp"
#include "connectors/engine/request/signature.hpp"

namespace affsync::sync {
namespace {

using engine::AnswerClass;

// A throttled request does not count as a retry, but a broker that always throttles must not keep a
// run waiting forever.
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

std::vector<engine::RateLimit> limits_of(engine::SourcePlan const& plan) {
  auto limits = plan.rate.limits;
  auto const* const login = std::get_if<engine::LoginTokenAuth>(&plan.auth);
  if (login != nullptr && login->rate) limits.push_back(*login->rate);
  return limits;
}

}  // namespace

SourceSession::SourceSession(engine::SourcePlan plan, SessionParts parts, Logger log)
    : plan_(std::move(plan)),
      parts_(std::move(parts)),
      log_(log.with("source", plan_.source)),
      secrets_(plan_, parts_.other_secrets),
      broker_clock_(plan_.source, plan_.base_url, parts_.witnesses, *parts_.observer, log_),
      turns_(plan_.rate, limits_of(plan_), *parts_.clock, *parts_.sleeper),
      refusals_(plan_, *parts_.clock, *parts_.sleeper, *parts_.observer, parts_.workers, log_) {
  if (!parts_.nonce) parts_.nonce = engine::make_nonce;
}

void SourceSession::close() {
  if (client_) client_->close();
  if (login_client_) login_client_->close();
}

bool SourceSession::goes_elsewhere(Asks asks) const {
  return asks == Asks::token && !engine::login_url_of(plan_.auth).empty();
}

net::HttpClient& SourceSession::client_for(Asks asks) {
  if (!goes_elsewhere(asks)) {
    if (!client_) client_ = parts_.make_client();
    return *client_;
  }
  if (!login_client_ && !parts_.make_login_client) {
    throw Failure(ErrorCode::internal, "there is no connection to the login's address");
  }
  if (!login_client_) login_client_ = parts_.make_login_client();
  return *login_client_;
}

std::string SourceSession::place_of(HttpRequest const& request, Asks asks) const {
  auto const address = goes_elsewhere(asks) ? engine::login_url_of(plan_.auth)
                                            : engine::base_path_of(plan_.base_url);
  return std::string(to_string(request.method)) + " " + address + request.target;
}

int SourceSession::cost_of(std::string const& stream) const {
  auto const found =
      std::ranges::find_if(plan_.streams, [&](auto const& one) { return one->stream == stream; });
  return found == plan_.streams.end() ? 1 : (*found)->spec->cost;
}

asio::awaitable<SourceSession::Judged> SourceSession::judge(HttpResponse const& response, Asks asks,
                                                            std::string const& stream,
                                                            TimePoint now) {
  // The stream's `good` conditions and format are those of its rows. A login's answer is good if it
  // holds a token.
  bool const is_login = asks == Asks::token;
  auto const of_stream = std::ranges::find_if(
      plan_.streams, [&](auto const& one) { return asks == Asks::rows && one->stream == stream; });
  engine::StreamSpec const nothing;
  auto const& spec = of_stream == plan_.streams.end() ? nothing : *(*of_stream)->spec;
  auto const secrets = secrets_.for_rows();
  auto work = [&]() -> Judged {
    Judged judged;
    judged.verdict =
        engine::classify(response, plan_.errors, plan_.rate, is_login, now, spec.good,
                         spec.document, of_stream == plan_.streams.end() ? nullptr : &spec);
    note_end(spec.page, response.status, judged.verdict);
    if (judged.verdict.error) return judged;
    if (secrets->empty()) return judged;
    // Only JSON is searched as it came; a table may be packed, or in UTF-16, or double its quotes.
    bool const as_it_came = spec.document.format == engine::DocumentFormat::json &&
                            !engine::is_packed(response.body) && !judged.verdict.is_decoded;
    bool const is_quoted =
        as_it_came ? secrets->is_in(response.body) : secrets->is_in(judged.verdict.body.dump());
    if (is_quoted) judged.quoted = secrets;
    return judged;
  };
  // The limiter must learn of a refusal before the next request is sent.
  bool const is_good = response.status >= 200 && response.status < 300;
  if (!is_good || parts_.workers == nullptr || !parts_.workers->is_worth(response.body.size())) {
    co_return work();
  }
  co_return co_await parts_.workers->run(std::move(work));
}

// A refusal with a status that means the end of this stream's list.
void SourceSession::note_end(engine::PageSpec const& page, int status, engine::Verdict& verdict) {
  bool const says_end = std::ranges::find(page.end_status, status) != page.end_status.end();
  bool const refused = verdict.answer_class == AnswerClass::not_found ||
                       verdict.answer_class == AnswerClass::bad_request;
  if (says_end && refused) verdict.answer_class = AnswerClass::end_of_list;
}

asio::awaitable<SourceSession::Sent> SourceSession::send_once(HttpRequest request, Asks asks,
                                                              RunReport& report,
                                                              async::Gate::Pass turn) {
  auto& client = client_for(asks);
  Sent sent;
  sent.sent_at = parts_.clock->now();
  std::string const place = place_of(request, asks);
  // Redact header values as they are sent: an answer that quotes a header quotes a value made from
  // the credentials. A signature needs no redaction, since it is valid for one request only.
  for (auto const& [name, secret] : request.secret_headers) {
    auto const& text = secret.reveal();
    bool const is_signature = plan_.signature && name == plan_.signature->header;
    if (!is_signature) secrets_.note_sent(Secret(text.substr(text.rfind(' ') + 1)));
  }
  ++report.requests;
  std::optional<Error> failure;
  try {
    sent.response = co_await client.send(std::move(request));
  } catch (net::LapsedConnection const& thrown) {
    sent.lapsed = true;
    failure = thrown.error();
  } catch (net::UnansweredRequest const& thrown) {
    sent.unanswered = true;
    failure = thrown.error();
  } catch (Failure const& thrown) {
    failure = thrown.error();
  }
  turn = async::Gate::Pass();
  if (!sent.lapsed) is_silent_ = failure && failure->code == ErrorCode::timeout;
  sent.received_at = std::chrono::steady_clock::now();
  auto const now = parts_.clock->now();
  parts_.observer->on_request(plan_.source, sent.response.status, now - sent.sent_at);
  report.bytes_received += static_cast<std::int64_t>(sent.response.bytes_received);
  if (failure) {
    sent.verdict = verdict_of(*failure);
  } else {
    if (!goes_elsewhere(asks)) broker_clock_.notice(sent.response.headers, sent.sent_at, now);
    Judged judged = co_await judge(sent.response, asks, report.stream, now);
    sent.verdict = std::move(judged.verdict);
    sent.quoted = std::move(judged.quoted);
  }
  if (sent.verdict.error) {
    if (goes_elsewhere(asks)) name_login_host(*sent.verdict.error, place);
    sent.verdict.error->at(place).in(plan_.source, report.stream);
    withhold_secrets(*sent.verdict.error);
  }
  auto const learned_at = parts_.clock->now();
  report.waiting_until.reset();
  if (sent.verdict.answer_class == AnswerClass::throttled) {
    ++report.throttled;
    turns_.on_throttled(learned_at, sent.sent_at, sent.verdict.wait, parts_.random());
    auto const until = turns_.blocked_until().value_or(now);
    report.waiting_until = until;
    bool const leaves = sent.verdict.asked && exceeds_run_wait(*sent.verdict.asked, longest_wait());
    auto const pause = leaves ? Duration() : until - now;
    parts_.observer->on_throttled(plan_.source, pause, is_asked(sent, pause));
    log_.info("throttled by the broker",
              {{"stream", report.stream}, number_field("wait_ms", (until - now).count() / 1000)});
  } else if (sent.response.status != 0) {
    // What another host says of its quota is not about the broker's.
    Headers const none;
    auto const& headers = goes_elsewhere(asks) ? none : sent.response.headers;
    turns_.on_success(learned_at, sent.sent_at, headers, learned_at - now);
  }
  parts_.observer->on_rate(plan_.source, turns_.lasting_rate());
  co_return sent;
}

asio::awaitable<bool> SourceSession::may_retry(Sent const& sent, Patience& patience,
                                               RunReport& report, Error& error) {
  error = sent.verdict.error.value_or(Error(ErrorCode::internal, "no reason was given"));
  if (must_leave(sent, error)) {
    bool const by_all = exceeds_run_wait(*sent.verdict.asked, usual_longest_wait());
    if (by_all) co_await refusals_.block_for(error, *sent.verdict.asked);
    co_return false;
  }
  if (sent.verdict.answer_class == AnswerClass::throttled) {
    bool const in_vain = waits_in_vain(patience, error);
    // The turn of the next one does the waiting.
    if (!in_vain && ++patience.refusals < most_refusals) co_return true;
    error.hint =
        "The next run goes on from here. Lower rate_limit.requests_per_second of this source if "
        "that happens often; if the account has no quota left, ask the broker.";
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

asio::awaitable<Result<engine::Answer>> SourceSession::fetch(HttpRequest request, RunReport& report,
                                                             std::shared_ptr<bool const> is_asked,
                                                             Asks asks) {
  // Everything but reads is sent by other functions: the login, and nothing else.
  if (request.method != Method::get && !request.only_reads) {
    throw Failure(ErrorCode::internal, "a request that may change something was not sent");
  }
  bool const logs_in = std::holds_alternative<engine::LoginTokenAuth>(plan_.auth);
  std::string const path = request.target.substr(0, request.target.find('?'));
  int const cost = cost_of(report.stream);
  Patience patience;
  for (;;) {
    std::optional<Error> refused;
    if (logs_in) {
      refused = co_await ensure_token(report);
    } else {
      refused = co_await admit_key(report);
    }
    // Before what others wait for: the key's probation and the places of requests.
    if (!refused) refused = co_await wait_for_limits(report.stream, cost);
    async::Gate::Pass probation;
    if (!refused && !logs_in && (refusals_.on_probation() || patience.asked_again)) {
      probation = co_await login_.enter();
      refused = refusals_.active_block_error();
    }
    async::Gate::Pass turn;
    if (!refused) {
      auto given = co_await turns_.try_next(is_asked, report.stream, cost);
      if (!given) continue;
      turn = std::move(*given);
      // Another request may have been refused meanwhile.
      refused = refusals_.active_block_error();
    }
    if (refused) {
      refused->in(plan_.source, report.stream);
      co_return *refused;
    }
    // Another stream may have learned meanwhile that the token has expired.
    if (logs_in && !token_) continue;
    HttpRequest authorized = request;
    auto const* const token = token_ ? &*token_ : nullptr;
    engine::authorize(authorized, plan_.auth, plan_.credentials, token);
    engine::add_extras(authorized, plan_.extras, plan_.credentials, token);
    if (plan_.signature) {
      engine::sign(authorized, *plan_.signature, engine::signed_base_of(plan_.base_url),
                   plan_.credentials, parts_.clock->now(), parts_.nonce());
      authorized.is_signed = true;
    }
    std::string const used = token_ ? token_->text.reveal() : std::string();
    int const known = refusals_.recorded();
    Sent sent = co_await send_once(std::move(authorized), asks, report, std::move(turn));
    if (sent.lapsed) continue;

    switch (sent.verdict.answer_class) {
      case AnswerClass::ok:
      case AnswerClass::empty:
      case AnswerClass::end_of_list: {
        closed_.erase(path);
        last_good_ = parts_.clock->now();
        if (!logs_in || refusals_.held() || refusals_.others_are_blocked()) {
          co_await refusals_.accepted();
        }
        auto wrong = broker_clock_.hopeless(parts_.clock->now(), refusals_.database_skew());
        if (wrong) {
          wrong->in(plan_.source, report.stream);
          co_return *wrong;
        }
        auto const& remark = sent.verdict.remark;
        bool const is_new = std::ranges::find(report.remarks, remark) == report.remarks.end();
        if (!remark.empty() && is_new) report.remarks.push_back(remark);
        engine::Answer answer;
        answer.status = sent.response.status;
        answer.no_rows = sent.verdict.answer_class != AnswerClass::ok;
        if (sent.verdict.answer_class == AnswerClass::end_of_list) {
          answer.refusal = std::move(sent.verdict.error);
        }
        answer.empty_by_status = sent.verdict.by_status_alone;
        answer.body = std::move(sent.verdict.body);
        answer.cut = std::move(sent.verdict.cut);
        answer.server_time = date_of(sent.response.headers);
        answer.headers = std::move(sent.response.headers);
        answer.bytes = sent.response.body.size();
        answer.secrets = std::move(sent.quoted);
        answer.received_at = sent.received_at;
        answer.place = std::move(sent.response.place);
        co_return answer;
      }
      case AnswerClass::auth_expired:
      case AnswerClass::auth_invalid: {
        Attempt const attempt(sent, path, used, known);
        Error error;
        bool again = false;
        if (logs_in) {
          again = co_await may_log_in_again(attempt, patience, error);
        } else {
          again = co_await may_show_key_again(attempt, patience, error);
        }
        if (again) continue;
        co_return error;
      }
      default: {
        Error error;
        if (co_await may_retry(sent, patience, report, error)) continue;
        co_return error;
      }
    }
  }
}

}  // namespace affsync::sync
