// Hostile answers. Each ends in an error or a stored text, sends nothing to another host, and
// leaves existing data unchanged.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::hostile_test {
namespace {

// SQL for a text that the test cannot quote itself.
std::string sql_text(std::string const& text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char const c : text) hex += {digits[c >> 4], digits[c & 15]};
  return "convert_from(decode('" + hex + "', 'hex'), 'UTF8')";
}

class Hostile : public Acceptance {
 protected:
  // Runs a first sync; then the accounts' answers have that fault permanently. That stream fails,
  // the others go on, and the books stay unchanged.
  Synced expect_refused(std::string const& fault, std::string const& code) {
    start_broker();
    EXPECT_EQ(sync().status, 0);
    broker().control({{"do", "clear_log"}});
    broker().fault(fault + (fault.find(':') == std::string::npos ? ":" : ",") +
                   "every=1,path=accounts/?");
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1) << fault;
    EXPECT_EQ(synced.of("accounts", "status"), "failed") << synced.out;
    EXPECT_EQ(synced.of("accounts", "error_code"), code) << synced.out;
    for (auto const* other : {"clients", "rewards", "wallets"}) {
      EXPECT_EQ(synced.of(other, "status"), "succeeded") << other << synced.out;
    }
    expect_books_equal();
    EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
    return synced;
  }
  std::size_t asked_for_accounts() { return broker().targets("/clients/accounts/").size(); }
};

TEST_F(Hostile, deep_nesting) {
  expect_refused("deep:depth=500000", "answer_too_large");
  EXPECT_EQ(asked_for_accounts(), 1u) << "a retry would give the same answer";
}

TEST_F(Hostile, huge_body) {
  expect_refused("huge_body:bytes=100000000", "answer_too_large");
  EXPECT_EQ(asked_for_accounts(), 1u);
}

TEST_F(Hostile, endless_body) {
  expect_refused("endless", "answer_too_large");
  EXPECT_EQ(asked_for_accounts(), 1u);
}

TEST_F(Hostile, huge_header) {
  expect_refused("huge_header:bytes=200000", "answer_too_large");
  EXPECT_EQ(asked_for_accounts(), 1u);
}

TEST_F(Hostile, decompression_bomb) {
  expect_refused("gzip_bomb:bytes=300000000", "answer_too_large");
  EXPECT_EQ(asked_for_accounts(), 1u);
}

// Every byte arrives in time, but the answer never ends.
TEST_F(Hostile, slow_loris_server) {
  source_yaml = "    timeout: 1s\n";
  auto const synced = expect_refused("slow:bytes=1,ms=50", "timeout");
  EXPECT_NE(synced.of("accounts", "error").find("whole request"), std::string::npos)
      << synced.of("accounts", "error");
}

TEST_F(Hostile, redirect_to_other_host) {
  PlainBroker other([](std::string const&) { return answer_of(R"({"data":[]})"); });
  for (auto const* code : {"301", "302", "303", "307", "308"}) {
    expect_refused("redirect:to=" + other.url() + ",code=" + code, "redirected");
    EXPECT_EQ(asked_for_accounts(), 1u);
    EXPECT_EQ(other.connections(), 0) << code;
    renew_database();
  }
}

TEST_F(Hostile, only_get_is_sent) {
  struct Kind {
    char const* broker;
    char const* credentials;
  };
  Kind const kinds[] = {
      {"exness", "{login: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}"},
      {"wintrado", "{username: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}"},
      {"iexexchanger", "{api_key: sandbox-key}"},
      {"iexexchanger_v3", "{api_key: sandbox-key}"},
  };
  for (auto const& kind : kinds) {
    connector = kind.broker;
    credentials_yaml = kind.credentials;
    start_broker({"--broker", kind.broker, "--rows", "60"});
    EXPECT_EQ(affsync({"check"}).status, 0) << kind.broker;
    EXPECT_EQ(sync().status, 0) << kind.broker;
    // Also after errors that lead to a retry or a new login.
    broker().control({{"do", "expire_tokens"}});
    broker().fault("status:code=405,next=1,skip=1");
    broker().fault("status:code=502,next=1,skip=4");
    sync({"--full"});
    EXPECT_GT(broker().count("requests"), 4u) << kind.broker;
    EXPECT_EQ(broker().count("other_methods"), 0u) << kind.broker << broker().log().dump();
    renew_database();
  }
}

