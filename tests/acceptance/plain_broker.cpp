#include "tests/acceptance/plain_broker.hpp"

#include <algorithm>

namespace affsync::test {
namespace {

// `text`, `client` and `account` are texts, `amount` and `lots` are numbers. All are optional.
constexpr auto connector_yaml = R"(name: plain
title: A list of the tests' own
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
    map:
      client_ref: client
      account: account
      symbol: text
      amount: amount
      volume_lots: lots
      currency: currency
      occurred_on: day
)";

}  // namespace

std::string answer_of(std::string const& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string list_of(std::vector<std::string> const& rows) {
  std::string body = R"({"data":[)";
  for (auto const& row : rows) body += (&row == &rows.front() ? "" : ",") + row;
  return body + "]}";
}

std::string parameter_of(std::string const& target, std::string const& name) {
  auto const query = "&" + target.substr(std::min(target.find('?'), target.size() - 1) + 1);
  auto const at = query.find("&" + name + "=");
  if (at == std::string::npos) return "";
  auto const begin = at + name.size() + 2;
  return query.substr(begin, query.find('&', begin) - begin);
}

PlainBroker::PlainBroker(Answer answer, std::optional<Identity> identity)
    : answer_(std::move(answer)),
      peer_(std::make_unique<ScriptedPeer>(
          [this](PeerConnection& connection) { serve(connection); }, std::move(identity))) {}

void PlainBroker::serve(PeerConnection& connection) {
  for (;;) {
    auto const request = connection.read_request();
    if (request.empty()) return;
    auto const begin = request.find(' ') + 1;
    std::string bytes, behind;
    {
      std::lock_guard const lock(mutex_);
      requests_.push_back(request);
      bytes = answer_(request.substr(begin, request.find(' ', begin) - begin));
      behind = behind_;
    }
    bool const sent =
        behind.empty() ? connection.send(bytes) : connection.send_together(bytes, behind);
    if (!sent) return;
  }
}

std::vector<std::string> PlainBroker::requests() const {
  std::lock_guard const lock(mutex_);
  return requests_;
}

std::vector<std::string> PlainBroker::targets() const {
  std::vector<std::string> out;
  for (auto const& request : requests()) {
    auto const begin = request.find(' ') + 1;
    out.push_back(request.substr(begin, request.find(' ', begin) - begin));
  }
  return out;
}

void PlainBroker::forget_requests() {
  std::lock_guard const lock(mutex_);
  requests_.clear();
}

void PlainBroker::send_behind(std::string bytes) {
  std::lock_guard const lock(mutex_);
  behind_ = std::move(bytes);
}

PlainBroker& PlainAcceptance::serve(PlainBroker::Answer answer, std::optional<Identity> identity,
                                    std::string const& host) {
  plain_ = std::make_unique<PlainBroker>(std::move(answer), std::move(identity));
  connector = "plain";
  credentials_yaml = "{api_key: planted-key}";
  base_url = plain_->url(host);
  use_connector("plain", std::string(connector_yaml) + more_yaml + "    page: " + page_yaml + "\n");
  return *plain_;
}

PlainBroker& PlainAcceptance::serve_rows(std::vector<std::string> const& rows) {
  auto const bytes = answer_of(list_of(rows));
  return serve([bytes](std::string const&) { return bytes; });
}

}  // namespace affsync::test
