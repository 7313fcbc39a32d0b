// Routes of both services.
#include "tests/sandbox/rates/rates.hpp"

#include <algorithm>

#include "tests/sandbox/json_writer.hpp"
#include "tests/sandbox/rates/table.hpp"

namespace affsync::sandbox::rates {
namespace {

using std::chrono::days;

constexpr Day first_reference_day{std::chrono::year(1999) / 1 / 4};
constexpr Day first_package_day{std::chrono::year(2024) / 3 / 2};
constexpr std::chrono::hours publication{15};  // UTC

class Rates final : public Broker {
 public:
  Rates(RatesOptions options, RequestLog& log, SandboxClock& clock)
      : options_(std::move(options)),
        log_(log),
        clock_(clock),
        endpoints_({{"frankfurter", "/v1"}, {"currency_api", "/npm/@fawazahmed0/currency-api"}},
                   options_.endpoints) {}

  std::string_view name() const override { return "rates"; }
  bool is_login(Request const&) const override { return false; }
  Reply answer(Request const& request, ActiveFaults const& faults) override;
  Reply error(int status, std::string_view code, std::string_view message) const override;
  std::span<Feed* const> feeds() override { return {}; }
  std::string advance(int count, std::size_t) override;
  Result<std::vector<Handle>> add(std::string_view, std::size_t, std::string_view) override {
    return Error(ErrorCode::usage, "rates have no feeds");
  }
  void expire_tokens() override {}
  Endpoints* endpoints() override { return &endpoints_; }

 private:
  struct Choice {
    Currency const* base;
    std::vector<Currency const*> symbols;  // ordered by code, without the base
  };
  Reply frankfurter(std::string_view rest, Query const& query) const;
  Reply currency_file(std::string_view rest) const;
  // Reads `base` and `symbols`. Returns the refusal if they are invalid.
  std::optional<Reply> read_choice(Query const& query, Choice& choice) const;
  // The rest of the path after the endpoint's prefix; nullopt if it has another prefix or the
  // endpoint is hidden.
  std::optional<std::string> rest_of(std::string const& path, std::string_view name) const;
  void write_rates(Choice const& choice, Day day, std::string& out) const;
  bool is_published(Day day) const;
  // The last day with rates that is not after `day`.
  std::optional<Day> nearest(Day day) const;

  RatesOptions options_;
  RequestLog& log_;
  SandboxClock& clock_;
  Endpoints endpoints_;
};

Reply Rates::error(int status, std::string_view, std::string_view message) const {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.text("message", message);
  json.close();
  return reply;
}

std::optional<std::string> Rates::rest_of(std::string const& path, std::string_view name) const {
  auto const& endpoint = endpoints_.path(name);
  auto const decoded = percent_decode(path);
  if (!decoded.starts_with(endpoint) || !endpoints_.at(endpoint)) return std::nullopt;
  return decoded.substr(endpoint.size());
}

Reply Rates::answer(Request const& request, ActiveFaults const&) {
  if (request.method != "GET") return error(405, "", "method not allowed");
  for (auto const* name : {"frankfurter", "currency_api"}) {
    auto const rest = rest_of(request.path, name);
    if (!rest) continue;
    if (endpoints_.at(endpoints_.path(name))->denied) return error(403, "", "forbidden");
    auto reply = name == std::string_view("frankfurter") ? frankfurter(*rest, request.query)
                                                         : currency_file(*rest);
    log_.rows_served(reply.status == 200 ? 1 : 0);
    return reply;
  }
  return error(404, "", "not found");
}

bool Rates::is_published(Day day) const {
  return day >= first_reference_day && is_business_day(day) &&
         TimePoint(day) + publication <= clock_.now();
}

std::optional<Day> Rates::nearest(Day day) const {
  day = std::min(day, std::chrono::floor<days>(clock_.now()));
  while (day >= first_reference_day && !is_published(day)) day -= days(1);
  return day >= first_reference_day ? std::optional<Day>(day) : std::nullopt;
}

std::optional<Reply> Rates::read_choice(Query const& query, Choice& choice) const {
  auto const upper = [](std::string_view text) {
    std::string out(text);
    for (char& c : out)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
  };
  auto const either = [&](std::string_view one, std::string_view other) {
    return query.find(one) ? query.find(one) : query.find(other);
  };
  auto const base = upper(either("from", "base").value_or("EUR"));
  choice.base = find_currency(base);
  if (!choice.base || !choice.base->reference)
    return error(422, "", "nil can't be coerced into Float");
  auto const text = either("to", "symbols");
  auto const wanted = text ? "," + upper(*text) + "," : std::string();
  if (wanted == "," + base + ",") return error(422, "", "bad currency pair");
  for (auto const& currency : all_currencies()) {
    if (!currency.reference || &currency == choice.base) continue;
    if (!text || wanted.find("," + std::string(currency.code) + ",") != std::string::npos)
      choice.symbols.push_back(&currency);
  }
  if (choice.symbols.empty()) return error(404, "", "not found");
  return std::nullopt;
}

void Rates::write_rates(Choice const& choice, Day day, std::string& out) const {
  // As the service does it: uses the bank's rounded rates and rounds the quotient again.
  auto const divisor = quoted(per_euro(*choice.base, day, options_.seed));
  ObjectWriter json(out);
  for (auto const* currency : choice.symbols) {
    auto const rate = quoted(per_euro(*currency, day, options_.seed));
    json.shortest_number(currency->code, quoted(quotient(rate, divisor)));
  }
  json.close();
}

Reply Rates::frankfurter(std::string_view rest, Query const& query) const {
  auto const today = std::chrono::floor<days>(clock_.now());
  bool const latest = rest == "/latest" || rest == "/current";
  bool const period = rest.size() >= 13 && rest.substr(11, 2) == "..";
  auto const parse = [&](std::string_view text) { return parse_day(text); };
  auto const first = latest                  ? std::optional<Day>(today)
                     : rest.starts_with('/') ? parse(rest.substr(1, 10))
                                             : std::nullopt;
  auto const last = period && rest.size() > 13 ? parse(rest.substr(13)) : today;
  if (!latest && !period && rest.size() != 11) return error(404, "", "not found");
  if (!first || !last) return error(422, "", "invalid date");
  Choice choice{};
  if (auto refusal = read_choice(query, choice)) return std::move(*refusal);
  auto const begin = *first > today ? std::nullopt : nearest(*first);
  auto const end = period ? nearest(*last) : begin;
  if (!begin || !end || *end < *begin) return error(404, "", "not found");

  Reply reply(200, {});
  reply.content_type = "application/json; charset=utf-8";
  ObjectWriter json(reply.body);
  json.raw("amount", "1.0");
  json.plain("base", choice.base->code);
  if (period) {
    json.plain("start_date", format_day(*begin));
    json.plain("end_date", format_day(*end));
  } else {
    json.plain("date", format_day(*begin));
  }
  json.name("rates");
  if (period) {
    ObjectWriter by_day(reply.body);
    for (auto day = *begin; day <= *end; day += days(1)) {
      if (!is_published(day)) continue;
      by_day.name(format_day(day));
      write_rates(choice, day, reply.body);
    }
    by_day.close();
  } else {
    write_rates(choice, *begin, reply.body);
  }
  json.close();
  return reply;
}

// Parses "2026-01-02" or "2026.1.2"; nullopt for anything else.
std::optional<Day> package_day(std::string_view version) {
  if (auto const day = parse_day(version)) return day;
  std::array<std::size_t, 3> parts{};
  for (auto& part : parts) {
    auto const text = version.substr(0, version.find('.'));
    auto const number = text.starts_with('0') ? std::nullopt : whole_number(text);
    if (!number || *number > 9999) return std::nullopt;
    part = *number;
    version.remove_prefix(std::min(version.size(), text.size() + 1));
  }
  std::chrono::year_month_day const date(std::chrono::year(static_cast<int>(parts[0])),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2])));
  if (!version.empty() || !date.ok()) return std::nullopt;
  return Day(date);
}

