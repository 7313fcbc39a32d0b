// Routes of API v3.
#include "tests/sandbox/iexexchanger_v3/iexexchanger_v3.hpp"

#include <algorithm>
#include <cmath>

#include "tests/sandbox/iexexchanger_v3/gate.hpp"
#include "tests/sandbox/iexexchanger_v3/listing.hpp"
#include "tests/sandbox/iexexchanger_v3/lists.hpp"

namespace affsync::sandbox::iexexchanger_v3 {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> scopes{
    {{"partner", "partner:read"},
     {"statistics", "partner:statistics:read"},
     {"referrals", "partner:referrals:read"},
     {"exchanges", "partner:exchanges:read"},
     {"payouts", "partner:payouts:read"}}};

class IexexchangerV3 final : public Broker {
 public:
  IexexchangerV3(IexV3Options options, RequestLog& log, SandboxClock& clock);

  std::string_view name() const override { return "iexexchanger_v3"; }
  bool is_login(Request const&) const override { return false; }
  Reply answer(Request const& request, ActiveFaults const& faults) override;
  Reply error(int status, std::string_view code, std::string_view message) const override {
    return envelope_.error(status, code, message);
  }
  Reply throttled(std::chrono::duration<double> wait) const override;
  std::span<Feed* const> feeds() override { return feeds_; }
  std::string advance(int days, std::size_t rows_per_day) override;
  Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                  std::string_view day) override;
  void expire_tokens() override { gate_.expire_key(); }
  Endpoints* endpoints() override { return &endpoints_; }

 private:
  Reply answer_private(Endpoint const& endpoint, Request const& request,
                       ActiveFaults const& faults);
  Reply list(TimedFeed& feed, std::string_view amount, Request const& request,
             ActiveFaults const& faults);
  Reply statistics(Query const& query) const;
  Reply list_scopes() const;

  IexV3Options options_;
  RequestLog& log_;
  SandboxClock& clock_;
  Endpoints endpoints_;
  Envelope envelope_;
  Gate gate_;
  ReferralList referrals_;
  ExchangeList exchanges_;
  PayoutList payouts_;
  PartnerPage partner_;
  std::vector<Feed*> feeds_;
  SelectionCache cache_;
  std::uint64_t pages_ = 0;
};

IexexchangerV3::IexexchangerV3(IexV3Options options, RequestLog& log, SandboxClock& clock)
    : options_(std::move(options)),
      log_(log),
      clock_(clock),
      endpoints_({{"ping", "/api/v3/ping"},
                  {"private_ping", "/api/v3/private/ping"},
                  {"partner", "/api/v3/private/partner"},
                  {"statistics", "/api/v3/private/partner/statistics"},
                  {"referrals", "/api/v3/private/partner/referrals"},
                  {"exchanges", "/api/v3/private/partner/exchanges"},
                  {"payouts", "/api/v3/private/partner/payouts"},
                  {"usage", "/api/v3/private/usage"},
                  {"scopes", "/api/v3/private/scopes"}},
                 options_.partner.endpoints),
      envelope_(options_.partner.seed, clock),
      gate_(options_, envelope_, clock),
      referrals_(endpoints_.path("referrals"), options_.partner, clock),
      exchanges_(endpoints_.path("exchanges"), options_.partner, referrals_, clock),
      payouts_(endpoints_.path("payouts"), options_.partner, clock),
      partner_(endpoints_.path("partner"), exchanges_, payouts_, referrals_),
      feeds_{&referrals_, &exchanges_, &payouts_, &partner_} {}

Reply IexexchangerV3::throttled(std::chrono::duration<double> wait) const {
  auto reply = envelope_.error(429, "rate_limit_exceeded", "Too many requests.");
  auto const seconds = std::max(1L, std::lround(std::ceil(wait.count())));
  reply.headers.emplace_back("Retry-After", std::to_string(seconds));
  return reply;
}

Reply IexexchangerV3::answer(Request const& request, ActiveFaults const& faults) {
  auto const* endpoint = endpoints_.at(request.path);
  if (!endpoint) return envelope_.error(404, "not_found", "The resource was not found.");
  if (endpoint->name == "ping") return envelope_.success(R"({"pong":true,"version":"3.0.0"})");
  auto refusal = gate_.refused(request, faults.find("expire_token") != nullptr);
  auto reply = refusal ? std::move(*refusal) : answer_private(*endpoint, request, faults);
  gate_.add_headers(reply);
  return reply;
}

