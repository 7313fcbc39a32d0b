// What the daemon serves: every answer is as docs/openapi.yaml describes it, and only for those who
// may read it.
#include <fstream>
#include <pqxx/pqxx>
#include <set>

#include "base/clock.hpp"
#include "base/yaml/node.hpp"
#include "tests/acceptance/fixture.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::test::http_test {
namespace {

constexpr char const* token = "planted-0123456789";

// A YAML document as JSON; numbers and words without quotes stay text.
Json to_json(yaml::Node const& node) {
  if (node.is_null()) return {};
  if (node.is_scalar()) return Json::string(node.text());
  if (node.is_sequence()) {
    Json::Array items;
    for (auto const& item : node.items()) items.push_back(to_json(item));
    return Json::array(std::move(items));
  }
  Json::Object members;
  for (auto const& [name, value] : node.members()) members.push_back({name, to_json(value)});
  return Json::object(std::move(members));
}

std::string text_of(Json const* value) {
  return value == nullptr ? "" : std::string(value->scalar_text().value_or("null"));
}

// Compares answers with schemas, as far as JSON Schema is used in the description.
class Description {
 public:
  explicit Description(std::string const& text)
      : whole_(to_json(yaml::Node::parse(text, "openapi.yaml"))) {}

  Json const& paths() const { return *whole_.find("paths"); }
  Json const& schemas() const { return *whole_.find("components")->find("schemas"); }

