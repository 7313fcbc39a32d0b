// `affsync connectors test` for lists of other forms: one for each value of another stream, reports
// that are made on request, pages of XML and of CSV.
#include <gtest/gtest.h>

#include "tests/acceptance/proof_fixture.hpp"

namespace affsync::test::proof_forms_test {
namespace {

using Names = std::vector<std::string>;

class ProofForms : public Proof {
 protected:
  void expect_ok(Proven const& proven, std::string const& stream, Names const& checks) {
    EXPECT_EQ(proven.failed(), Names()) << proven.out << proven.err;
    EXPECT_EQ(proven.status, 0) << proven.out << proven.err;
    for (auto const& check : checks) {
      EXPECT_EQ(proven.check(stream + "/" + check).result, "ok") << check << "\n" << proven.out;
    }
  }
};

Names const whole_lists{"expected rows",   "requests",
                        "next page",       "stored rows",
                        "by one answer",   "twice without a change",
                        "in pages",        "resumed at each page",
                        "throttled",       "moving list",
                        "truncated answer"};

// The accounts of each client; the clients are those of another stream.
std::map<std::string, std::string> files_of_clients() {
  std::map<std::string, std::string> files;
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  people: {table: client, path: /clients, records: rows, key: id, map: {client_ref: id}}
  accounts:
    table: trading_account
    path: /clients/${item}/accounts
    for_each: {values: {stream: people, column: client_ref}}
    page: {type: page, limit: size, size: 100, total: total}
    records: {from: rows, keep: {client: {item: true}}}
    key: [client, id]
    map: {client_ref: client, account: id}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/people.json"] = R"({"rows": [{"id": "u 1"}, {"id": "u2"}]})";
  files["broker/people.expected"] =
      "of: people\nevidence: vendor\nnext: none\nunmapped: none\n\n[client]\n"
      "external_id | client_ref\nu 1 | u 1\nu2 | u2\n";
  files["broker/first.json"] = R"({"rows": [{"id": 71}, {"id": 72}], "total": 2})";
  files["broker/first.expected"] =
      "of: accounts\nevidence: vendor\nitem: u 1\nasked: /clients/u%201/accounts?size=100&page=1\n"
      "next: none\ncount: 2\nunmapped: none\n\n[trading_account]\n"
      "external_id | client_ref | account\nu 1:71 | u 1 | 71\nu 1:72 | u 1 | 72\n";
  files["broker/second.json"] = R"({"rows": [{"id": 71}], "total": 1})";
  files["broker/second.expected"] =
      "of: accounts\nevidence: vendor\nitem: u2\nasked: /clients/u2/accounts?size=100&page=1\n"
      "next: none\ncount: 1\nunmapped: none\n\n[trading_account]\n"
      "external_id | client_ref | account\nu2:71 | u2 | 71\n";
  return files;
}

TEST_F(ProofForms, ListsForEachValueOfAnotherStreamAreRead) {
  files = files_of_clients();
  expect_ok(prove(), "accounts", whole_lists);
}

TEST_F(ProofForms, AValueThatIsNotPartOfTheKeyIsCaught) {
  files = files_of_clients();
  replace("broker.yaml", "key: [client, id]", "key: id");
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  EXPECT_EQ(proven.check("accounts/stored rows").result, "failed") << proven.out;
}

std::map<std::string, std::string> files_of_reports(std::string const& download) {
  std::map<std::string, std::string> files;
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example/v2
credentials: {key: {}}
auth: {type: static_token, header: X-Key, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /reports
    window: {from: from, to: to, span: 31d, start: 2026-01-01, column: occurred_on}
    report:
      id: data.id
      poll: /reports/${report.id}
      until: {json: data.state, equals: done}
      failed: {json: data.state, equals: failed}
      download: )" + download +
                         R"(
    format: csv
    key: id
    map: {amount: sum, currency: cur, occurred_on: day}
)";
  files["broker/source"] = "credentials: key\n";
  files["broker/report.csv"] = "id,sum,cur,day\n1,2.50,EUR,2026-11-02\n2,-1,EUR,2026-11-03\n";
  files["broker/report.expected"] =
      "of: rows\nevidence: vendor\ndays: 2026-11-01 2026-11-20\n"
      "asked: /reports?from=2026-11-01&to=2026-11-20\nnext: none\nunmapped: none\n\n[commission]\n"
      "external_id | amount | currency | occurred_on\n1 | 2.50 | EUR | 2026-11-02\n"
      "2 | -1 | EUR | 2026-11-03\n";
  return files;
}

Names const one_answer{"expected rows",        "requests",      "next page",
                       "stored rows",          "by one answer", "twice without a change",
                       "resumed at each page", "throttled",     "truncated answer"};

TEST_F(ProofForms, ReportsAreOrderedWaitedForAndFetched) {
  files = files_of_reports("/reports/${report.id}/file");
  expect_ok(prove(), "rows", one_answer);
}

TEST_F(ProofForms, ReportsAreFetchedWhereTheAnswerSays) {
  files = files_of_reports("data.file");
  expect_ok(prove(), "rows", one_answer);
}

// The next page is named in a header: a link, or a cursor.
TEST_F(ProofForms, ListsWhoseNextPageIsInAHeaderAreRead) {
  for (std::string const page :
       {"{type: link, next: {header: Link}}", "{type: cursor, next: {header: X-Next}}"}) {
    files.clear();
    files["broker.yaml"] =
        "name: broker\nbase_url: https://api.broker.example\n"
        "credentials: {api_key: {}}\n"
        "auth: {type: static_token, value: \"${credentials.api_key}\"}\n"
        "streams: {c: {table: commission, path: /c, records: $, key: id, page: " +
        page + ", map: {amount: sum, currency: cur}}}\n";
    files["broker/source"] = "credentials: api_key\n";
    files["broker/c.json"] =
        R"([{"id": 1, "sum": "2.50", "cur": "EUR"}, {"id": 2, "sum": "1", "cur": "EUR"}])";
    files["broker/c.expected"] =
        "of: c\nevidence: vendor\nasked: /c\nnext: none\nunmapped: none\n\n[commission]\n"
        "external_id | amount | currency\n1 | 2.50 | EUR\n2 | 1 | EUR\n";
    auto const proven = prove();
    expect_ok(proven, "c", whole_lists);
    EXPECT_EQ(proven.check("any/secrets").result, "ok") << proven.out;
  }
}

// What hides the row is said, with each check that was not made.
// The id that pages are asked for by is another field than the key. The ids of the sample are close
// to each other.
TEST_F(ProofForms, ListsThatArePagedByAnIdBesideTheKeyAreRead) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  people:
    table: client
    path: /people
    page: {type: id, parameter: after, id: record, limit: size, size: 100}
    records: rows
    key: user
    map: {client_ref: user}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/people.json"] =
      R"({"rows": [{"record": 454374, "user": "u-7"}, {"record": 454370, "user": "u-9"}]})";
  files["broker/people.expected"] =
      "of: people\nevidence: vendor\nasked: /people?size=100\n"
      "next: /people?size=100&after=454370\nunmapped: record\n\n[client]\n"
      "external_id | client_ref\nu-7 | u-7\nu-9 | u-9\n";
  files["broker/end.json"] = R"({"rows": []})";
  files["broker/end.expected"] =
      "of: people\nevidence: vendor\nafter: people\nnext: none\nunmapped: none\n\n[client]\n";
  expect_ok(prove(), "people", whole_lists);
}

