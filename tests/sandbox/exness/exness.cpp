// Routes of the Exness sandbox.
#include "tests/sandbox/exness/exness.hpp"

#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "tests/sandbox/exness/orders.hpp"
#include "tests/sandbox/exness/people.hpp"
#include "tests/sandbox/exness/rebates.hpp"
#include "tests/sandbox/exness/selector.hpp"
#include "tests/sandbox/exness/wallet.hpp"
#include "tests/sandbox/list_page.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr std::string_view claims =
    R"("iss":"Exness","sub":"7c9e6679-7425-40de-944b-e07fc1f90ae7",)"
    R"("aud":["affiliate","partner-area","wallet"],"additional_params":)"
    R"({"partner_accounts":["1182735490123456789","1182735490123456790"],)"
    R"("permissions":["reports","wallet","autorebates"],"locale":"en"})";

class Exness final : public Broker {
 public:
  Exness(ExnessOptions options, RequestLog& log, SandboxClock const& clock);

  std::string_view name() const override { return "exness"; }
  bool is_login(Request const& request) const override;
  Reply answer(Request const& request, ActiveFaults const& faults) override;
  Reply error(int status, std::string_view code, std::string_view message) const override;
  std::span<Feed* const> feeds() override { return feeds_; }
  std::string advance(int days, std::size_t rows_per_day) override;
  Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                  std::string_view day) override;
  void expire_tokens() override { tokens_.expire_all(); }

 private:
  Reply log_in(Request const& request);
  Reply list(Feed& feed, Request const& request, ActiveFaults const& faults);
  Reply wallets();
  std::vector<Handle> add_rewards(std::size_t rows, int day);
  std::vector<Handle> add_clients(std::size_t rows, int day);
  PageWindow window(Query const& query) const;

  ExnessOptions options_;
  RequestLog& log_;
  World world_;
  Tokens tokens_;
  Rewards rewards_;
  Accounts accounts_;
  Clients clients_;
  Orders orders_;
  RebateGroups rebate_groups_;
  Rebates rebates_;
  Wallets wallets_;
  Payouts payouts_;
  std::vector<Feed*> feeds_;
  Selector selector_;
  std::uint64_t pages_ = 0;
};

Exness::Exness(ExnessOptions options, RequestLog& log, SandboxClock const& clock)
    : options_(std::move(options)),
      log_(log),
      world_(options_.world),
      tokens_(options_.login, "JWT ", std::string(claims), options_.world.seed, clock),
      rewards_(world_),
      accounts_(world_, rewards_),
      clients_(world_, rewards_),
      orders_(world_, rewards_),
      rebate_groups_(world_),
      rebates_(world_, rewards_),
      wallets_(world_),
      payouts_(world_, options_.payouts_path),
      feeds_{&clients_, &accounts_, &rewards_, &orders_, &rebate_groups_, &rebates_, &wallets_},
      selector_(world_.first_day()) {
  if (!options_.payouts_path.empty()) feeds_.push_back(&payouts_);
}

bool Exness::is_login(Request const& request) const {
  return request.method == "POST" &&
         (request.path == "/api/v2/auth/" || request.path == "/api/auth/");
}

Reply Exness::error(int status, std::string_view code, std::string_view message) const {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.text("code", code);
  json.text("message", message);
  json.close();
  return reply;
}

Reply Exness::answer(Request const& request, ActiveFaults const& faults) {
  if (is_login(request)) return log_in(request);
  auto const feed = std::find_if(feeds_.begin(), feeds_.end(),
                                 [&](Feed* one) { return one->path() == request.path; });
  bool const summary = request.path == "/api/partner/summary/";
  if (feed == feeds_.end() && !summary) {
    Reply reply(404,
                "<!doctype html><html><head><title>Not Found</title></head><body>"
                "<h1>Not Found</h1></body></html>");
    reply.content_type = "text/html; charset=utf-8";
    return reply;
  }
  auto const authorization = request.header("authorization");
  if (faults.find("expire_token")) tokens_.expire(authorization);
  switch (tokens_.check(authorization)) {
    case TokenState::good:
      break;
    case TokenState::expired:
      return error(401, "TokenExpired", "Token has expired.");
    case TokenState::unknown:
      return error(401, "AuthenticationFailed", "Invalid token.");
    case TokenState::missing:
      return error(401, "NotAuthenticated", "Authentication credentials were not provided.");
  }
  if (request.method != "GET")
    return error(405, "MethodNotAllowed", "Method \"" + request.method + "\" not allowed.");
  if (summary)
    return {200, R"({"partner_status":"ACTIVE","partner_accounts":["1182735490123456789"]})"};
  if (*feed == &wallets_) return wallets();
  return list(**feed, request, faults);
}