  Json const& resolved(Json const& schema) const {
    auto const* reference = schema.find("$ref");
    if (reference == nullptr) return schema;
    auto const* found = &whole_;
    auto rest = std::string_view(reference->as_string()).substr(2);
    while (!rest.empty() && found != nullptr) {
      auto const slash = std::min(rest.find('/'), rest.size());
      found = found->find(rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    if (found == nullptr) throw std::runtime_error("no " + reference->as_string());
    return resolved(*found);
  }

  // Returns what is wrong with the value; empty if it fits.
  std::vector<std::string> flaws(Json const& value, Json const& its_schema,
                                 std::string const& where) const {
    auto const& schema = resolved(its_schema);
    if (auto const* choices = schema.find("oneOf")) {
      std::vector<std::string> all;
      for (auto const& choice : choices->items()) {
        auto const of_it = flaws(value, choice, where);
        if (of_it.empty()) return {};
        all.insert(all.end(), of_it.begin(), of_it.end());
      }
      return all;
    }
    if (auto const* words = schema.find("enum")) {
      for (auto const& word : words->items()) {
        if (word.is_null() ? value.is_null()
                           : value.is_string() && word.as_string() == value.as_string()) {
          return {};
        }
      }
      return {where + ": " + value.dump() + " is none of the words"};
    }
    if (!has_type(value, schema.find("type"))) return {where + ": " + value.dump().substr(0, 80)};
    std::vector<std::string> all;
    auto const add = [&](std::vector<std::string> const& more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    if (value.is_string() && !has_format(value.as_string(), text_of(schema.find("format")))) {
      all.push_back(where + ": " + value.dump() + " is no " + text_of(schema.find("format")));
    }
    if (value.is_array()) {
      for (auto const& item : value.items()) add(flaws(item, *schema.find("items"), where + "[]"));
    }
    if (value.is_object()) {
      auto const* properties = schema.find("properties");
      for (auto const& member : value.members()) {
        auto const* property = properties == nullptr ? nullptr : properties->find(member.name);
        if (property != nullptr) {
          add(flaws(member.value, *property, where + "." + member.name));
        } else if (text_of(schema.find("additionalProperties")) == "false") {
          all.push_back(where + "." + member.name + ": not described");
        }
      }
      if (auto const* required = schema.find("required")) {
        for (auto const& name : required->items()) {
          if (value.find(name.as_string()) == nullptr) {
            all.push_back(where + "." + name.as_string() + ": missing");
          }
        }
      }
    }
    return all;
  }

 private:
  static bool has_type(Json const& value, Json const* types) {
    if (types == nullptr) return true;
    auto const is = [&](std::string const& type) {
      if (type == "null") return value.is_null();
      if (type == "string") return value.is_string();
      if (type == "integer") {
        return value.is_number() && value.number_text().find_first_of(".eE") == std::string::npos;
      }
      if (type == "boolean") return value.kind() == Json::Kind::boolean;
      if (type == "array") return value.is_array();
      return type == "object" && value.is_object();
    };
    if (types->is_string()) return is(types->as_string());
    for (auto const& type : types->items()) {
      if (is(type.is_null() ? "null" : type.as_string())) return true;
    }
    return false;
  }

  static bool has_format(std::string const& text, std::string const& format) {
    if (format == "date") return parse_day(text).has_value();
    if (format == "date-time") {
      return text.size() >= 20 && parse_day(text.substr(0, 10)) && text[10] == 'T' &&
             text.back() == 'Z';
    }
    if (format == "decimal") {
      return !text.empty() && text.find_first_not_of("0123456789.-") == std::string::npos;
    }
    return true;
  }

  Json whole_;
};

class Http : public Acceptance {
 protected:
  // In place of the commission that there is: 10 today, 100 tomorrow, 1000 on the first of the next
  // month.
  void put_rows_ahead(std::string const& currency) const {
    execute("UPDATE affsync.commission SET deleted_at = now() WHERE deleted_at IS NULL");
    execute(
        "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, "
        "first_seen_at,"
        " changed_at, revision, run_id, amount, currency, grain, occurred_on, raw)"
        " SELECT s.source_id, s.stream, 'day' || n, md5(n::text)::uuid, now(), now(), 1, 1,"
        " power(10, n), '" +
        currency +
        "', 'event', d, '{}'"
        " FROM (SELECT source_id, stream FROM affsync.stream WHERE record_table = 'commission'"
        " AND in_reports LIMIT 1) s,"
        " (SELECT (now() AT TIME ZONE 'UTC')::date AS t) today,"
        " unnest(ARRAY[t, t + 1,"
        " (date_trunc('month', t) + interval '1 month')::date]) WITH ORDINALITY AS x(d, n)");
  }

  // Starts the daemon with these settings of `http` and returns its address.
  std::string serve(std::string const& settings = {}) {
    auto text = config_text();
    text.replace(text.find("{listen: \"off\"}"), 15, "{listen: \"127.0.0.1:0\"" + settings + "}");
    dir_.write("affsync.yaml", text);
    process_ = start({"run"});
    process_->wait_for_err("started");
    auto const log = process_->err();
    auto const at = log.find("listen=") + 7;
    return "http://" + log.substr(at, log.find_first_of(" \n", at) - at);
  }
  void TearDown() override {
    if (process_) {
      EXPECT_EQ(process_->stop(), 0) << process_->err();
    }
    Acceptance::TearDown();
  }

  // Ends all connections to the database of the test, and lets in no others.
  void close_database() const {
    auto url = database_url();
    url.replace(url.rfind(database_), database_.size(), "postgres");
    pqxx::connection server(url);
    pqxx::nontransaction tx(server);
    tx.exec("ALTER DATABASE " + database_ + " ALLOW_CONNECTIONS false");
    tx.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database_ +
            "'");
  }

  std::unique_ptr<Process> process_;
};

std::string described_text() {
  std::ifstream in(in_source("docs/openapi.yaml"));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST_F(Http, every_answer_is_as_it_is_described) {
  connector = "wintrado";
  credentials_yaml = "{username: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}";
  start_broker({"--broker", "wintrado"});
  sync();
  // Something taken back, something in quarantine, a total that differs, a run that failed.
  http_post(broker().url() + "/sandbox/control?do=pay&feed=ledger&rows=6", "");
  http_post(broker().url() + "/sandbox/control?do=correct&feed=ledger&rows=3&seed=7", "");
  sync({"--full"});
  execute(
      "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, reason, raw, "
      "fingerprint)"
      " SELECT source_id, stream, 1, now(), 'planted <b>', '{}', gen_random_uuid()"
      " FROM affsync.stream WHERE stream = 'commissions'");
  execute(
      "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, broker_value, "
      "our_value,"
      " difference, matched, compared_at, differs_since)"
      " SELECT source_id, 1, stream, 'rows', 2, 1, -1, false, now(), now() FROM affsync.stream"
      " WHERE stream = 'commissions'");
  auto const address = serve();
  process_->wait_for_err("main/commissions: ");

  auto const text = described_text();
  EXPECT_EQ(http_get(address + "/api/openapi.yaml").body, text);
  Description const description(text);
  std::set<std::string> asked;
  for (auto const& [path, item] : description.paths().members()) {
    auto target = path;
    for (auto const& [name, value] :
         {std::pair<std::string, std::string>{"{source}", "main"}, {"{stream}", "commissions"}}) {
      if (auto const at = target.find(name); at != std::string::npos) {
        target.replace(at, name.size(), value);
      }
    }
    auto const answer = http_get(address + target);
    asked.insert(target);
    auto const* described =
        item.find("get")->find("responses")->find(std::to_string(answer.status));
    ASSERT_NE(described, nullptr) << target << " " << answer.status << " " << answer.body;
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    auto const* content = description.resolved(*described).find("content");
    auto const type = answer.header("content-type");
    auto const* schema = content->find(type.substr(0, type.find(';')));
    ASSERT_NE(schema, nullptr) << target << " " << type;
    if (type != "application/json") continue;
    auto const document = parse_json(answer.body);
    ASSERT_TRUE(document) << target;
    for (auto const& flaw : description.flaws(*document, *schema->find("schema"), target)) {
      ADD_FAILURE() << flaw;
    }
  }
  // The sections have something to compare.
  auto const overview = parse_json(http_get(address + "/api/overview").body).value();
  for (auto const* path :
       {"earnings.rows.0", "earnings.days.0", "balances.rows.0", "unpaid.rows.0", "payouts.open.0",
        "taken_back.rows.0", "taken_back.latest.0", "attention.0", "sources.0"}) {
    EXPECT_NE(JsonPath(path).in(overview), nullptr) << path;
  }
  EXPECT_NE(http_get(address + "/").body.find("1 row: planted &lt;b&gt;"), std::string::npos);

  // The errors too.
  for (auto const& [target, status] : {std::pair<std::string, int>{"/api/earnings?by=colour", 400},
                                       {"/api/sources/main/commissions?before=x", 400}}) {
    auto const answer = http_get(address + target);
    EXPECT_EQ(answer.status, status) << target;
    for (auto const& flaw : description.flaws(parse_json(answer.body).value(),
                                              *description.schemas().find("Failure"), target)) {
      ADD_FAILURE() << flaw;
    }
  }
  for (auto const* by : {"month", "day", "source", "client", "link", "currency", "kind"}) {
    auto const answer = http_get(address + "/api/earnings?by=" + by);
    for (auto const& flaw : description.flaws(parse_json(answer.body).value(),
                                              *description.schemas().find("Report"), by)) {
      ADD_FAILURE() << flaw;
    }
  }
  EXPECT_EQ(http_get(address + "/api/sources/nobody").status, 404);
}

TEST_F(Http, earnings_say_what_they_leave_out_as_the_command_does) {
  connector = "wintrado";
  credentials_yaml = "{username: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}";
  start_broker({"--broker", "wintrado"});
  sync();
  execute(
      "UPDATE affsync.commission SET grain = 'lifetime', occurred_on = NULL, occurred_at = NULL,"
      " occurred_to = NULL WHERE external_id = (SELECT min(external_id) FROM affsync.commission)");
  auto const address = serve();
  auto const shown = affsync({"report", "earnings", "--output", "json"}).out;
  EXPECT_NE(shown.find("1 running total counts by its recorded growth only"), std::string::npos)
      << shown;
  EXPECT_EQ(http_get(address + "/api/earnings").body, shown);
}

// A broker whose day begins before that of UTC has rows of tomorrow in the evening.
TEST_F(Http, rows_of_tomorrow_and_of_the_next_month_are_not_of_today) {
  start_broker();
  sync();
  put_rows_ahead("USD");
  auto const overview = parse_json(http_get(serve() + "/api/overview").body).value();
  auto const row = [&](char const* name) {
    return std::string(
        JsonPath(std::string("earnings.rows.0.") + name).in(overview)->scalar_text().value_or(""));
  };
  EXPECT_EQ(row("today"), "10");
  EXPECT_EQ(row("today_usd"), "10");
  auto const last_of_month = query(
      "SELECT date_trunc('month', t + 1) > date_trunc('month', t)"
      " FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS t) today");
  EXPECT_EQ(row("this_month"), last_of_month == "t" ? "10" : "110");
  EXPECT_EQ(row("this_month_usd"), last_of_month == "t" ? "10" : "110");
}

TEST_F(Http, rows_of_the_next_month_are_not_among_those_without_a_rate) {
  start_broker();
  sync();
  put_rows_ahead("XTS");
  auto const overview = parse_json(http_get(serve() + "/api/overview").body).value();
  auto const last_of_month = query(
      "SELECT date_trunc('month', t + 1) > date_trunc('month', t)"
      " FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS t) today");
  EXPECT_EQ(JsonPath("earnings.total.rows_without_usd").in(overview)->scalar_text(),
            last_of_month == "t" ? "1" : "2");
}

// What is not described could not be missed: each object lists all of its members, with a text
// each.
TEST(HttpDescription, describes_each_member) {
  Description const description(described_text());
  for (auto const& [name, schema] : description.schemas().members()) {
    EXPECT_NE(text_of(schema.find("description")), "") << name;
    if (name == "ReportRow") continue;
    EXPECT_EQ(text_of(schema.find("additionalProperties")), "false") << name;
    for (auto const& [member, its_schema] : schema.find("properties")->members()) {
      EXPECT_NE(text_of(its_schema.find("description")), "") << name << "." << member;
    }
  }
}

TEST_F(Http, the_token_is_asked_for_everywhere_but_for_health) {
  start_broker();
  auto const address = serve(std::string(", token: \"") + token + "\"");
  HttpFields const with{{"Authorization", std::string("Bearer ") + token}};
  for (auto const* path : {"/", "/api/status", "/api/overview", "/api/earnings", "/metrics",
                           "/connectors", "/api/openapi.yaml"}) {
    EXPECT_EQ(http_get(address + path).status, 401) << path;
    EXPECT_EQ(http_get(address + path, with).status, 200) << path;
    EXPECT_EQ(http_get(address + path, {{"Authorization", "Bearer planted-9876543210"}}).status,
              401)
        << path;
  }
  EXPECT_EQ(http_get(address + "/healthz").status, 200);
  auto const ready = http_get(address + "/readyz").body;
  EXPECT_EQ(ready.find("reasons"), std::string::npos) << ready;
  EXPECT_NE(http_get(address + "/readyz", with).body.find("reasons"), std::string::npos);

  auto const signed_in =
      http_request("POST", address + "/login", std::string("to=/&token=") + token,
                   {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(signed_in.status, 303) << signed_in.body;
  auto const cookie = signed_in.header("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(http_get(address + "/", {{"Cookie", cookie.substr(0, cookie.find(';'))}}).status, 200);
  EXPECT_EQ(http_request("POST", address + "/login", "token=wrong", {}).status, 401);
  EXPECT_EQ(http_request("POST", address + "/login", std::string(5000, 'x'), {}).status, 413);
  EXPECT_EQ((process_->out() + process_->err()).find(token), std::string::npos);
}

// The leaked token and what was opened with it are worth nothing after a reload.
TEST_F(Http, another_token_holds_from_a_reload_on) {
  start_broker();
  auto const address = serve(std::string(", token: \"") + token + "\"");
  auto const ask = [&](std::string const& given) {
    return http_get(address + "/api/status", {{"Authorization", "Bearer " + given}}).status;
  };
  auto const cookie = http_request("POST", address + "/login", std::string("to=/&token=") + token,
                                   {{"Content-Type", "application/x-www-form-urlencoded"}})
                          .header("set-cookie");
  HttpFields const session{{"Cookie", cookie.substr(0, cookie.find(';'))}};
  EXPECT_EQ(ask(token), 200);
  EXPECT_EQ(http_get(address + "/", session).status, 200);
  auto text = config_text();
  std::string const other = "another-0123456789";
  text.replace(text.find(token), std::string(token).size(), other);
  dir_.write("affsync.yaml", text);
  process_->signal(SIGHUP);
  process_->wait_for_err("configuration reloaded");
  EXPECT_EQ(ask(token), 401);
  EXPECT_EQ(http_get(address + "/", session).status, 401);
  EXPECT_EQ(ask(other), 200);
  EXPECT_EQ(process_->stop(), 0);
  EXPECT_EQ(process_->err().find("restart affsync"), std::string::npos) << process_->err();
}

TEST_F(Http, guessing_the_token_is_held_off_told_once_and_counted) {
  start_broker();
  auto const address = serve(std::string(", token: \"") + token + "\"");
  auto const ask = [&](std::string const& given, std::string const& from) {
    return http_get(address + "/metrics",
                    {{"Authorization", "Bearer " + given}, {"X-Forwarded-For", from}});
  };
  int guesses = 0;
  HttpAnswer answer;
  do {
    answer = ask("planted-wrong-" + std::to_string(++guesses), "192.0.2.7");
  } while (answer.status == 401);
  EXPECT_GE(guesses, 6);
  EXPECT_EQ(answer.status, 429);
  EXPECT_GE(std::stoi(answer.header("retry-after")), 1);
  auto const metrics = ask(token, "192.0.2.8");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("affsync_http_tokens_refused_total{reason=\"wrong\"} " +
                              std::to_string(guesses - 1) + "\n"),
            std::string::npos);
  EXPECT_NE(metrics.body.find("affsync_http_tokens_refused_total{reason=\"too_many\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(process_->stop(), 0);
  auto const log = process_->err();
  auto const told = log.find("several wrong tokens");
  ASSERT_NE(told, std::string::npos) << log;
  EXPECT_EQ(log.find("several wrong tokens", told + 1), std::string::npos) << log;
  EXPECT_NE(log.find("192.0.2.7", told), std::string::npos) << log;
  EXPECT_EQ(log.find("planted"), std::string::npos) << log;
}

TEST_F(Http, an_address_that_others_reach_is_refused_without_a_token) {
  start_broker();
  auto text = config_text();
  text.replace(text.find("{listen: \"off\"}"), 15, "{listen: \"0.0.0.0:0\"}");
  dir_.write("affsync.yaml", text);
  auto const refused = affsync({"run"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("affsync.yaml:"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("there is no http.token"), std::string::npos) << refused.err;
}

TEST_F(Http, without_the_database_the_page_shows_what_was_known) {
  start_broker();
  sync();
  auto const address = serve();
  auto const before = http_get(address + "/api/overview").body;
  ASSERT_NE(before.find("\"problem\":null"), std::string::npos);
  close_database();
  auto const page = http_get(address + "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("The database does not answer"), std::string::npos);
  EXPECT_NE(page.body.find("Below is what was known"), std::string::npos);
  EXPECT_NE(page.body.find("main"), std::string::npos);
  EXPECT_EQ(http_get(address + "/api/status").status, 503);
  auto const after = parse_json(http_get(address + "/api/overview").body).value();
  EXPECT_NE(JsonPath("sources.0").in(after), nullptr);
  EXPECT_FALSE(JsonPath("problem").in(after)->is_null());
}

}  // namespace
}  // namespace affsync::test::http_test
