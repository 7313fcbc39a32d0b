// An HttpClient whose answers come from a function. It records what was sent and when.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "daemon/net/http_client.hpp"
#include "tests/support/manual_time.hpp"

namespace affsync::test {

inline HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  response.bytes_received = response.body.size();
  return response;
}

struct SentRequest {
  std::string place;
  std::string authorization;
  TimePoint at;
};

class ScriptedClient final : public net::HttpClient {
 public:
  using Script = std::function<HttpResponse(HttpRequest const&)>;  // may throw Failure

  ScriptedClient(ManualTime& time, std::vector<SentRequest>& log, Script script,
                 Duration latency = std::chrono::milliseconds(50))
      : time_(time), log_(log), script_(std::move(script)), latency_(latency) {}

  asio::awaitable<HttpResponse> send(HttpRequest request) override {
    SentRequest sent;
    sent.place = request.place();
    if (!request.secret_headers.empty()) {
      sent.authorization = request.secret_headers[0].second.reveal();
    }
    sent.at = time_.now();
    log_.push_back(sent);
    co_await time_.sleep(latency_);
    co_return script_(request);
  }
  void close() override {}

 private:
  ManualTime& time_;
  std::vector<SentRequest>& log_;
  Script script_;
  Duration latency_;
};

class SilentLog final : public LogSink {
 public:
  bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::vector<LogField> const&) override {}
};

}  // namespace affsync::test