Reply Rates::currency_file(std::string_view rest) const {
  auto const refuse = [](std::string text) {
    Reply reply(404, std::move(text));
    reply.content_type = "text/plain; charset=utf-8";
    return reply;
  };
  constexpr std::string_view folder = "/v1/currencies/";
  auto const today = std::chrono::floor<days>(clock_.now());
  auto const slash = std::min(rest.find('/'), rest.size());
  auto const version = rest.substr(0, slash).starts_with('@') ? rest.substr(1, slash - 1)
                                                              : std::string_view("latest");
  auto const day = version == "latest" ? std::optional<Day>(today) : package_day(version);
  if (!day || *day < first_package_day || *day > today)
    return refuse("Couldn't find the requested release version " + std::string(version) + ".");
  rest.remove_prefix(slash);
  auto const dot = rest.find('.');
  auto const file = rest.substr(0, dot);
  auto const ending = dot == std::string_view::npos ? "" : rest.substr(dot);
  bool const small = ending == ".min.json";
  std::string code(file.substr(std::min(file.size(), folder.size())));
  bool const lower = std::all_of(code.begin(), code.end(), [](char c) { return c >= 'a'; });
  for (char& c : code) c = static_cast<char>(c - 'a' + 'A');
  auto const* base = lower && file.starts_with(folder) ? find_currency(code) : nullptr;
  if (!base || (!small && ending != ".json")) return refuse("Couldn't find the requested file.");

  std::string_view const line = small ? "" : "\n\t", inner = small ? "" : "\n\t\t",
                         colon = small ? ":" : ": ";
  auto const lower_case = [](std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c - 'A' + 'a');
    return out;
  };
  Reply reply(200, "{");
  auto& out = reply.body;
  out.append(line).append("\"date\"").append(colon).append("\"" + format_day(*day) + "\",");
  out.append(line).append("\"" + lower_case(base->code) + "\"").append(colon).append("{");
  auto const divisor = per_euro(*base, *day, options_.seed);
  for (auto const& currency : all_currencies()) {
    out.append(inner).append("\"" + lower_case(currency.code) + "\"").append(colon);
    append_shortest(out, quotient(per_euro(currency, *day, options_.seed), divisor));
    out += ',';
  }
  out.pop_back();
  out.append(line).append(small ? "}}" : "}\n}");
  return reply;
}

std::string Rates::advance(int count, std::size_t) {
  clock_.advance(days(count));
  return format_day(std::chrono::floor<days>(clock_.now()));
}

}  // namespace

std::unique_ptr<Broker> make_rates(RatesOptions options, RequestLog& log, SandboxClock& clock) {
  return std::make_unique<Rates>(std::move(options), log, clock);
}

}  // namespace affsync::sandbox::rates