class HostilePlain : public PlainAcceptance {
 protected:
  static TestAuthority const& authority() {
    static TestAuthority const one;
    return one;
  }
  // The connector trusts that authority, for localhost.
  void serve_tls(PlainBroker::Answer answer, Identity const& identity) {
    source_yaml =
        "    tls: {ca_file: " + dir_.write("ca.pem", authority().certificate_pem()).string() +
        "}\n";
    serve(std::move(answer), identity, "localhost");
  }
  // Without a valid certificate no request is sent, so the key is not revealed.
  void expect_tls_refused(Identity const& identity, std::string const& why) {
    serve_tls([](std::string const&) { return answer_of(R"({"data":[]})"); }, identity);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rows", "error_code"), "tls_failed") << synced.out;
    EXPECT_NE(synced.of("rows", "error").find(why), std::string::npos)
        << synced.of("rows", "error");
    EXPECT_GE(plain().connections(), 1);
    EXPECT_EQ(plain().requests(), std::vector<std::string>{});
    auto const check = affsync({"check"});
    EXPECT_EQ(check.status, 1);
    EXPECT_NE((check.out + check.err).find(why), std::string::npos) << check.out << check.err;
  }
  // The first page comes over TLS and links to `link`, which must not be requested.
  void expect_link_refused(std::string const& link) {
    page_yaml = "{type: link, size: 1, next: link}";
    serve_tls(
        [link](std::string const&) {
          return answer_of(R"({"data":[{"id":"a","amount":1}],"link":")" + link + "\"}");
        },
        authority().issue());
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1) << link;
    EXPECT_EQ(synced.of("rows", "error_code"), "paging_broken") << link << synced.out;
    EXPECT_EQ(plain().targets(), std::vector<std::string>{"/rows?limit=1"}) << link;
    // The query of a link may contain a token.
    EXPECT_EQ((synced.out + synced.err).find("planted-ticket"), std::string::npos);
  }
};

