// Routes, log in and queries of the Wintrado sandbox.
#include "tests/sandbox/wintrado/wintrado.hpp"

#include "base/json.hpp"
#include "tests/sandbox/random.hpp"
#include "tests/sandbox/wintrado/payouts.hpp"
#include "tests/sandbox/wintrado/queries.hpp"

namespace affsync::sandbox::wintrado {
namespace {

constexpr std::string_view wintrado_claims =
    R"("iss":"crm","sub":"8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7","roles":["affiliate"])";
constexpr std::chrono::days before_history{300};

class Wintrado final : public Broker {
 public:
  Wintrado(WintradoOptions options, RequestLog& log, SandboxClock& clock);

  std::string_view name() const override { return "wintrado"; }
  bool is_login(Request const& request) const override;
  Reply answer(Request const& request, ActiveFaults const& faults) override;
  Reply error(int status, std::string_view code, std::string_view message) const override;
  Reply throttled(std::chrono::duration<double> wait) const override;
  std::span<Feed* const> feeds() override { return feeds_; }
  std::string advance(int days, std::size_t rows_per_day) override;
  Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                  std::string_view day) override;
  void expire_tokens() override { tokens_.expire_all(); }
  Endpoints* endpoints() override { return &endpoints_; }

 private:
  Reply log_in(Request const& request);
  std::optional<Reply> refused(Request const& request, Endpoint const& endpoint,
                               ActiveFaults const& faults);
  Reply list_customers(Request const& request, ActiveFaults const& faults);
  Reply list_ledger(Request const& request, ActiveFaults const& faults);
  Reply list_payouts(Request const& request, ActiveFaults const& faults);
  Reply show_wallet(ActiveFaults const& faults);
  Reply show_dashboard() const;
  Reply bad_query(Texts const& problems) const;
  PageWindow window(Query const& query, Texts& problems) const;
  Rows write_list(Feed& feed, Selection const& selection, PageWindow page,
                  ActiveFaults const& faults, std::string& body);

