// Searches for planted credentials in everything that leaves the program: the output of each
// command, the daemon's log, what it serves, its command line, and every row of the database.
#include <fstream>
#include <iterator>

#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/http_get.hpp"

namespace affsync::test::secrets_test {
namespace {

struct Planted {
  char const* connector;
  char const* credentials;  // YAML; the secrets come from the environment
  std::vector<std::string> secrets;
  std::vector<std::string> broker;  // sandbox options that set these credentials
  bool logs_in;
};

// Texts that JSON, URLs and YAML each encode differently.
std::string const word = "planted-p\u00e4ssword \"7\"";  // the fixture's password
std::string const key = "planted-key/+=%41";

Planted const planted[] = {
    {"exness",
     "{login: planted-me@example.com, password: \"${PLANTED_WORD}\"}",
     {word},
     {"--login", "planted-me@example.com"},
     true},
    {"wintrado",
     "{username: planted-me@example.com, password: \"${PLANTED_WORD}\"}",
     {word},
     {"--broker", "wintrado", "--login", "planted-me@example.com", "--rows", "60"},
     true},
    {"iexexchanger",
     "{api_key: \"${PLANTED_KEY}\"}",
     {key},
     {"--broker", "iexexchanger", "--rows", "60", "--api-key", key},
     false},
    {"iexexchanger_v3",
     "{api_key: \"${PLANTED_KEY}\", hmac_secret: \"${PLANTED_WORD}\"}",
     {key, word},
     {"--broker", "iexexchanger_v3", "--rows", "60", "--api-key", key, "--hmac-secret", word},
     false},
};

std::string escaped(std::string const& text) {
  std::string out;
  append_json_string(out, text);
  return out.substr(1, out.size() - 2);
}

std::string percent_encoded(std::string const& text) {
  std::string out;
  for (unsigned char const c : text) {
    char const* const digits = "0123456789ABCDEF";
    if (std::isalnum(c) != 0) {
      out += static_cast<char>(c);
    } else {
      out.append({'%', digits[c >> 4], digits[c & 15]});
    }
  }
  return out;
}

class Secrets : public Acceptance, public testing::WithParamInterface<Planted> {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    connector = GetParam().connector;
    credentials_yaml = GetParam().credentials;
    environment["PLANTED_WORD"] = word;
    environment["PLANTED_KEY"] = key;
  }

  void note(Finished const& finished) { seen_ += finished.out + finished.err; }

  void run_every_command() {
    note(affsync({"-v", "check"}));
    note(affsync({"-v", "sync"}));
    auto const stream = query("select stream from affsync.sync_run order by run_id limit 1");
    note(affsync({"-v", "inspect", "main", stream}));
    note(affsync({"status"}));
    note(affsync({"status", "--output", "json"}));
    note(affsync({"report", "earnings", "--output", "json"}));
    note(affsync({"connectors", connector}));
    note(affsync({"migrate"}));
  }

  void run_the_daemon() {
    auto text = config_text();
    text.replace(text.find("\"off\""), 5, "127.0.0.1:0");
    dir_.write("affsync.yaml", text);
    auto const process = start({"-v", "run"});
    process->wait_for_err("run succeeded");
    auto const log = process->err();
    auto const at = log.find("listen=") + 7;
    auto const address = "http://" + log.substr(at, log.find_first_of(" \n", at) - at);
    for (auto const* path :
         {"/", "/metrics", "/readyz", "/healthz", "/api/status", "/api/earnings"}) {
      auto const answer = http_get(address + path);
      EXPECT_NE(answer.body, "") << path;
      seen_ += answer.body;
    }
    std::ifstream command_line("/proc/" + std::to_string(process->pid()) + "/cmdline");
    seen_ += std::string(std::istreambuf_iterator<char>(command_line), {});
    EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
    seen_ += process->out() + process->err();
    configure();
  }

