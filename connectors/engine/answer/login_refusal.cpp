#include "connectors/engine/answer/login_refusal.hpp"

namespace affsync::engine {

std::optional<Error> login_refusal(Verdict const& verdict, int status) {
  if (status == 0) return std::nullopt;  // there was no answer
  bool const is_no_refusal = verdict.answer_class == AnswerClass::ok ||
                             verdict.answer_class == AnswerClass::throttled ||
                             verdict.answer_class == AnswerClass::transient;
  if (is_no_refusal) return std::nullopt;
  Error error = verdict.error.value_or(
      Error(ErrorCode::login_refused, "HTTP " + std::to_string(status) + " without a token"));
  switch (error.code) {
    case ErrorCode::answer_too_large:
      return std::nullopt;
    case ErrorCode::auth_invalid:
    case ErrorCode::clock_skew:
    case ErrorCode::redirected:
      break;
    case ErrorCode::auth_expired:
      error.code = ErrorCode::auth_invalid;
      break;
    case ErrorCode::not_found:
      error.code = ErrorCode::login_refused;
      error.hint =
          "The login path may differ for your account: check `login: {path: …}` and base_url of "
          "the source.";
      break;
    default:
      error.code = ErrorCode::login_refused;
      error.hint =
          "Check the credentials of this source, and log in by hand once: the broker may require a "
          "second step, such as a captcha.";
      break;
  }
  return error;
}

}  // namespace affsync::engine
