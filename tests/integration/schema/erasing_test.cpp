// What docs/schema.md says to erase one client with leaves nothing of him but his number and the
// money.
#include <fstream>
#include <iterator>

#include "tests/integration/schema/fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::schema::test::erasing_test {
namespace {

class Erasing : public StoreTest {
 protected:
  // Who has the row of a client, an account, commission, a rebate, and what was read of them
  // before.
  void put_client(std::string const& ref, std::string const& name) {
    auto const raw = [&](std::string const& more) {
      return R"({"id": ")" + ref + R"(", "who": ")" + name + R"(", "more": ")" + more + "\"}";
    };
    auto const put = [&](std::string const& stream, std::string_view table, TestRow row) {
      write(begin(stream), table, {std::move(row)});
    };
    for (std::string const revision : {"1", "2"}) {
      put("clients", "client",
          {ref,
           {{"client_ref", ref},
            {"name", name + revision},
            {"email", name + revision + "@x.example"}},
           raw(revision)});
      put("accounts", "trading_account",
          {ref + "-a", {{"client_ref", ref}, {"currency", "USD"}}, raw(revision)});
      put("rewards", "commission",
          {ref + "-c",
           {{"client_ref", ref},
            {"amount", "1" + revision},
            {"currency", "USD"},
            {"occurred_on", "2026-02-01"}},
           raw(revision)});
      put("rebates", "rebate",
          {ref + "-r",
           {{"client_ref", ref}, {"amount", revision}, {"currency", "USD"}},
           raw(revision)});
    }
    auto const id = std::to_string(source);
    sql(url,
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, first_received_at,"
        " external_id, reason, raw, fingerprint) SELECT " +
            id + ", 'rewards', 1, now(), now(), NULL, 'odd', '" + raw("q") + "', md5('" + ref +
            "')::uuid");
    sql(url,
        "INSERT INTO affsync.alert_message (receiver, kind, title, body, document, idempotency_key,"
        " created_at, not_before, sent_at) VALUES ('ops', 'opened', 'fell', 'client " +
            ref + " " + name + "', '{}', gen_random_uuid(), now(), now(), now())");
    for (char const* closed : {"now()", "NULL"}) {
      sql(url,
          "INSERT INTO affsync.alert (rule, cause, source_id, source, severity, opened_at, "
          "seen_at, changed_at,"
          " closed_at, title, text, remedy, judged_by) VALUES ('commission_lowered', '" +
              ref + closed + "', " + id + ", 'beta', 'urgent', now(), now(), now(), " + closed +
              ", 'fell', 'client " + ref + (closed[0] == 'n' ? " " + name : "") + "', '', '')");
    }
  }

  // Tables that have the word in any column.
  std::string tables_with(std::string const& word) {
    std::string found;
    for (auto const& row :
         rows("SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p')"
              " AND NOT c.relispartition AND c.relnamespace = 'affsync'::regnamespace"
              " ORDER BY 1::text")) {
      if (value("SELECT count(*) FROM affsync." + *row[0] + " t WHERE strpos(t::text, '" + word +
                "') > 0") != "0") {
        found += *row[0] + " ";
      }
    }
    return found;
  }
};

std::string documented() {
  std::ifstream in(affsync::test::in_source("docs/schema.md"));
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  auto const at = text.find("CREATE TEMP TABLE erased");
  return text.substr(at, text.find("```", at) - at);
}

TEST_F(Erasing, OfOneClientIsWhatTheDocumentationSays) {
  put_client("C-17", "Canary");
  put_client("C-18", "Robin");
  // Its number contains the other one.
  put_client("C-170", "Wren");
  auto const everywhere = tables_with("Robin");
  EXPECT_EQ(tables_with("Canary"), everywhere);
  EXPECT_EQ(
      everywhere,
      "alert alert_message client commission quarantine rebate record_change trading_account ");
  auto statements = documented();
  std::string const named = "name = 'main'";
  auto const name =
      value("SELECT name FROM affsync.source WHERE source_id = " + std::to_string(source));
  statements.replace(statements.find(named), named.size(), "name = '" + name + "'");
  pqxx::connection connection(url);
  pqxx::nontransaction(connection).exec(statements);
  EXPECT_EQ(tables_with("Canary"), "");
  EXPECT_EQ(tables_with("Robin"), everywhere);
  EXPECT_EQ(tables_with("Wren"),
            "client commission quarantine rebate record_change trading_account ");
  EXPECT_EQ(value("SELECT string_agg(client_ref || ' ' || amount, ', ' ORDER BY client_ref) FROM"
                  " affsync.commission"),
            "C-17 12, C-170 12, C-18 12");
  EXPECT_EQ(value("SELECT string_agg(cause, ' ' ORDER BY cause) FROM affsync.alert"),
            "C-170NULL C-17NULL C-18NULL C-18now()");
}

}  // namespace
}  // namespace affsync::schema::test::erasing_test
