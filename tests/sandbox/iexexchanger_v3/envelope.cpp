// state, message, result, error and meta.
#include "tests/sandbox/iexexchanger_v3/envelope.hpp"

#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/json_writer.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

using iexexchanger::php_string;

std::string offset_time(TimePoint time) {
  auto text = format_time(std::chrono::floor<std::chrono::seconds>(time));
  text.pop_back();
  return text + "+00:00";
}

std::string Envelope::meta(std::string_view pagination) const {
  std::string out;
  Noise noise(seed_, 'E', ++answers_);
  auto const id = std::to_string(noise.bits());
  ObjectWriter json(out);
  json.plain("request_id", "req_" + id);
  json.plain("correlation_id", "cor_" + id);
  json.plain("timestamp", offset_time(clock_.now()));
  if (!pagination.empty()) json.raw("pagination", pagination);
  json.close();
  return out;
}

Reply Envelope::success(std::string_view result, std::string_view pagination) const {
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.number("state", 0);
  json.plain("message", "OK");
  json.raw("result", result);
  json.raw("meta", meta(pagination));
  json.close();
  return reply;
}

Reply Envelope::error(int status, std::string_view code, std::string_view message,
                      std::string_view details) const {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.number("state", 1);
  json.raw("message", php_string(message));
  json.number("code", status);
  json.null("result");
  json.name("error");
  ObjectWriter error(reply.body);
  error.raw("code", php_string(code));
  error.raw("type", php_string(code));
  error.raw("details", details);
  error.close();
  json.raw("meta", meta({}));
  json.close();
  return reply;
}

}  // namespace affsync::sandbox::iexexchanger_v3