Reply IexexchangerV3::answer_private(Endpoint const& endpoint, Request const& request,
                                     ActiveFaults const& faults) {
  auto const& name = endpoint.name;
  if (request.method != "GET")
    return envelope_.error(405, "method_not_allowed", "The method is not allowed.");
  if (endpoint.denied) {
    auto const scope = std::find_if(scopes.begin(), scopes.end(),
                                    [&](auto const& one) { return one.first == name; });
    auto const wanted = std::string(scope == scopes.end() ? name : scope->second);
    return envelope_.error(403, "scope_denied", "The token lacks a scope.",
                           R"({"required":[")" + wanted + "\"]}");
  }
  if (name == "referrals") return list(referrals_, "", request, faults);
  if (name == "exchanges") return list(exchanges_, "bonus", request, faults);
  if (name == "payouts") return list(payouts_, "amount", request, faults);
  if (name == "statistics") return statistics(request.query);
  if (name == "scopes") return list_scopes();
  if (name == "usage") return envelope_.success(gate_.usage());
  if (name == "private_ping") return envelope_.success(R"({"pong":true})");
  std::string result;
  partner_.write_row(0, result);
  return envelope_.success(result);
}

Reply IexexchangerV3::list(TimedFeed& feed, std::string_view amount, Request const& request,
                           ActiveFaults const& faults) {
  Problems problems;
  auto const paging = read_paging(request.query, problems);
  auto const selection =
      filtered(feed, amount, request.query, paging.newest_first, cache_, problems);
  if (!problems.empty())
    return envelope_.error(422, "validation_error", "The given data was invalid.",
                           details(problems));
  auto const window = window_of(feed, *selection, paging);
  auto const noise = options_.partner.seed + ++pages_;
  std::string result = "{\"" + feed.name() + "\":";
  auto const rows = write_rows(feed, *selection, window, faults, noise, result);
  result += '}';
  auto reply = envelope_.success(result, pagination(feed, *selection, paging, rows, faults));
  shift_rows(feed, *selection, window, faults, noise);
  log_.rows_served(rows.count);
  return reply;
}

Reply IexexchangerV3::statistics(Query const& query) const {
  auto const period = std::string(query.find("period").value_or("month"));
  int const days = period == "day" ? 1 : period == "week" ? 7 : period == "month" ? 30 : 0;
  if (days == 0)
    return envelope_.error(422, "validation_error", "The given data was invalid.",
                           details({{"period", {"The selected period is invalid."}}}));
  auto const since = clock_.now() - std::chrono::days(days);
  std::int64_t count = 0;
  WideSum amount = 0;
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    auto const row = exchanges_.at(i);
    if (exchanges_.created(row) < since) continue;
    auto const it = exchanges_.bonus(row);
    if (it.currency != 0 || it.state != iexexchanger::BonusState::completed) continue;
    ++count;
    amount += it.amount;
  }
  std::string result;
  ObjectWriter json(result);
  json.plain("period", period);
  json.number("count", count);
  json.fixed_text("amount", amount, 2);
  json.plain("currency", "RUB");
  json.close();
  return envelope_.success(result);
}

Reply IexexchangerV3::list_scopes() const {
  std::string result = R"({"scopes":[)";
  for (auto const& [name, scope] : scopes) {
    auto const* endpoint = endpoints_.at(endpoints_.path(name));
    if (!endpoint || endpoint->denied) continue;
    if (result.back() != '[') result += ',';
    result.append("\"").append(scope).append("\"");
  }
  return envelope_.success(result + "]}");
}

std::string IexexchangerV3::advance(int days, std::size_t rows_per_day) {
  for (int i = 0; i < days; ++i) {
    clock_.advance(std::chrono::days(1));
    exchanges_.add(rows_per_day, clock_.now());
  }
  return format_day(std::chrono::floor<std::chrono::days>(clock_.now()));
}

Result<std::vector<Handle>> IexexchangerV3::add(std::string_view feed, std::size_t rows,
                                                std::string_view day) {
  auto const when = time_of(day, clock_);
  if (!when) return when.error();
  if (feed == "exchanges") return exchanges_.add(rows, *when);
  if (feed == "payouts") return payouts_.add(rows, *when);
  if (feed == "referrals") return referrals_.add(rows, *when);
  return Error(ErrorCode::usage, "rows can be added to exchanges, payouts and referrals only");
}

}  // namespace

std::unique_ptr<Broker> make_iexexchanger_v3(IexV3Options options, RequestLog& log,
                                             SandboxClock& clock) {
  return std::make_unique<IexexchangerV3>(std::move(options), log, clock);
}

}  // namespace affsync::sandbox::iexexchanger_v3
