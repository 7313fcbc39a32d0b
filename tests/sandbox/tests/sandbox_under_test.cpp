// The client of a sandbox in the same process.
#include "tests/sandbox/tests/sandbox_under_test.hpp"

#include <stdexcept>

#include "base/decimal.hpp"

namespace affsync::sandbox {

SandboxUnderTest::SandboxUnderTest(Maker const& make_broker, RateOptions rate, std::uint64_t seed)
    : sandbox_(make_broker(log_, clock_), log_, clock_, std::move(rate), seed) {}

Reply SandboxUnderTest::send(std::string const& method, std::string const& target,
                             std::string const& body) {
  std::string head = method + " " + target + " HTTP/1.1\r\nHost: broker.example:8080\r\n";
  for (auto const& [name, value] : headers) head += name + ": " + value + "\r\n";
  auto request = parse_request_head(head + "\r\n");
  if (!request) throw std::runtime_error("no request: " + target);
  request->body = body;
  return sandbox_.answer(*request);
}

Json SandboxUnderTest::get_json(std::string const& target) {
  auto const reply = get(target);
  if (reply.status != 200)
    throw std::runtime_error(target + ": " + std::to_string(reply.status) + " " + reply.body);
  return parse_json(reply.body).value();
}

std::string SandboxUnderTest::get_text(std::string const& target, std::string const& path) {
  return text_at(get_json(target), path);
}

Json SandboxUnderTest::control(std::string const& query) {
  auto const reply = send("POST", "/sandbox/control?" + query);
  if (reply.status != 200) throw std::runtime_error(query + ": " + reply.body);
  return parse_json(reply.body).value();
}

void SandboxUnderTest::fault(std::string const& spec) {
  sandbox_.faults().add(Fault::parse(spec).value());
}

std::string SandboxUnderTest::book(std::string const& feed, std::string const& sum) {
  auto const books = get_json("/sandbox/books?feed=" + feed);
  auto const* sums = JsonPath("feeds." + feed).in(books);
  if (!sums) throw std::runtime_error("no books of " + feed);
  if (sum == "rows") return text_of(*sums, "rows");
  auto const dot = sum.rfind('.');  // names of measures may contain dots
  auto const* field = sums->find("sums")->find(sum.substr(0, dot));
  return field ? text_of(*field, sum.substr(dot + 1)) : "absent";
}

std::string text_at(Json const& document, std::string const& path) {
  auto const* value = JsonPath(path).in(document);
  return value ? std::string(value->scalar_text().value_or("null")) : "absent";
}

std::string text_of(Json const& row, std::string_view field) {
  auto const* value = row.find(field);
  return value ? std::string(value->scalar_text().value_or("null")) : "absent";
}

std::string sum_of(std::vector<Json> const& rows, std::string_view field) {
  WideSum sum = 0;
  for (auto const& row : rows) {
    if (text_of(row, field) == "null") continue;
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

std::vector<std::string> column(std::vector<Json> const& rows, std::string_view field) {
  std::vector<std::string> out;
  for (auto const& row : rows) out.push_back(text_of(row, field));
  return out;
}

std::string header_of(Reply const& reply, std::string_view name) {
  for (auto const& [key, value] : reply.headers)
    if (key == name) return value;
  return {};
}

}  // namespace affsync::sandbox
