#include "tests/acceptance/proof_fixture.hpp"

#include <filesystem>

namespace affsync::test {

Checked Proven::check(std::string const& name) const {
  auto const found = checks.find(name);
  return found == checks.end() ? Checked{"no such check", out + err} : found->second;
}

std::vector<std::string> Proven::failed() const {
  std::vector<std::string> names;
  for (auto const& [name, check] : checks) {
    if (check.result == "failed") names.push_back(name);
  }
  return names;
}

void Proof::replace(std::string const& file, std::string const& from, std::string const& to) {
  auto& text = files.at(file);
  auto const at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in " << file;
  text.replace(at, from.size(), to);
}

Proven Proof::prove() const {
  std::filesystem::create_directories(dir_.path() / "broker");
  for (auto const& [name, text] : files) dir_.write(name, text);
  auto const finished = affsync({"connectors", "test", (dir_.path() / "broker.yaml").string(),
                                 "--database", database_url(), "--output", "json"});
  Proven proven;
  proven.status = finished.status;
  proven.out = finished.out;
  proven.err = finished.err;
  auto const json = parse_json(finished.out);
  if (!json) return proven;
  for (auto const& line : json->find("checks")->items()) {
    Checked checked;
    checked.result = line.find("result")->as_string();
    for (auto const& detail : line.find("details")->items()) {
      checked.details += detail.as_string() + "\n";
    }
    proven.checks[line.find("stream")->as_string() + "/" + line.find("check")->as_string()] =
        checked;
  }
  return proven;
}

std::map<std::string, std::string> Proof::broker_files() {
  std::map<std::string, std::string> out;
  out["broker.yaml"] = R"(name: broker
title: A Broker
base_url: https://api.broker.example
credentials:
  login: {secret: false}
  password: {}
auth:
  type: login_token
  login: {path: /login, json: {user: "${credentials.login}", password: "${credentials.password}"}}
  token: data.token
  value: Bearer ${token}
errors:
  - {json: code, equals: ["slow"], class: throttled}
  - {json: code, equals: ["session"], class: auth_expired}
good: {json: code, equals: "ok"}
streams:
  commissions:
    table: commission
    path: /v1/commissions
    query: {sort: id}
    page: {type: page, limit: size, size: 100, total: total}
    window: {from: from, to: to, span: 31d, start: 2026-01-01, column: occurred_on}
    records: rows
    key: id
    personal: client.name
    map:
      client_ref: client.id
      amount: {from: sum, required: true}
      currency: cur
      occurred_on: day
    reconcile:
      - {column: amount, total: sum}
)";
  out["broker/source"] = "credentials: login password\n";
  out["broker/login.json"] = R"({"code": "ok", "data": {"token": "abc123"}})";
  out["broker/login.expected"] =
      "of: login\nevidence: vendor\ntoken: abc123\nexpires: 2026-11-22T11:00:00Z\n";
  out["broker/slow.json"] = R"({"code": "slow"})";
  out["broker/slow.expected"] = "of: any\nevidence: vendor\nclass: throttled\n";
  out["broker/session.json"] = R"({"code": "session"})";
  out["broker/session.expected"] = "of: any\nevidence: vendor\nclass: auth_expired\n";
  out["broker/commissions.json"] = R"({"code": "ok", "rows": [
  {"id": 501, "client": {"id": "c-1", "name": "Jane Roe"}, "sum": "12.50", "cur": "EUR", "day": "2026-11-02"},
  {"id": 502, "client": {"id": "c-2", "name": "Joan Poe"}, "sum": 7, "cur": "USD", "day": "2026-11-03"}
], "total": 2, "sum": "19.50"})";
  out["broker/commissions.expected"] = R"(of: commissions
evidence: vendor
days: 2026-11-01 2026-11-05
asked: /v1/commissions?sort=id&from=2026-11-01&to=2026-11-05&size=100&page=1
next: none
count: 2
totals: amount=19.50
unmapped: client.name
never kept: Jane Roe Joan Poe

[commission]
external_id | client_ref | amount | currency | occurred_on
501         | c-1        | 12.50  | EUR      | 2026-11-02
502         | c-2        | 7      | USD      | 2026-11-03
)";
  return out;
}

}  // namespace affsync::test