  // Searches every cell of both schemas; `text` is a constant of this file or came from the
  // sandbox.
  void search_the_database(std::string const& text) {
    auto const tables = rows(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables"
        " where table_schema in ('affsync', 'reporting')");
    ASSERT_GT(tables.size(), 20u);
    for (auto const& table : tables) {
      EXPECT_EQ(query("select count(*) from " + table[0] + " t where strpos(t::text, $planted$" +
                      text + "$planted$) > 0"),
                "0")
          << text << " in " << table[0];
    }
  }

  std::string seen_;
};

TEST_P(Secrets, secrets_never_printed) {
  ASSERT_EQ(word, password);
  start_broker(GetParam().broker);
  run_every_command();
  run_the_daemon();
  // A broker that quotes the secrets it was sent, in each encoding: in an error of the list, in an
  // error of the login, and in a row.
  for (auto const& secret : GetParam().secrets) {
    for (auto const* status : {"401", "403", "400", "500"}) {
      broker().fault("status:body=json,next=1,code=" + std::string(status) + ",message=" +
                     percent_encoded("you sent " + secret + " or " + percent_encoded(secret)));
      note(affsync({"-v", "sync"}));
      broker().clear_faults();
    }
  }
  if (GetParam().logs_in) broker().fault("expire_token:every=1");
  note(affsync({"-v", "sync"}));
  broker().clear_faults();
  environment["PLANTED_WORD"] = environment["PLANTED_KEY"] = "planted-wrong";
  note(affsync({"-v", "sync"}));
  note(affsync({"-v", "check"}));

  ASSERT_GT(seen_.size(), 4000u);
  ASSERT_NE(query("select count(*) from affsync.sync_run where error is not null"), "0");
  for (auto const& secret : GetParam().secrets) {
    for (auto const& spelling : {secret, escaped(secret), percent_encoded(secret)}) {
      auto const at = seen_.find(spelling);
      EXPECT_EQ(at, std::string::npos) << seen_.substr(at < 300 ? 0 : at - 300, 600);
      search_the_database(spelling);
    }
  }
  for (auto const* part : {"planted-p", "planted-key", "eyJ"}) {  // tokens begin with "eyJ"
    auto const at = seen_.find(part);
    EXPECT_EQ(at, std::string::npos)
        << part << " in " << seen_.substr(at < 300 ? 0 : at - 300, 600);
    search_the_database(part);
  }
}

// Test output shows the name instead of the bytes.
void PrintTo(Planted const& one, std::ostream* out) {
  *out << one.connector;
}

// A broker that repeats the key in its links and cursors, in rows, and in rows that do not map.
class QuotedSecrets : public PlainAcceptance {
 protected:
  // {"t":"<the key>","o":2}, encoded with another program.
  static constexpr auto in_base64 = "eyJ0IjoicGxhbnRlZC1rZXkvKz0lNDEiLCJvIjoyfQ==";

  void run(std::string const& first_page, std::string const& second_target) {
    bool broken = true;
    serve([&, first_page](std::string const& target) {
      if (target.find(second_target) == std::string::npos) return answer_of(first_page);
      if (!broken) return answer_of(list_of({row("3", "3")}));
      return std::string("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}");
    });
    credentials_yaml = "{api_key: \"${PLANTED_KEY}\"}";
    environment["PLANTED_KEY"] = key;
    configure();
    std::string seen;
    for (auto const& command : {std::vector<std::string>{"-v", "sync"},
                                {"-v", "check"},
                                {"-v", "inspect", "main", "rows"},
                                {"status", "--output", "json"}}) {
      auto const done = affsync(command);
      seen += done.out + done.err;
    }
    ASSERT_NE(query("select count(*) from affsync.sync_run where error is not null"), "0");
    ASSERT_NE(query("select count(*) from affsync.quarantine"), "0");
    search(seen);
    broken = false;
    auto const again = sync();
    // A list that starts from the beginning meets the row that does not map again.
    EXPECT_NE(again.of("rows", "status"), "failed") << again.out;
    EXPECT_EQ(query("select count(*) from affsync.commission"), "2");
    search(again.out);
  }

