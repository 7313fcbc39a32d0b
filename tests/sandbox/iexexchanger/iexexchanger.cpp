// Routes, refusals and the simple paginator of API v2.
#include "tests/sandbox/iexexchanger/iexexchanger.hpp"

#include <algorithm>
#include <cmath>

#include "tests/sandbox/iexexchanger/lists.hpp"
#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/iexexchanger/russian_time.hpp"
#include "tests/sandbox/list_page.hpp"

namespace affsync::sandbox::iexexchanger {
namespace {

class Iexexchanger final : public Broker {
 public:
  Iexexchanger(IexOptions options, RequestLog& log, SandboxClock& clock);

  std::string_view name() const override { return "iexexchanger"; }
  bool is_login(Request const&) const override { return false; }
  Reply answer(Request const& request, ActiveFaults const& faults) override;
  Reply error(int status, std::string_view code, std::string_view message) const override;
  Reply throttled(std::chrono::duration<double> wait) const override;
  std::span<Feed* const> feeds() override { return feeds_; }
  std::string advance(int days, std::size_t rows_per_day) override;
  Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                  std::string_view day) override;
  void expire_tokens() override { key_works_ = false; }
  Endpoints* endpoints() override { return &endpoints_; }

 private:
  std::optional<Reply> refused(Request const& request, ActiveFaults const& faults) const;
  Reply list(Feed& feed, Request const& request, ActiveFaults const& faults);

