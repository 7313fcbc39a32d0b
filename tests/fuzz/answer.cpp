// The bytes of an HTTP answer from the wire. The first byte of an input selects the piece size; its
// lowest bit selects whether the answer belongs to a login.
//
// For any bytes: the answer is refused or read within the limits, with the same result for every
// piece size. An answer that was read gets a verdict whose wait is within its cap. The server's
// request decoder gets the same bytes.
#include "connectors/engine/answer/classify.hpp"
#include "daemon/net/http_codec.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

net::ClientLimits small_limits() {
  net::ClientLimits limits;
  limits.header_bytes = 2048;
  limits.body_bytes = 16 * 1024;
  limits.inflated_bytes = 64 * 1024;
  return limits;
}

struct Decoded {
  bool complete = false;
  bool keeps_alive = false;
  HttpResponse response;
  std::optional<Error> error;
  std::size_t used = 0;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  net::ResponseDecoder decoder(small_limits());
  Decoded out;
  while (out.used < bytes.size() && !decoder.is_done()) {
    auto const part = bytes.substr(out.used, piece);
    auto const used = decoder.put(part);
    if (!used) {
      out.error = used.error();
      return out;
    }
    require(*used <= part.size(), "a decoder takes no more than it is given");
    require(*used == part.size() || decoder.is_done(), "a decoder takes all until it is done");
    out.used += *used;
  }
  if (!decoder.is_done()) {
    auto const ended = decoder.put_end(true);
    if (!ended) out.error = ended.error();
  }
  out.complete = decoder.is_done();
  out.keeps_alive = decoder.keeps_alive();
  if (out.complete && !out.error) out.response = decoder.take();
  return out;
}

std::optional<Error> const& failure_of(Decoded const& decoded) {
  return decoded.error ? decoded.error : decoded.response.flaw;
}

bool is_cut(Decoded const& decoded) {
  auto const& failure = failure_of(decoded);
  return failure && failure->code == ErrorCode::truncated;
}

void require_same(Decoded const& one, Decoded const& other) {
  require(failure_of(one).has_value() == failure_of(other).has_value(),
          "piece size does not change the outcome");
  // How much of a header was read before the connection ended depends on the pieces.
  if (is_cut(one) || is_cut(other)) return;
  require(one.error.has_value() == other.error.has_value(),
          "piece size does not change the outcome",
          one.error     ? one.error->message
          : other.error ? other.error->message
                        : "");
  if (one.error) return;
  require(one.response.flaw.has_value() == other.response.flaw.has_value() &&
              one.response.status == other.response.status,
          "piece size does not change whether a refusal can be read");
  // What was read of it before the flaw may differ.
  if (one.response.flaw) return;
  require(one.used == other.used && one.keeps_alive == other.keeps_alive,
          "piece size does not change the length");
  require(one.response.body == other.response.body &&
              one.response.headers.fields() == other.response.headers.fields(),
          "piece size does not change the response", one.response.body);
}

void require_sound(HttpResponse const& response, net::ClientLimits const& limits) {
  require(response.status >= 200 && response.status <= 999, "a status is final");
  require(response.body.size() <= limits.inflated_bytes, "a body is within its limit");
  std::size_t header = 0;
  for (auto const& [name, value] : response.headers.fields()) {
    header += name.size() + value.size();
    require((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "a header field is one line", value);
  }
  require(header <= limits.header_bytes, "a header is within its limit");
}

void require_verdict(HttpResponse const& response, bool is_login) {
  engine::RateSpec rate;
  rate.reset_header = "X-Reset";
  rate.reset_unit = engine::ResetUnit::epoch_seconds;
  engine::ErrorRule coded;
  coded.json = JsonPath("error.code");
  coded.json_equals = {"throttled"};
  coded.answer_class = engine::AnswerClass::throttled;
  coded.wait = std::chrono::hours(2);
  auto const now = TimePoint(*parse_day("2026-11-21"));
  engine::ErrorRule typed;
  typed.status = {engine::StatusRange(200, 291), 500};
  typed.content_types = {"text/*", "application/x-none"};
  typed.answer_class = engine::AnswerClass::transient;
  engine::ErrorRule headed;
  headed.header = "X-Error";
  headed.json_not_equals = {"0"};
  headed.answer_class = engine::AnswerClass::permission;
  engine::GoodSpec present;
  present.header = "X-Error";
  present.equals = {"0"};
  present.absent = true;
  auto const verdict =
      engine::classify(response, {coded, typed, headed}, rate, is_login, now, {present});
  bool const good = verdict.answer_class == engine::AnswerClass::ok ||
                    verdict.answer_class == engine::AnswerClass::empty;
  require(good != verdict.error.has_value(), "every answer except a good one has an error");
  if (verdict.error) {
    require(!verdict.error->message.empty(), "an error has a message");
    require(verdict.error->message.find_first_of("\r\n") == std::string::npos,
            "an error is one line", verdict.error->message);
    require(verdict.error->message.size() <= 4096, "an error is short", verdict.error->message);
    require_text(verdict.error->to_line(), "an error");
  }
  if (verdict.wait) {
    require(*verdict.wait >= std::chrono::seconds(0) && *verdict.wait <= rate.wait_cap,
            "a wait is within its cap");
  }
}

void read_request(std::string_view bytes, std::size_t piece) {
  net::RequestDecoder decoder(1024);
  for (std::size_t at = 0; at < bytes.size() && !decoder.is_done(); at += piece) {
    if (!decoder.put(bytes.substr(at, piece))) return;
  }
  if (!decoder.is_done()) return;
  auto const request = decoder.take();
  require(!request.method.empty() && !request.target.empty(),
          "a request has a method and a target");
}

}  // namespace

void answer(std::string_view input) {
  if (input.empty()) return;
  auto const choice = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  std::size_t const piece = choice / 2 % 64 + 1;
  auto const whole = decode(input, input.size());
  require_same(whole, decode(input, piece));
  read_request(input, piece);
  if (whole.error) return require_error(*whole.error);
  require_sound(whole.response, small_limits());
  require_verdict(whole.response, (choice & 1) != 0);
}

}  // namespace affsync::fuzz