  static std::string row(std::string const& id, std::string const& amount) {
    return R"({"id":")" + id + R"(","amount":")" + amount +
           R"(","currency":"USD","day":"2026-03-01",)" + R"("echo":")" + escaped(key) +
           R"(","echo2":")" + percent_encoded(key) + "\"}";
  }

  void search(std::string const& seen) const {
    for (auto const& spelling :
         {key, escaped(key), percent_encoded(key), percent_encoded(percent_encoded(key)),
          std::string("GxhbnRlZC1rZXkvKz0lND"), std::string("planted-key")}) {
      auto const at = seen.find(spelling);
      EXPECT_EQ(at, std::string::npos) << seen.substr(at < 300 ? 0 : at - 300, 600);
      for (auto const& table :
           rows("select format('%I.%I', table_schema, table_name) from information_schema.tables"
                " where table_schema in ('affsync', 'reporting')")) {
        EXPECT_EQ(query("select count(*) from " + table[0] + " t where strpos(t::text, $planted$" +
                        spelling + "$planted$) > 0"),
                  "0")
            << spelling << " in " << table[0];
      }
    }
  }
};

TEST_F(QuotedSecrets, a_link_is_followed_and_stored_without_the_key) {
  page_yaml = "{type: link, next: next}";
  run(R"({"next":"/rows?page=2&access_token=)" + percent_encoded(key) + R"(","data":[)" +
          row("1", "1") + "," + row("2", "many " + escaped(key)) + "]}",
      "page=2");
  // The pass resumed at page 2: page 1 is not requested again.
  EXPECT_EQ(plain().targets().back(), "/rows?page=2");
}

// The broker repeats the number of the account, which is a credential, in each row.
TEST_F(QuotedSecrets, a_number_and_a_part_of_the_key_are_stored_without_it) {
  environment["PLANTED_KEY"] = "4711471147";
  serve_rows({R"({"id":"https://x.example/t?k=4711471147&c=5","amount":"1.50","currency":"USD",)"
              R"("partner":4711471147})",
              R"({"id":"https://x.example/t?k=4711471147&c=6","amount":"2.50","currency":"USD",)"
              R"("partner":4711471147})"});
  credentials_yaml = "{api_key: \"${PLANTED_KEY}\"}";
  configure();
  EXPECT_EQ(sync().count("rows", "inserted"), 2);
  EXPECT_EQ(query("select string_agg(external_id || ' ' || (raw->>'partner'), ' ' order by 1)"
                  " from affsync.commission"),
            "https://x.example/t?k=***&c=5 *** https://x.example/t?k=***&c=6 ***");
  auto const again = sync();
  EXPECT_EQ(again.count("rows", "inserted") + again.count("rows", "updated"), 0) << again.out;
}

TEST_F(QuotedSecrets, inspect_shows_no_key_that_is_the_name_of_a_field) {
  serve_rows({R"({"id":"r1","amount":"1.50","currency":"USD","planted-key":"x"})"});
  auto const shown = affsync({"inspect", "main", "rows"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find("Fields that no mapping reads"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("planted-key"), std::string::npos) << shown.out;
}

TEST_F(QuotedSecrets, a_cursor_that_holds_the_key_is_not_stored) {
  page_yaml = "{type: cursor, next: next}";
  run(R"({"next":")" + std::string(in_base64) + R"(","data":[)" + row("1", "1") + "," +
          row("2", "many " + escaped(key)) + "]}",
      "cursor=");
}

INSTANTIATE_TEST_SUITE_P(Of, Secrets, testing::ValuesIn(planted),
                         [](auto const& which) { return std::string(which.param.connector); });

}  // namespace
}  // namespace affsync::test::secrets_test