  IexOptions options_;
  RequestLog& log_;
  SandboxClock& clock_;
  Endpoints endpoints_;
  ExchangeList exchanges_;
  WithdrawalList withdrawals_;
  PartnerPage partner_;
  std::vector<Feed*> feeds_;
  bool key_works_ = true;
  std::uint64_t pages_ = 0;
};

Iexexchanger::Iexexchanger(IexOptions options, RequestLog& log, SandboxClock& clock)
    : options_(std::move(options)),
      log_(log),
      clock_(clock),
      endpoints_({{"partner", "/api/v2/account/partner"},
                  {"exchanges", "/api/v2/account/partner/exchanges"},
                  {"withdrawals", "/api/v2/account/partner/withdrawal"}},
                 options_.partner.endpoints),
      exchanges_(endpoints_.path("exchanges"), options_, clock),
      withdrawals_(endpoints_.path("withdrawals"), options_, clock),
      partner_(endpoints_.path("partner"), exchanges_, withdrawals_),
      feeds_{&exchanges_, &withdrawals_, &partner_} {
  partner_.set_referrals(chosen(options_.partner.clients, 60));
  absolute_text(clock_.now(), options_.zone);  // throws now if the zone is unknown
}

Reply Iexexchanger::error(int status, std::string_view, std::string_view message) const {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.raw("message", php_string(message));
  json.close();
  return reply;
}

Reply Iexexchanger::throttled(std::chrono::duration<double> wait) const {
  auto reply = error(429, "", "Too Many Attempts.");
  auto const seconds = std::max(1L, std::lround(std::ceil(wait.count())));
  auto const now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  reply.headers = {{"X-RateLimit-Limit", "60"},
                   {"X-RateLimit-Remaining", "0"},
                   {"Retry-After", std::to_string(seconds)},
                   {"X-RateLimit-Reset", std::to_string(now.count() + seconds)}};
  return reply;
}

std::optional<Reply> Iexexchanger::refused(Request const& request,
                                           ActiveFaults const& faults) const {
  auto const accept = request.header("accept");
  if (accept.find("/json") == std::string_view::npos &&
      accept.find("+json") == std::string_view::npos) {
    auto const to = "http://" + std::string(request.header("host")) + "/login";
    Reply reply(302, "<!DOCTYPE html>\n<html><head><title>Redirecting to " + to +
                         "</title></head><body>Redirecting.</body></html>");
    reply.content_type = "text/html; charset=utf-8";
    reply.headers.emplace_back("Location", to);
    return reply;
  }
  bool const dead = !key_works_ || faults.find("expire_token");
  if (dead || request.header("authorization") != "Bearer " + options_.api_key)
    return error(401, "", "Unauthenticated.");
  if (request.method != "GET")
    return error(405, "",
                 "The " + request.method + " method is not supported for route " +
                     request.path.substr(1) + ". Supported methods: GET, HEAD.");
  return std::nullopt;
}

Reply Iexexchanger::answer(Request const& request, ActiveFaults const& faults) {
  auto const* endpoint = endpoints_.at(request.path);
  if (!endpoint)
    return error(404, "", "The route " + request.path.substr(1) + " could not be found.");
  if (auto reply = refused(request, faults)) return std::move(*reply);
  if (endpoint->denied)
    return {403, R"({"status":1,"message":"Access denied.","missing_ability":"partner"})"};
  if (endpoint->name == "exchanges") return list(exchanges_, request, faults);
  if (endpoint->name == "withdrawals") return list(withdrawals_, request, faults);
  Reply reply(200, {});
  partner_.write_row(0, reply.body);
  return reply;
}

// The URL of the page after `page`, changed by the fault `next_link`; empty if there is none.
std::string next_url(std::string const& host, std::string const& path, std::size_t page,
                     bool has_more, ActiveFaults const& faults) {
  auto const* fault = faults.find("next_link");
  auto const mode = fault ? fault->text("mode", "other") : std::string_view();
  if (mode == "none" || (!has_more && mode != "endless")) return {};
  auto const target = mode == "repeat" ? page : mode == "first" ? 1 : page + 1;
  auto const base =
      mode == "other" ? std::string(fault->text("to", "https://other.example")) : host;
  return base + path + "?page=" + std::to_string(target);
}

Reply Iexexchanger::list(Feed& feed, Request const& request, ActiveFaults const& faults) {
  auto const asked = whole_number(request.query.find("page").value_or("1")).value_or(1);
  auto const page = std::clamp<std::size_t>(asked, 1, 1'000'000'000);
  Selection newest_first(feed);
  newest_first.reverse();
  PageWindow const window{(page - 1) * options_.page_size, options_.page_size};
  auto const noise = options_.partner.seed + ++pages_;
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.name("data");
  auto const rows = write_rows(feed, newest_first, window, faults, noise, reply.body);
  auto const host = "http://" + std::string(request.header("host"));
  auto const link = [&](std::size_t number) {
    return php_string(host + feed.path() + "?page=" + std::to_string(number));
  };
  json.name("links");
  ObjectWriter links(reply.body);
  links.raw("first", link(1));
  links.null("last");
  links.raw("prev", page > 1 ? link(page - 1) : "null");
  auto const next = next_url(host, feed.path(), page, rows.end < rows.total, faults);
  links.raw("next", next.empty() ? "null" : php_string(next));
  links.close();
  json.name("meta");
  ObjectWriter meta(reply.body);
  meta.number("current_page", static_cast<std::int64_t>(page));
  auto const place = [&](std::size_t number) {
    return rows.end > rows.begin ? std::to_string(number) : std::string("null");
  };
  meta.raw("from", place(rows.begin + 1));
  meta.raw("path", php_string(host + feed.path()));
  meta.number("per_page", static_cast<std::int64_t>(options_.page_size));
  meta.raw("to", place(rows.end));
  meta.close();
  json.close();
  shift_rows(feed, newest_first, window, faults, noise);
  log_.rows_served(rows.count);
  return reply;
}

std::string Iexexchanger::advance(int days, std::size_t rows_per_day) {
  for (int i = 0; i < days; ++i) {
    clock_.advance(std::chrono::days(1));
    exchanges_.add(rows_per_day, clock_.now());
  }
  return format_day(std::chrono::floor<std::chrono::days>(clock_.now()));
}

Result<std::vector<Handle>> Iexexchanger::add(std::string_view feed, std::size_t rows,
                                              std::string_view day) {
  auto const when = time_of(day, clock_);
  if (!when) return when.error();
  if (feed == "exchanges") return exchanges_.add(rows, *when);
  if (feed == "withdrawals") return withdrawals_.add(rows, *when);
  return Error(ErrorCode::usage, "rows can be added to exchanges and withdrawals only");
}

}  // namespace

std::unique_ptr<Broker> make_iexexchanger(IexOptions options, RequestLog& log,
                                          SandboxClock& clock) {
  return std::make_unique<Iexexchanger>(std::move(options), log, clock);
}

}  // namespace affsync::sandbox::iexexchanger