TEST_F(HostilePlain, next_link_to_other_host) {
  PlainBroker other([](std::string const&) { return answer_of(R"({"data":[]})"); },
                    authority().issue());
  std::string const port = std::to_string(other.port());
  expect_link_refused(other.url("localhost") + "/rows?cursor=planted-ticket");
  expect_link_refused("//localhost:" + port + "/rows?cursor=planted-ticket");
  expect_link_refused("https://127.0.0.1:" + port + "/rows?cursor=planted-ticket");
  expect_link_refused(plain().url("localhost") + "@localhost:" + port +
                      "/rows?cursor=planted-ticket");
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(HostilePlain, next_link_to_http) {
  PlainBroker other([](std::string const&) { return answer_of(R"({"data":[]})"); });
  expect_link_refused(other.url("localhost") + "/rows?cursor=planted-ticket");
  EXPECT_EQ(other.connections(), 0);
  // The same host and port, but without TLS.
  auto const same = "http://localhost:" + std::to_string(plain().port());
  int const before = plain().connections();
  EXPECT_GE(before, 1);
  page_yaml = "{type: link, size: 1, next: link}";
  expect_link_refused(same + "/rows?cursor=planted-ticket");
}

TEST_F(HostilePlain, tls_expired) {
  CertificateOptions wishes;
  wishes.from_days = -20;
  wishes.until_days = -5;
  expect_tls_refused(authority().issue(wishes), "expired on 20");
}

TEST_F(HostilePlain, tls_self_signed) {
  expect_tls_refused(self_signed(), "self-signed");
}

TEST_F(HostilePlain, tls_wrong_host) {
  CertificateOptions wishes;
  wishes.names = {"other.example"};
  expect_tls_refused(authority().issue(wishes), "for another host (other.example)");
}

// A whole answer, or the line break behind a body that is one byte too short in its Content-Length.
TEST_F(HostilePlain, bytes_behind_an_answer_answer_no_request) {
  auto const page = [](std::string const& target) {
    auto const number = std::stoi(parameter_of(target, "page"));
    std::vector<std::string> rows;
    for (int i = 2 * number; i < 2 * number + 2 && i < 11; ++i) {
      rows.push_back(R"({"id":")" + std::to_string(i) + R"(","amount":1,"currency":"USD"})");
    }
    return answer_of(list_of(rows));
  };
  page_yaml = "{type: page, limit: n, size: 2}";
  for (bool const tls : {true, false}) {
    for (auto const& behind :
         {answer_of(list_of({R"({"id":"forged","amount":1000000,"currency":"USD"})",
                             R"({"id":"forged too","amount":9,"currency":"USD"})"})),
          std::string("\n"), std::string("\r\n")}) {
      SCOPED_TRACE((tls ? "tls " : "plain ") + std::to_string(behind.size()));
      if (tls) {
        serve_tls(page, authority().issue());
      } else {
        source_yaml.clear();
        serve(page);
      }
      plain().send_behind(behind);
      auto const synced = sync();
      EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
      EXPECT_EQ(query("select count(*) || ' ' || sum(amount) from affsync.commission"), "9 9");
      renew_database();
    }
  }
}

TEST_F(HostilePlain, sql_in_every_field) {
  serve_rows({R"({"id":"harmless","client":"c","amount":1})"});
  ASSERT_EQ(sync().status, 0);
  // Every relation, column and row count that injected SQL could have changed.
  std::string const schema =
      "select md5(string_agg(c.oid::text || relname || relnatts, ',' order by c.oid)) from pg_class"
      " c join pg_namespace n on n.oid = relnamespace where nspname in ('affsync', 'reporting',"
      " 'public')";
  auto const before = query(schema);
  ASSERT_NE(before, "");
  std::vector<std::string> const attacks{
      "'; drop table affsync.commission; --",
      "'); delete from affsync.source; --",
      "\\'; drop schema affsync cascade; --",
      "$$; drop schema reporting cascade; --",
      "\"; drop table affsync.payout; --",
      "x' || (select current_user) || 'x",
      "\\\\.\\n\\N\\ncopy affsync.source from program 'false'",
      "$1 ${credentials.api_key} %s {} {0}",
      "/* */ union select usename, passwd from pg_shadow --",
  };
  auto const rows_with = [&](std::string const& lots) {
    std::vector<std::string> rows;
    for (auto const& attack : attacks) {
      std::string const text = Json::string(attack).dump();
      rows.push_back(R"({"id":)" + text + R"(,"client":)" + text + R"(,"account":)" + text +
                     R"(,"text":)" + text + R"(,"currency":)" + text + R"(,"amount":1,"lots":)" +
                     lots + "," + text + ":" + text + "}");
      // The same texts in place of a number and of a day: these rows are quarantined.
      rows.push_back(R"({"id":"aside )" + text.substr(1) + R"(,"amount":)" + text + "}");
      rows.push_back(R"({"id":"no day )" + text.substr(1) + R"(,"day":)" + text + "}");
    }
    return rows;
  };
  auto const count = static_cast<long>(attacks.size());
  for (auto const* lots : {"1", "2"}) {  // new rows, then changed ones
    serve_rows(rows_with(lots));
    auto const synced = sync();
    EXPECT_EQ(synced.count("rows", lots[0] == '1' ? "inserted" : "updated"), count) << synced.out;
    EXPECT_EQ(synced.count("rows", "quarantined"), 2 * count) << synced.out;
    for (auto const& attack : attacks) {
      auto const found = rows(
          "select client_ref, account, symbol, raw->>'id', raw->>'currency', amount + "
          "volume_lots from affsync.commission where external_id = " +
          sql_text(attack));
      ASSERT_EQ(found.size(), 1u) << attack;
      std::string const sum = lots[0] == '1' ? "2" : "3";
      EXPECT_EQ(found[0], (std::vector<std::string>{attack, attack, attack, attack, attack, sum}));
      EXPECT_EQ(query("select count(*) from affsync.quarantine where raw->>'amount' = " +
                      sql_text(attack)),
                "1")
          << attack;
    }
  }
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'update'"),
            std::to_string(count));
  EXPECT_EQ(query(schema), before);
  EXPECT_EQ(query("select count(*) from affsync.source"), "1");
  // Such rows are marked as deleted by their keys, like any others.
  serve_rows({R"({"id":"harmless","client":"c","amount":1})"});
  sync();
  sync();
  EXPECT_EQ(query(schema), before);
  EXPECT_EQ(query("select count(*) from affsync.commission"), std::to_string(count + 1));
  EXPECT_EQ(affsync({"status"}).status, 0);
  EXPECT_EQ(affsync({"report", "earnings", "--by", "currency"}).status, 0);
}

}  // namespace
}  // namespace affsync::test::hostile_test