// The rows do not say in which part of the list they are: the request does.
TEST_F(ProofForms, PartsThatOnlyTheRequestNamesAreRead) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  income:
    table: commission
    path: /income
    parts: [{query: {side: spot}}, {query: {side: futures}}]
    page: {type: page, limit: size, size: 100, total: total}
    records: {from: rows, keep: {side: {request: side}}}
    key: [side, id]
    map: {event: side, amount: sum, currency: {const: USD}}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/spot.json"] = R"({"rows": [{"id": 71, "sum": "1.5"}], "total": 1})";
  files["broker/spot.expected"] =
      "of: income\nevidence: vendor\nasked: /income?side=spot&size=100&page=1\n"
      "next: /income?side=futures&size=100&page=1\ncount: 1\nunmapped: none\n\n[commission]\n"
      "external_id | event | amount | currency\nspot:71 | spot | 1.5 | USD\n";
  files["broker/futures.json"] = R"({"rows": [{"id": 71, "sum": "0.25"}], "total": 1})";
  files["broker/futures.expected"] =
      "of: income\nevidence: vendor\nafter: spot\n"
      "asked: /income?side=futures&size=100&page=1\n"
      "next: none\ncount: 1\nunmapped: none\n\n[commission]\n"
      "external_id | event | amount | currency\nfutures:71 | futures | 0.25 | USD\n";
  expect_ok(prove(), "income", whole_lists);
}