  WintradoOptions options_;
  RequestLog& log_;
  SandboxClock& clock_;
  Endpoints endpoints_;
  Tokens tokens_;
  Customers customers_;
  Ledger ledger_;
  Payouts payouts_;
  Transactions transactions_;
  Wallet wallet_;
  std::vector<Feed*> feeds_;
  SelectionCache cache_;
  std::uint64_t pages_ = 0;
};

History history_of(PartnerOptions const& partner, std::chrono::days earlier = {}) {
  return {TimePoint(partner.today), std::chrono::days(chosen(partner.days, 180)) + earlier,
          partner.seed};
}

Wintrado::Wintrado(WintradoOptions options, RequestLog& log, SandboxClock& clock)
    : options_(std::move(options)),
      log_(log),
      clock_(clock),
      endpoints_({{"sessions", "/sessions"},
                  {"customers", "/affiliates/customers"},
                  {"ledger", "/commissions/ledger"},
                  {"payouts", "/commissions/payout-requests"},
                  {"wallet", "/affiliates/wallet"},
                  {"balance", "/transactions/balance"},
                  {"dashboard", "/dashboard/affiliate"}},
                 options_.partner.endpoints),
      tokens_(options_.login, "Bearer ", std::string(wintrado_claims), options_.partner.seed,
              clock),
      customers_(endpoints_.path("customers"), chosen(options_.partner.clients, 150),
                 history_of(options_.partner, before_history), clock),
      ledger_(endpoints_.path("ledger"), chosen(options_.partner.rows, 600),
              history_of(options_.partner), customers_, clock),
      payouts_(endpoints_.path("payouts"), chosen(options_.partner.payouts, 14),
               history_of(options_.partner), clock),
      transactions_(payouts_, history_of(options_.partner), clock),
      wallet_(endpoints_.path("wallet"), transactions_),
      feeds_{&customers_, &ledger_, &payouts_, &transactions_, &wallet_} {}

bool Wintrado::is_login(Request const& request) const {
  return request.method == "POST" && request.path == endpoints_.path("sessions");
}

Reply Wintrado::error(int status, std::string_view, std::string_view message) const {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.text("error", message);
  json.close();
  return reply;
}

Reply Wintrado::throttled(std::chrono::duration<double> wait) const {
  auto reply = throttled_reply("seconds", wait);
  reply.body = R"({"error":"Too many requests, please try again later."})";
  return reply;
}

Reply Wintrado::bad_query(Texts const& problems) const {
  Reply reply(400, {});
  ObjectWriter json(reply.body);
  json.plain("error", "Bad Request");
  json.name("errors");
  for (auto const& problem : problems) {
    reply.body += reply.body.back() == ':' ? '[' : ',';
    append_json_string(reply.body, problem);
  }
  reply.body += ']';
  json.close();
  return reply;
}

Reply Wintrado::answer(Request const& request, ActiveFaults const& faults) {
  auto const* endpoint = endpoints_.at(request.path);
  if (!endpoint) return error(404, "", "Not Found");
  if (auto reply = refused(request, *endpoint, faults)) return std::move(*reply);
  auto const& name = endpoint->name;
  if (name == "sessions") return log_in(request);
  if (name == "customers") return list_customers(request, faults);
  if (name == "ledger") return list_ledger(request, faults);
  if (name == "payouts") return list_payouts(request, faults);
  if (name == "wallet") return show_wallet(faults);
  if (name == "dashboard") return show_dashboard();
  std::string body = R"({"balance":)";
  append_shortest(body, wallet_.balance());
  return {200, body + "}"};
}

std::optional<Reply> Wintrado::refused(Request const& request, Endpoint const& endpoint,
                                       ActiveFaults const& faults) {
  bool const login = endpoint.name == "sessions";
  if (request.method != (login ? "POST" : "GET")) return error(405, "", "Method Not Allowed");
  if (login) return std::nullopt;
  auto const key = request.header(options_.api_key_header);
  bool const key_suffices = endpoint.name == "customers" || endpoint.name == "wallet";
  bool const by_key = key_suffices && !key.empty() && key == options_.api_key;
  auto const authorization = request.header("authorization");
  if (faults.find("expire_token")) tokens_.expire(authorization);
  auto const state = tokens_.check(authorization);
  if (!by_key && state == TokenState::expired) return error(401, "", "jwt expired");
  if (!by_key && state != TokenState::good) return error(401, "", "Unauthorized");
  if (endpoint.denied) return error(403, "", "Forbidden resource");
  return std::nullopt;
}

Reply Wintrado::log_in(Request const& request) {
  auto const body = parse_json(request.body);
  auto const text = [&](std::string_view name) -> std::string_view {
    auto const* value = body && body->is_object() ? body->find(name) : nullptr;
    return value && value->is_string() ? std::string_view(value->as_string()) : "";
  };
  Texts problems;
  for (auto const* name : {"username", "password"})
    if (text(name).empty()) problems.push_back(std::string(name) + " is required");
  if (!problems.empty()) return bad_query(problems);
  auto const token = tokens_.log_in(text("username"), text("password"));
  log_.logged_in(!token.empty());
  if (token.empty()) return error(401, "", "Invalid username or password");
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.plain("token", token);
  json.plain("refreshToken", "refresh-" + token.substr(token.size() - 24));
  json.name("user");
  ObjectWriter user(reply.body);
  user.plain("id", "8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7");
  user.number("accountId", 600'001);
  user.text("email", options_.login.login);
  user.plain("refKey", "partner1");
  user.raw("roles", R"(["affiliate"])");
  user.plain("localCurrency", "USD");
  user.plain("country", "CY");
  user.close();
  json.raw("outstandingOnboardingSteps", "[]");
  json.close();
  return reply;
}

PageWindow Wintrado::window(Query const& query, Texts& problems) const {
  return read_window(query, options_.default_limit, options_.max_limit, problems);
}

Rows Wintrado::write_list(Feed& feed, Selection const& selection, PageWindow page,
                          ActiveFaults const& faults, std::string& body) {
  auto const noise = options_.partner.seed + ++pages_;
  auto const rows = write_rows(feed, selection, page, faults, noise, body);
  shift_rows(feed, selection, page, faults, noise);
  log_.rows_served(rows.count);
  return rows;
}

Reply Wintrado::list_customers(Request const& request, ActiveFaults const& faults) {
  auto const& query = request.query;
  Texts problems;
  for (auto const* name : {"limit", "offset", "orderBy"})
    if (!query.find(name)) problems.push_back(std::string(name) + " is required");
  auto const page = window(query, problems);
  auto const shuffle = faults.find("shuffle_ties") ? std::optional(pages_) : std::nullopt;
  auto const selection = select_customers(customers_, query, shuffle, cache_, problems);
  if (!selection) return bad_query(problems);
  std::string rows_text;
  auto const rows = write_list(customers_, *selection, page, faults, rows_text);
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  auto const pages = altered_total((rows.total + page.limit - 1) / page.limit, faults);
  if (!pages.empty()) json.raw("pages", pages);
  json.raw("customers", rows_text);
  json.close();
  return reply;
}

Reply Wintrado::list_ledger(Request const& request, ActiveFaults const& faults) {
  Texts problems;
  auto const page = window(request.query, problems);
  auto const state = [&](Handle row) { return ledger_.is_paid(row) ? "PAIDOUT" : "PENDING"; };
  auto const selection =
      select_by_state(ledger_, request.query, {"PENDING", "PAIDOUT"}, state, cache_, problems);
  if (!selection) return bad_query(problems);
  std::string body = R"({"commissionLedger":)";
  write_list(ledger_, *selection, page, faults, body);
  return {200, body + "}"};
}

Reply Wintrado::list_payouts(Request const& request, ActiveFaults const& faults) {
  Texts problems;
  auto const page = window(request.query, problems);
  Texts const states{"PENDING", "APPROVED", "REJECTED"};
  auto const state = [&](Handle row) -> std::string_view {
    return states[static_cast<std::size_t>(payouts_.payout(row).state)];
  };
  auto const selection = select_by_state(payouts_, request.query, states, state, cache_, problems);
  if (!selection) return bad_query(problems);
  std::string rows_text;
  auto const rows = write_list(payouts_, *selection, page, faults, rows_text);
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.raw("payoutRequests", rows_text);
  auto const count = altered_total(rows.total, faults);
  if (!count.empty()) json.raw("count", count);
  json.close();
  return reply;
}

Reply Wintrado::show_wallet(ActiveFaults const& faults) {
  std::string body = R"({"wallet":)";
  wallet_.write_row(0, body);
  body += R"(,"transactions":)";
  Selection newest_first(transactions_);
  newest_first.reverse();
  write_list(transactions_, newest_first, {0, transactions_.size()}, faults, body);
  return {200, body + "}"};
}

Reply Wintrado::show_dashboard() const {
  auto const ledger = ledger_.totals();
  Noise noise(options_.partner.seed, 'D', 0);
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.number("signUpsLastMonth", noise.below(40));
  json.number("signupsThisMonth", noise.below(40));
  json.shortest_number("earningsLastMonth", ledger.sums[0][0] / 6 / 1'000'000 * 1'000'000);
  json.shortest_number("earningsThisMonth", ledger.sums[0][0] / 9 / 1'000'000 * 1'000'000);
  json.number("cpasLastMonth", noise.below(20));
  json.number("cpasThisMonth", noise.below(20));
  json.number("volumesLastMonth", noise.below(9'000));
  json.number("volumesThisMonth", noise.below(9'000));
  json.shortest_number("totalBalance", wallet_.balance());
  json.shortest_number("unpaidBalance", ledger.sums[3][0]);
  json.number("totalLoginsLastMonth", noise.below(90));
  json.number("totalLoginsThisMonth", noise.below(90));
  json.raw("last5SignIns", "[]");
  json.close();
  return reply;
}

std::string Wintrado::advance(int days, std::size_t rows_per_day) {
  for (int i = 0; i < days; ++i) {
    clock_.advance(std::chrono::days(1));
    ledger_.add(rows_per_day, clock_.now());
  }
  return format_day(std::chrono::floor<std::chrono::days>(clock_.now()));
}

Result<std::vector<Handle>> Wintrado::add(std::string_view feed, std::size_t rows,
                                          std::string_view day) {
  auto const when = time_of(day, clock_);
  if (!when) return when.error();
  if (feed == "ledger") return ledger_.add(rows, *when);
  if (feed == "customers") return customers_.add(rows, *when);
  if (feed == "transactions") return transactions_.add(rows, *when);
  if (feed != "payouts")
    return Error(ErrorCode::usage,
                 "rows can be added to customers, ledger, payouts and transactions only");
  auto made = payouts_.add(rows, *when);
  for (auto const payout : made) transactions_.add_for(payout, *when);
  return made;
}

}  // namespace

std::unique_ptr<Broker> make_wintrado(WintradoOptions options, RequestLog& log,
                                      SandboxClock& clock) {
  return std::make_unique<Wintrado>(std::move(options), log, clock);
}

}  // namespace affsync::sandbox::wintrado
