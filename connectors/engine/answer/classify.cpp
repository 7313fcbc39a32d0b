#include "connectors/engine/answer/classify.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "connectors/engine/answer/answer_body.hpp"
#include "connectors/engine/answer/conditions.hpp"
#include "connectors/engine/answer/http_status.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/answer/requested_wait.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/values/in_words.hpp"

namespace affsync::engine {
namespace {

ErrorCode code_of(AnswerClass answer_class) {
  switch (answer_class) {
    case AnswerClass::ok:
    case AnswerClass::empty:
      return ErrorCode::internal;
    case AnswerClass::throttled:
      return ErrorCode::throttled;
    case AnswerClass::transient:
      return ErrorCode::server_error;
    case AnswerClass::auth_expired:
      return ErrorCode::auth_expired;
    case AnswerClass::auth_invalid:
      return ErrorCode::auth_invalid;
    case AnswerClass::permission:
      return ErrorCode::permission_denied;
    case AnswerClass::not_found:
      return ErrorCode::not_found;
    case AnswerClass::bad_request:
    case AnswerClass::end_of_list:
      return ErrorCode::bad_request;
    case AnswerClass::window_too_large:
      return ErrorCode::window_too_large;
    case AnswerClass::clock_skew:
      return ErrorCode::clock_skew;
  }
  return ErrorCode::internal;
}

std::string hint_of(AnswerClass answer_class) {
  switch (answer_class) {
    case AnswerClass::auth_invalid:
      return "Check the credentials of this source.";
    case AnswerClass::permission:
      return "Ask the broker to open this report for your account, or disable the stream.";
    case AnswerClass::not_found:
      return "The path may differ for your account: set it with `path` under the stream.";
    case AnswerClass::clock_skew:
      return "Check the clock of this machine.";
    case AnswerClass::window_too_large:
      return "The broker refuses even the shortest window. If it means something else, narrow the "
             "rule with `class: window_too_large` in `errors`.";
    default:
      return {};
  }
}

std::string html_note(std::string_view body, DocumentFormat wanted) {
  std::string text = "an HTML page instead of " + std::string(shown(wanted));
  if (auto const title = html_title(body); !title.empty()) text += " (\"" + title + "\")";
  return text;
}

constexpr char const* html_hint =
    "The path may be wrong, or a login page or a firewall in front of the API answered.";

constexpr char const* ruled_hint =
    "A rule under `errors` of the connector calls this a bad request. Compare what the stream asks "
    "for with the broker's documentation; if the answer means something else, give the rule "
    "another `class`.";

// A page that a server shows in place of an answer that it cannot give now.
constexpr char const* fault_hint = "The broker has an error of its own. It is asked again.";

std::string text_of_answer(HttpResponse const& response, Result<Json> const& body,
                           DocumentFormat wanted) {
  if (looks_like_html(response.body)) return html_note(response.body, wanted);
  if (body) return error_text(*body);
  return beginning(response.body, 2000);
}

// Many brokers repeat the status as the code of their error: "401: no such key" -> "no such key".
std::string without_status(std::string said, int status) {
  auto const number = std::to_string(status);
  if (!said.starts_with(number)) return said;
  auto const rest = said.find_first_not_of(": ", number.size());
  if (rest == std::string::npos) return {};
  return rest == number.size() ? said : said.substr(rest);
}

std::string with_status(HttpResponse const& response, std::string text) {
  if (response.is_of_file) return text;
  return "HTTP " + std::to_string(response.status) + ": " + std::move(text);
}

// The value that the rule checked, if the answer has no text under a common name for errors; else
// empty.
std::string ruled_value(ErrorRule const& rule, HttpResponse const& response, Json const& body) {
  std::optional<Json> const header = header_value(response, rule.header);
  Json const* const value = rule.json ? rule.json->in(body) : header ? &*header : nullptr;
  auto const shown = value == nullptr ? std::nullopt : value->scalar_text();
  if (!shown || !error_text(body).empty()) return {};
  return (rule.json ? rule.json->text() : rule.header) + ": " + one_line(*shown, 100);
}

// `rule`: the one that classified the answer; null if none did.
Error refusal(AnswerClass answer_class, HttpResponse const& response, Result<Json> const& body,
              DocumentFormat wanted, ErrorRule const* rule = nullptr) {
  auto said = without_status(text_of_answer(response, body, wanted), response.status);
  if (rule != nullptr) {
    Json const null;
    auto const value = ruled_value(*rule, response, body ? *body : null);
    said += (said.empty() || value.empty() ? "" : ": ") + value;
  }
  auto text = said.empty() ? "HTTP " + std::to_string(response.status)
                           : with_status(response, std::move(said));
  std::string hint = hint_of(answer_class);
  bool const is_tried_again =
      answer_class == AnswerClass::transient || answer_class == AnswerClass::throttled;
  if (looks_like_html(response.body)) {
    hint = response.status < 500 ? html_hint : is_tried_again ? fault_hint : hint;
  }
  return Error(code_of(answer_class), std::move(text), std::move(hint));
}

std::string list_of(std::vector<std::string> const& texts) {
  std::string list;
  for (auto const& text : texts) list += (list.empty() ? "\"" : ", \"") + text + "\"";
  return list;
}

// The status is good, but the answer does not meet a condition of the connector.
Error not_good(GoodSpec const& missed, HttpResponse const& response, Json const& body) {
  bool const in_header = !missed.header.empty();
  std::string text = "HTTP " + std::to_string(response.status) + ", but ";
  text += in_header ? "the header `" + missed.header : "`" + missed.json.text();
  auto const header = header_value(response, missed.header);
  Json const* const value = !in_header ? missed.json.in(body) : header ? &*header : nullptr;
  auto const shown = value == nullptr ? std::nullopt : value->scalar_text();
  if (value == nullptr || value->is_null()) {
    text += value == nullptr ? "` is missing" : "` is null";
  } else {
    text += "` is ";
    text += shown ? "\"" + one_line(*shown, 100) + "\"" : std::string(kind_in_words(*value));
  }
  if (!missed.equals.empty()) text += ", not " + list_of(missed.equals);
  if (missed.absent && missed.equals.empty() && missed.not_equals.empty()) {
    text += " and should be missing";
  }
  if (auto const said = error_text(body); !said.empty()) text += ": " + said;
  std::string hint = hint_of(missed.otherwise);
  if (hint.empty()) hint = "Check `good` of the connector, the conditions for a good answer.";
  Error error(code_of(missed.otherwise), std::move(text), std::move(hint));
  error.is_unknown = missed.otherwise == AnswerClass::bad_request;
  return error;
}

Error redirection(HttpResponse const& response) {
  constexpr int not_modified = 304;
  if (response.status == not_modified) {
    return Error(ErrorCode::malformed_answer,
                 "HTTP 304: nothing is said to have changed since an earlier answer, though the "
                 "request names none",
                 "A cache in front of the broker seems to answer. Ask the broker if this stays.");
  }
  std::string text = "HTTP " + std::to_string(response.status);
  if (auto const target = response.headers.find("Location")) {
    text += ": points to " + without_query(*target, 200);
  }
  return Error(ErrorCode::redirected, text,
               "Redirects are never followed, so that credentials go to no other host. Check "
               "base_url and the path, including its final slash.");
}

// Returns true if the answer is not from the broker's API but from a firewall, a proxy or a
// maintenance page in front of it. A 401 is always about the credentials, and 404 and 410 about the
// path, whatever the body looks like.
bool is_from_intermediary(HttpResponse const& response, Result<Json> const& body) {
  int const status = response.status;
  bool const is_about_request = status == 401 || status == 404 || status == 410;
  bool const judged =
      (status >= 200 && status < 300) || (status >= 400 && status < 500 && !is_about_request);
  if (!judged || body || response.body.empty()) return false;
  if (looks_like_html(response.body) || response.headers.find("cf-mitigated")) return true;
  // Cloudflare's answer to clients that are no browsers.
  return response.body.starts_with("error code: 1");
}

// Returns true if the rule also applies to an answer of a firewall or the like. The statuses of a
// connector's rules do not mean such answers; its texts may.
bool applies_to_pages(ErrorRule const& rule) {
  if (!rule.body_contains.empty() || !rule.content_types.empty()) return true;
  if (!rule.header.empty() && !rule.absent) return true;
  switch (rule.answer_class) {
    case AnswerClass::auth_expired:
    case AnswerClass::auth_invalid:
    case AnswerClass::permission:
    case AnswerClass::bad_request:
    case AnswerClass::window_too_large:
    case AnswerClass::clock_skew:
      return false;
    default:
      return true;
  }
}

// Returns true if the class may be another one than the whole answer would have. Who refuses a
// login, or wants to be left alone, is believed without it.
bool needs_whole_answer(AnswerClass answer_class, bool is_login) {
  switch (answer_class) {
    case AnswerClass::throttled:
    case AnswerClass::transient:
    case AnswerClass::auth_expired:
    case AnswerClass::auth_invalid:
      return false;
    default:
      return !is_login;
  }
}

bool is_binary(std::string_view body) {
  return body.substr(0, 500).find_first_of(std::string_view("\0\x1f", 2)) != std::string_view::npos;
}

// The verdict on a good status with an unusable body.
Verdict not_readable(HttpResponse const& response, Error const& flaw, bool is_login,
                     DocumentSpec const& document) {
  std::string const format(shown(document.format));
  auto const what = one_line(flaw.message, 500);
  Verdict verdict;
  if (flaw.code == ErrorCode::answer_too_large) {
    verdict.answer_class = AnswerClass::bad_request;
    verdict.error = Error(flaw.code, with_status(response, flaw.message), flaw.hint);
    return verdict;
  }
  // A broken body may be complete the next time. A text instead of a token is a refusal.
  auto const start = response.body.find_first_not_of(" \t\r\n");
  bool const is_json = start != std::string::npos &&
                       std::string_view("{[").find(response.body[start]) != std::string_view::npos;
  verdict.answer_class = is_login && !is_json ? AnswerClass::bad_request : AnswerClass::transient;
  std::string text;
  if (response.body.find_first_not_of(" \t\r\n") == std::string::npos) {
    text += "an empty body instead of " + format;
  } else if (is_login || is_binary(response.body) ||
             (document.format != DocumentFormat::json && !is_json)) {
    // A text may be the token itself, and the start of a table a row, which may name a person.
    text += "not " + format + " (" + what + "), " + std::to_string(response.body.size()) + " bytes";
  } else {
    text += "not " + format + " (" + what + "): " + beginning(response.body, 500, 100);
  }
  verdict.error = Error(ErrorCode::malformed_answer, with_status(response, text), flaw.hint);
  return verdict;
}

// The verdict on an answer whose rows a rule would throw away.
Verdict rows_taken_for_none(HttpResponse const& response, AnswerClass of_rule, std::size_t rows) {
  Verdict verdict;
  verdict.answer_class = AnswerClass::bad_request;
  verdict.error = Error(
      ErrorCode::malformed_answer,
      with_status(response, "the answer has " + std::to_string(rows) +
                                (rows == 1 ? " row" : " rows") + ", but a rule with `class: " +
                                std::string(to_string(of_rule)) + "` says that it has none"),
      "Let the rule under `errors` of the connector look at what only an answer without rows "
      "has, by `json` or `contains`.");
  return verdict;
}

// Returns an error if the broker has taken the request without answering it: nobody knows its rows.
std::optional<Error> not_ready(HttpResponse const& response, StreamSpec const* stream,
                               Result<Json> const& body, bool is_unreadable) {
  constexpr int accepted = 202;
  if (response.status != accepted || stream == nullptr || stream->report) return std::nullopt;
  if (!is_unreadable && body && listed_rows(*stream, *body) > 0) return std::nullopt;
  std::string text =
      "HTTP 202: the broker has accepted the request, but its answer has no rows yet";
  if (auto const said = body ? error_text(*body) : std::string(); !said.empty()) {
    text += ": " + said;
  }
  return Error(ErrorCode::server_error, std::move(text),
               "It is asked again. If the broker makes reports on request, describe that by "
               "`report` of the stream in the connector file.");
}

// The first rule that holds; null if none does.
ErrorRule const* rule_for(HttpResponse const& response, std::vector<ErrorRule> const& rules,
                          AnswerBody const& read, bool from_intermediary, bool is_login,
                          StreamSpec const* stream) {
  Json const null;
  Json const& document = read.body ? *read.body : null;
  auto const rule = std::ranges::find_if(rules, [&](ErrorRule const& one) {
    if (from_intermediary && !applies_to_pages(one)) return false;
    if (!holds(one, response, document, is_login)) return false;
    bool const by_text = one.answer_class == AnswerClass::empty && !one.body_contains.empty() &&
                         !one.json && one.header.empty();
    return !by_text || stream == nullptr || !read.body || read.flaw ||
           !has_rows_beside(*stream, *read.body, one.body_contains);
  });
  return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace

Verdict classify(HttpResponse const& response, std::vector<ErrorRule> const& rules,
                 RateSpec const& rate, bool is_login, TimePoint now,
                 std::vector<GoodSpec> const& good, DocumentSpec const& document_spec,
                 StreamSpec const* stream) {
  AnswerBody read = read_body(response, document_spec);
  auto const& flaw = read.flaw;
  auto& body = read.body;
  Json const null;
  Json const& document = body ? *body : null;
  bool const from_intermediary = is_from_intermediary(response, body);
  auto const* rule = rule_for(response, rules, read, from_intermediary, is_login, stream);
  bool const ruled = rule != nullptr;
  if (ruled && stream != nullptr && body && !flaw &&
      (rule->answer_class == AnswerClass::empty ||
       rule->answer_class == AnswerClass::end_of_list)) {
    auto const rows = listed_rows(*stream, document, rule->body_contains);
    if (rows > 0) return rows_taken_for_none(response, rule->answer_class, rows);
  }
  Verdict verdict;
  verdict.answer_class = ruled ? rule->answer_class : class_of_status(response, is_login);

  if (response.flaw && needs_whole_answer(verdict.answer_class, is_login)) {
    verdict.answer_class = AnswerClass::transient;
    verdict.error = response.flaw;
  } else if (!ruled && response.status >= 300 && response.status < 400) {
    verdict.answer_class = AnswerClass::bad_request;
    verdict.error = redirection(response);
  } else if (!ruled && from_intermediary && response.status != 429) {
    // The firewall may let the next request through.
    verdict.answer_class = AnswerClass::transient;
    verdict.error = refusal(AnswerClass::transient, response, body, document_spec.format);
    verdict.error->code = ErrorCode::malformed_answer;
    verdict.error->hint = html_hint;
  } else if (auto torn = ruled ? std::nullopt : torn_answer(response, document_spec.format)) {
    verdict.answer_class = AnswerClass::transient;
    verdict.error = std::move(torn);
  } else if (auto unready = ruled ? std::nullopt : not_ready(response, stream, body, !!flaw)) {
    verdict.answer_class = AnswerClass::transient;
    verdict.error = std::move(unready);
  } else if (verdict.answer_class == AnswerClass::ok && (flaw || !body)) {
    return not_readable(response, flaw ? *flaw : body.error(), is_login, document_spec);
  } else if (verdict.answer_class == AnswerClass::ok) {
    auto const missed = std::find_if(good.begin(), good.end(), [&](GoodSpec const& one) {
      return !holds(one, response, document);
    });
    if (missed != good.end()) {
      verdict.answer_class = missed->otherwise;
      verdict.error = not_good(*missed, response, *body);
    }
  } else if (verdict.answer_class != AnswerClass::empty) {
    verdict.error = refusal(verdict.answer_class, response, body, document_spec.format, rule);
    bool const is_bad_request = verdict.answer_class == AnswerClass::bad_request;
    if (ruled && is_bad_request && verdict.error->hint.empty()) {
      verdict.error->hint = ruled_hint;
    }
    if (!ruled && is_bad_request && !may_be_about_request(response.status)) {
      verdict.error->code = ErrorCode::refused;
    }
  }
  // A server answers a wrong path with that status too, and any request with nothing if it fails.
  verdict.by_status_alone = ruled && verdict.answer_class == AnswerClass::empty && !rule->json &&
                            rule->header.empty() && rule->content_types.empty() &&
                            rule->body_contains.empty() &&
                            (response.status >= 400 || rule->no_body);
  if (verdict.answer_class == AnswerClass::throttled) {
    verdict.asked = requested_wait(response, document, rate, now);
    if (verdict.asked)
      verdict.wait = std::min<std::chrono::milliseconds>(*verdict.asked, rate.wait_cap);
    if (ruled && rule->wait) {
      auto const least = std::chrono::milliseconds(std::min(*rule->wait, rate.wait_cap));
      verdict.wait = std::max(verdict.wait.value_or(least), least);
    }
  }
  if (body) verdict.body = std::move(*body);
  if (verdict.answer_class == AnswerClass::ok) {
    verdict.cut = std::move(read.cut);
    verdict.remark = std::move(read.remark);
    verdict.is_decoded = read.is_decoded;
  }
  return verdict;
}

}  // namespace affsync::engine