TEST_F(ProofForms, AListThatCannotBeServedSaysWhy) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
credentials: {api_key: {}}
auth: {type: static_token, value: "${credentials.api_key}"}
streams: {c: {table: commission, path: /c, records: rows, key: id, map: {amount: sum, currency: cur}}}
)";
  files["broker/source"] = "credentials: api_key\n";
  files["broker/c.json"] =
      R"({"rows": [{"id": 1, "sum": "1", "cur": "EUR"}, {"id": 2, "sum": "x"}]})";
  files["broker/c.expected"] =
      "of: c\nevidence: vendor\nnext: none\nunmapped: none\n\n[commission]\n"
      "external_id | amount | currency\n1 | 1 | EUR\n";
  auto const proven = prove();
  EXPECT_EQ(proven.status, 1);
  for (std::string const check : {"stored rows", "by one answer", "in pages", "truncated answer"}) {
    EXPECT_EQ(proven.check("c/" + check).result, "not possible") << check << proven.out;
    EXPECT_NE(proven.check("c/" + check)
                  .details.find("not every row of `c` can be served alone: amount: "),
              std::string::npos)
        << proven.out;
  }
  EXPECT_EQ(proven.check("any/secrets").details, "no list was read, so no secret was sent\n");
}

// Nobody can write a hash by hand.
TEST_F(ProofForms, RowsWithAHashForTheirKeyAreToldApartByTheirColumns) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  c: {table: commission, path: /c, records: rows, key: {hash: [time, sum]}, map: {amount: sum, currency: cur}}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/c.json"] = R"({"rows": [{"time": "a", "sum": "2.50", "cur": "EUR"},
  {"time": "a", "sum": "2.50", "cur": "EUR"}, {"time": "b", "sum": "1", "cur": "EUR"}]})";
  files["broker/c.expected"] =
      "of: c\nevidence: vendor\nasked: /c\nnext: none\nunmapped: none\n\n[commission]\n"
      "amount | currency\n2.50 | EUR\n2.50 | EUR\n1 | EUR\n";
  expect_ok(prove(), "c", {"expected rows", "stored rows", "twice without a change"});
  replace("broker/c.expected", "2.50 | EUR\n2.50 | EUR\n", "2.50 | EUR\n2.51 | EUR\n");
  auto const proven = prove();
  EXPECT_EQ(proven.check("c/expected rows").result, "failed") << proven.out;
  EXPECT_EQ(proven.check("c/stored rows").result, "failed") << proven.out;
}

// An element may have a child of its own name. The count is an attribute of the document.
TEST_F(ProofForms, PagesOfXmlAreCutOutOfTheSample) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    format: xml
    xml: {root: Answer, row: Commission}
    page: {type: offset, limit: n, size: 100, offset: from, first: 1}
    key: Id
    map: {amount: Commission, currency: Cur}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/rows.xml"] =
      "<?xml version=\"1.0\"?>\n<a:Answer xmlns:a=\"urn:x\">\n"
      "  <a:Commission><a:Id>A-70</a:Id><a:Commission>1.50</a:Commission><a:Cur>EUR</a:Cur>"
      "</a:Commission>\n"
      "  <a:Commission><a:Id>A-71</a:Id><a:Commission>2</a:Commission><a:Cur>EUR</a:Cur>"
      "</a:Commission>\n</a:Answer>\n";
  files["broker/rows.expected"] =
      "of: rows\nevidence: vendor\nasked: /rows?n=100&from=1\nnext: /rows?n=100&from=2\n"
      "unmapped: none\n\n[commission]\nexternal_id | amount | currency\nA-70 | 1.50 | EUR\n"
      "A-71 | 2 | EUR\n";
  expect_ok(prove(), "rows", whole_lists);
}

TEST_F(ProofForms, PagesOfCsvAreCutOutOfTheSample) {
  files.clear();
  files["broker.yaml"] = R"(name: broker
base_url: https://api.broker.example
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    format: csv
    page: {type: page, limit: n, size: 100, total: {header: X-Total}}
    key: id
    map: {amount: sum, currency: cur}
)";
  files["broker/source"] = "credentials: none\n";
  files["broker/rows.csv"] = "id;sum;cur\r\n17;1,50;EUR\r\n18;2;EUR\r\n";
  replace("broker.yaml", "amount: sum", "amount: {from: sum, decimal_comma: true}");
  files["broker/rows.expected"] =
      "of: rows\nevidence: vendor\nheader: X-Total: 2\nasked: /rows?n=100&page=1\nnext: none\n"
      "count: 2\nunmapped: none\n\n[commission]\nexternal_id | amount | currency\n17 | 1.50 | EUR\n"
      "18 | 2 | EUR\n";
  expect_ok(prove(), "rows", whole_lists);
}

}  // namespace
}  // namespace affsync::test::proof_forms_test