Reply Exness::log_in(Request const& request) {
  if (request.header("content-type").find("application/json") == std::string_view::npos)
    return error(415, "UnsupportedMediaType", "Unsupported media type in request.");
  auto const body = parse_json(request.body);
  if (!body || !body->is_object()) return error(400, "ParseError", "JSON parse error");
  auto const text = [&](std::string_view name) -> std::string_view {
    auto const* value = body->find(name);
    return value && value->is_string() ? std::string_view(value->as_string()) : "";
  };
  bool const old_form = request.path == "/api/auth/";
  auto const login = old_form && text("login").empty() ? text("email") : text("login");
  auto const token = tokens_.log_in(login, text("password"));
  log_.logged_in(!token.empty());
  if (token.empty())
    return error(401, "AuthenticationFailed", "Incorrect authentication credentials.");
  return {200, R"({"token":")" + token + "\"}"};
}

PageWindow Exness::window(Query const& query) const {
  auto const number = [&](std::string_view name, std::size_t fallback) {
    auto const text = query.find(name);
    std::size_t value = fallback;
    if (!text) return fallback;
    auto const [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
    return failure == std::errc() && end == text->data() + text->size() ? value : fallback;
  };
  auto const limit = number("limit", options_.default_limit);
  return {number("offset", 0),
          std::min(limit == 0 ? options_.default_limit : limit, options_.max_limit)};
}

Reply Exness::list(Feed& feed, Request const& request, ActiveFaults const& faults) {
  Refusal refusal{};
  auto const selection = selector_.select(feed, request.query, refusal);
  if (!selection) {
    if (refusal.status != 500) return error(refusal.status, refusal.code, refusal.message);
    Reply reply(500, "<h1>Server Error (500)</h1>");
    reply.content_type = "text/html";
    return reply;
  }
  auto const page_window = window(request.query);
  auto const noise = world_.seed() + ++pages_;
  std::string body = R"({"data":)";
  auto const rows = write_rows(feed, *selection, page_window, faults, noise, body);
  body += R"(,"totals":)";
  ObjectWriter totals(body);
  auto const count = altered_total(rows.total, faults);
  if (!count.empty()) totals.raw("count", count);
  bool const no_rows = rows.total == 0;
  feed.write_totals(no_rows ? Totals() : selection->totals(), totals);
  totals.close();
  body += '}';
  shift_rows(feed, *selection, page_window, faults, noise);
  log_.rows_served(rows.count);
  return {200, std::move(body)};
}

Reply Exness::wallets() {
  std::string body = R"({"accounts":[)";
  for (std::size_t i = 0; i < wallets_.size(); ++i) {
    if (i > 0) body += ',';
    wallets_.write_row(wallets_.at(i), body);
  }
  log_.rows_served(wallets_.size());
  return {200, body + "]}"};
}

std::vector<Handle> Exness::add_rewards(std::size_t rows, int day) {
  auto made = rewards_.add(rows, day);
  for (auto const reward : made) orders_.add_for(reward);
  return made;
}

std::vector<Handle> Exness::add_clients(std::size_t rows, int day) {
  auto const first = world_.add_clients(static_cast<std::uint32_t>(rows), day);
  auto const each = world_.options().accounts_per_client;
  std::vector<Handle> made;
  for (Handle client = first; client < world_.clients(); ++client) {
    made.push_back(client);
    clients_.insert(client);
    for (Handle account = client * each; account < (client + 1) * each; ++account) {
      accounts_.insert(account);
      rebates_.insert(account);
    }
  }
  return made;
}

std::string Exness::advance(int days, std::size_t rows_per_day) {
  for (int i = 0; i < days; ++i) {
    world_.advance(1);
    add_rewards(rows_per_day, world_.today());
  }
  return world_.day_text(world_.today());
}

Result<std::vector<Handle>> Exness::add(std::string_view feed, std::size_t rows,
                                        std::string_view day) {
  auto number = world_.today();
  if (!day.empty()) {
    auto const date = parse_day(day);
    if (!date) return Error(ErrorCode::usage, "'" + std::string(day) + "' is no day");
    number = world_.day_number(*date);
    if (number < 0) return Error(ErrorCode::usage, std::string(day) + " is before the history");
  }
  if (feed == "rewards") return add_rewards(rows, number);
  if (feed == "clients") return add_clients(rows, number);
  return Error(ErrorCode::usage, "rows can be added to rewards and clients only");
}

}  // namespace

std::unique_ptr<Broker> make_exness(ExnessOptions options, RequestLog& log,
                                    SandboxClock const& clock) {
  return std::make_unique<Exness>(std::move(options), log, clock);
}

}  // namespace affsync::sandbox::exness
