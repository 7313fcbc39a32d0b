#include "daemon/alerts/http_answer.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/requested_wait.hpp"
#include "daemon/alerts/words.hpp"

namespace affsync::alerts {
namespace {

bool is_false(Json const& body, std::string_view member) {
  auto const* const value = body.find(member);
  return value != nullptr && value->kind() == Json::Kind::boolean && !value->as_bool();
}

// Whether a JSON body says that the message was not taken.
bool says_no(Json const& body, Speaks speaks) {
  if (speaks == Speaks::telegram) {
    auto const* const ok = body.find("ok");
    return ok == nullptr || ok->kind() != Json::Kind::boolean || !ok->as_bool();
  }
  if (is_false(body, "ok") || is_false(body, "success")) return true;
  auto const* const status = body.find("status");
  return status != nullptr && status->is_string() &&
         (equal_without_case(status->as_string(), "error") ||
          equal_without_case(status->as_string(), "failed"));
}

std::optional<std::chrono::milliseconds> asked_wait(HttpResponse const& response, Json const& body,
                                                    TimePoint now) {
  if (auto const header = response.headers.find("Retry-After")) {
    if (auto const wait = engine::parse_retry_after(*header, now)) return wait;
  }
  auto const* const parameters = body.find("parameters");
  auto const* value = parameters == nullptr ? nullptr : parameters->find("retry_after");
  if (value == nullptr) value = body.find("retry_after");
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text ? engine::parse_wait(*text) : std::nullopt;
}

// A group becomes a supergroup without being asked, and has another number from then on.
std::string moved_to(Json const& body) {
  auto const* const parameters = body.find("parameters");
  auto const* const value =
      parameters == nullptr ? nullptr : parameters->find("migrate_to_chat_id");
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return std::string(text.value_or(std::string_view()));
}

std::string reason_of(HttpResponse const& response, Json const& body, Redactor const& secrets) {
  constexpr std::size_t enough = 4096;  // before secrets are looked for, so that none is cut
  auto const shown = [&](std::string_view text) {
    return shown_answer(secrets.redact(std::string(text.substr(0, enough))));
  };
  for (auto const* member : {"description", "error", "message", "detail"}) {
    auto const* const value = body.find(member);
    auto const text = value == nullptr ? std::nullopt : value->scalar_text();
    if (text && !text->empty()) return shown(*text);
  }
  return shown(response.body);
}

}  // namespace

SendOutcome judge_answer(HttpResponse const& response, Speaks speaks, Redactor const& secrets,
                         TimePoint now) {
  constexpr int success = 200, redirect = 300, refusal = 400;
  auto parsed = parse_json(response.body);
  Json const body = parsed && parsed->is_object() ? std::move(*parsed) : Json();
  auto const status = "HTTP " + std::to_string(response.status);
  auto const reason = reason_of(response, body, secrets);
  SendOutcome outcome;
  outcome.said = reason.empty() ? status : status + ": " + reason;
  bool const taken = response.status >= success && response.status < redirect;
  if (taken && !says_no(body, speaks)) {
    outcome.sent = true;
    return outcome;
  }
  outcome.wait = asked_wait(response, body, now);
  if (speaks == Speaks::telegram) outcome.moved_to = moved_to(body);
  // Whoever is refused as such, or asks at the wrong place, gets other answers. Telegram says 400
  // of a chat that it does not know, and its texts are cut to what it takes.
  constexpr int bad_request = 400, too_large = 413, wrong_form = 415, unprocessable = 422;
  outcome.refused = speaks != Speaks::telegram &&
                    (response.status == bad_request || response.status == too_large ||
                     response.status == wrong_form || response.status == unprocessable);
  if (response.status >= redirect && response.status < refusal) {
    outcome.problem = "it answers with a redirect (" + status +
                      "), which is not followed; configure the address that it leads to";
  } else if (taken) {
    outcome.problem = "it answers " + status + ", but says that it did not take the message: " +
                      (reason.empty() ? "(nothing)" : reason);
  } else {
    outcome.problem = "it answers " + outcome.said;
  }
  return outcome;
}

}  // namespace affsync::alerts
