// The client of a sandbox in the same process.
#include "tests/sandbox/tests/broker_under_test.hpp"

#include <stdexcept>

#include "base/clock.hpp"
#include "base/decimal.hpp"

namespace affsync::sandbox {

exness::ExnessOptions BrokerUnderTest::small() {
  exness::ExnessOptions options;
  options.world.seed = 7;
  options.world.clients = 30;
  options.world.accounts_per_client = 2;
  options.world.days = 40;
  options.world.rewards = 1'234;
  options.world.today = *parse_day("2026-03-31");
  options.payouts_path = "/api/v1/payouts/";
  return options;
}

BrokerUnderTest::BrokerUnderTest(exness::ExnessOptions options, RateOptions rate)
    : sandbox_(exness::make_exness(options, log_, clock_), log_, clock_, rate, options.world.seed) {
  authorization = "JWT " + log_in(options.login.login, options.login.password);
}

Reply BrokerUnderTest::send(std::string const& method, std::string const& target,
                            std::string const& body) {
  auto request =
      parse_request_head(method + " " + target +
                         " HTTP/1.1\r\nHost: broker\r\nContent-Type: application/json\r\n"
                         "Authorization: " +
                         authorization + "\r\n\r\n");
  if (!request) throw std::runtime_error("no request: " + target);
  request->body = body;
  return sandbox_.answer(*request);
}

Json BrokerUnderTest::get_json(std::string const& target) {
  auto const reply = get(target);
  if (reply.status != 200)
    throw std::runtime_error(target + ": " + std::to_string(reply.status) + " " + reply.body);
  return parse_json(reply.body).value();
}

std::vector<Json> BrokerUnderTest::all_rows(std::string const& path_and_filters, int limit) {
  std::vector<Json> rows;
  auto const separator = path_and_filters.find('?') == std::string::npos ? "?" : "&";
  for (;;) {
    auto const page = get_json(path_and_filters + separator + "limit=" + std::to_string(limit) +
                               "&offset=" + std::to_string(rows.size()));
    auto const& data = page.find("data")->items();
    if (data.empty()) return rows;
    rows.insert(rows.end(), data.begin(), data.end());
  }
}

Json BrokerUnderTest::control(std::string const& query) {
  auto const reply = send("POST", "/sandbox/control?" + query);
  if (reply.status != 200) throw std::runtime_error(query + ": " + reply.body);
  return parse_json(reply.body).value();
}

std::string BrokerUnderTest::log_in(std::string const& login, std::string const& password) {
  auto const reply = send("POST", "/api/v2/auth/",
                          R"({"login":")" + login + R"(","password":")" + password + "\"}");
  if (reply.status != 200) return "";
  return parse_json(reply.body).value().find("token")->as_string();
}

void BrokerUnderTest::fault(std::string const& spec) {
  sandbox_.faults().add(Fault::parse(spec).value());
}

std::string text_of(Json const& row, std::string_view field) {
  auto const* value = row.find(field);
  return value ? std::string(value->scalar_text().value_or("null")) : "absent";
}

std::string sum_of(std::vector<Json> const& rows, std::string_view field) {
  WideSum sum = 0;
  for (auto const& row : rows) {
    std::string digits = parse_decimal(text_of(row, field)).text;
    bool const negative = digits.front() == '-';
    if (negative) digits.erase(0, 1);
    auto const point = digits.find('.');
    auto const places = point == std::string::npos ? 0 : digits.size() - point - 1;
    if (places > 8) throw std::runtime_error("more than 8 places: " + digits);
    if (point != std::string::npos) digits.erase(point, 1);
    digits.append(8 - places, '0');
    WideSum value = 0;
    for (char const digit : digits) value = value * 10 + (digit - '0');
    sum += negative ? -value : value;
  }
  std::string out;
  append_shortest(out, sum);
  return out;
}

}  // namespace affsync::sandbox
