// Rate limit and faults, between the wire and the broker.
#include "tests/sandbox/sandbox.hpp"

#include <algorithm>

#include "tests/sandbox/admin.hpp"
#include "tests/sandbox/json_writer.hpp"

namespace affsync::sandbox {
namespace {

Reply html_page() {
  Reply reply(200,
              "<!doctype html>\n<html><head><title>Checking your browser</title></head>"
              "<body>Please enable JavaScript.</body></html>\n");
  reply.content_type = "text/html; charset=utf-8";
  return reply;
}

Reply nested(long depth) {
  auto const times = static_cast<std::size_t>(depth);
  return {200, R"({"data":)" + std::string(times, '[') + std::string(times, ']') + "}"};
}

Reply redirect(Fault const& fault, Request const& request) {
  std::string to(fault.text("to", "http://127.0.0.1:9"));
  bool const has_path = to.find('/', to.find("//") + 2) != std::string::npos;
  Reply reply(static_cast<int>(fault.number("code", 302)), "");
  reply.headers.emplace_back("Location", has_path ? to : to + request.target);
  return reply;
}

}  // namespace

Sandbox::Sandbox(std::unique_ptr<Broker> broker, RequestLog& log, SandboxClock& clock,
                 RateOptions rate, std::uint64_t seed)
    : broker_(std::move(broker)),
      log_(log),
      clock_(clock),
      rate_(rate),
      bucket_(rate, std::chrono::steady_clock::now()),
      faults_(seed),
      seed_(seed) {}

void Sandbox::set_rate(RateOptions rate) {
  rate_ = std::move(rate);
  bucket_ = TokenBucket(rate_, std::chrono::steady_clock::now());
}

Reply Sandbox::answer(Request const& request) {
  if (request.path.starts_with("/sandbox/")) return answer_admin(*this, request);
  auto const faults = faults_.strike(request);
  auto taken = replacement_reply(request, faults);
  Reply reply = taken ? std::move(*taken) : ask_broker(request, faults);
  bucket_.add_headers(reply, std::chrono::steady_clock::now());
  reply.date = clock_.now();
  log_.request_answered(request, reply, request.method == "GET" || broker_->is_login(request));
  alter_delivery(reply, request, faults);
  return reply;
}

Reply Sandbox::ask_broker(Request const& request, ActiveFaults const& faults) {
  if (!faults_.has("stale") || request.method != "GET") return broker_->answer(request, faults);
  auto& earlier = earlier_[request.path];
  if (faults.find("stale") != nullptr && earlier.status == 200 && !earlier.body.empty()) {
    return earlier;
  }
  return earlier = broker_->answer(request, faults);
}

Reply Sandbox::status_reply(Fault const& fault) const {
  auto const status = static_cast<int>(fault.number("code", 500));
  auto const form = fault.text("body", status >= 500 ? "html" : "json");
  auto reply = broker_->error(status, fault.text("error", "Error"), fault.text("message", "Error"));
  if (form == "html") {
    reply.body = "<html><body><h1>" + std::to_string(status) + "</h1></body></html>";
    reply.content_type = "text/html";
  }
  if (form == "empty") reply.body.clear();
  if (auto const wait = fault.find("retry_after")) reply.headers.emplace_back("Retry-After", *wait);
  return reply;
}

Reply Sandbox::throttled(std::string const& form, std::chrono::duration<double> wait) const {
  return form == "own" ? broker_->throttled(wait) : throttled_reply(form, wait);
}

std::optional<Reply> Sandbox::replacement_reply(Request const& request,
                                                ActiveFaults const& faults) {
  auto const wait = bucket_.take(std::chrono::steady_clock::now());
  if (wait.count() > 0) {
    log_.throttled();
    return throttled(rate_.form, wait);
  }
  for (auto const& fault : faults.all()) {
    auto const& kind = fault.kind();
    if (kind == "throttle") {
      log_.throttled();
      return throttled(std::string(fault.text("form", "own")),
                       std::chrono::seconds(fault.number("wait", 1)));
    }
    if (kind == "status") return status_reply(fault);
    if (kind == "html") return html_page();
    if (kind == "empty") return Reply(200, "");
    if (kind == "deep") return nested(fault.number("depth", 100'000));
    if (kind == "huge_body")
      return Reply(200,
                   R"({"data":[{"id":")" +
                       std::string(static_cast<std::size_t>(fault.number("bytes", 1 << 28)), 'x') +
                       "\"}]}");
    if (kind == "redirect") return redirect(fault, request);
  }
  return std::nullopt;
}

void alter_delivery(Reply& reply, Request const& request, ActiveFaults const& faults) {
  auto& way = reply.delivery;
  for (auto const& fault : faults.all()) {
    auto const& kind = fault.kind();
    auto const bytes = [&](std::string_view name, std::size_t fallback) {
      return static_cast<std::size_t>(fault.number(name, static_cast<long>(fallback)));
    };
    if (kind == "skew" && reply.date)
      *reply.date += std::chrono::seconds(fault.number("seconds", 0));
    if (kind == "delay") way.delay = std::chrono::milliseconds(fault.number("ms", 1000));
    if (kind == "never") way.never = true;
    if (kind == "reset") way.reset_after = bytes("after", 0);
    if (kind == "truncate") way.truncate_after = bytes("after", reply.body.size() / 2);
    if (kind == "length") way.length_delta = fault.number("delta", -10);
    if (kind == "chunked") way.chunked = true;
    if (kind == "endless") way.endless = true;
    if (kind == "close") way.close = true;
    if (kind == "slow") {
      way.slow_bytes = std::max<std::size_t>(1, bytes("bytes", 1));
      way.slow_pause = std::chrono::milliseconds(fault.number("ms", 100));
    }
    if (kind == "bom") reply.body.insert(0, "\xef\xbb\xbf");
    if (kind == "huge_header")
      reply.headers.emplace_back("X-Padding", std::string(bytes("bytes", 1 << 20), 'p'));
    if (kind == "content_type") reply.content_type = fault.text("value", "text/plain");
    bool const accepted = request.header("accept-encoding").find("gzip") != std::string_view::npos;
    bool const bomb = kind == "gzip_bomb";
    if (bomb || (kind == "gzip" && (accepted || fault.find("force")))) {
      if (bomb) reply.body.append(bytes("bytes", 1 << 28), ' ');
      reply.body = gzip(reply.body);
      reply.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
}

}  // namespace affsync::sandbox
