// Rows that repeat a secret of the source: as a number, inside one, in a part of their key.
#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/engine/rows/mapping.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::quoted_secrets_test {
namespace {

std::shared_ptr<StreamPlan const> plan_with(std::string const& more = "") {
  auto const manifest = parse_manifest(
      "name: one\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /r\n    records: rows\n    key: id\n" +
          more + "    map: {amount: a, event: event}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

PageRead read(std::string const& rows, std::string const& secret, std::string const& more = "") {
  ReaderStart start;
  start.now = at("2026-10-15");
  StreamReader reader(plan_with(more), start);
  reader.next_request();
  Answer answer;
  answer.body = parse_json("{\"rows\":[" + rows + "]}").value();
  auto const secrets = std::make_shared<Redactor>();
  secrets->add(Secret(secret));
  answer.secrets = secrets;
  return reader.on_answer(answer, start.now).value();
}

std::string raw(std::string const& row, std::string const& secret, std::string const& more = "") {
  return std::string(read(row, secret, more).batches.at(0).raw(0));
}

TEST(QuotedSecretsOfRows, ANumberBecomesATextAndTheRowStaysJson) {
  EXPECT_EQ(raw(R"({"id":1,"partner":4711471147,"a":2.50})", "4711471147"),
            R"({"id":1,"partner":"***","a":2.50})");
  EXPECT_EQ(raw(R"({"id":1,"deep":[{"n":1047114711473}],"a":2.50})", "4711471147"),
            R"({"id":1,"deep":[{"n":"10***3"}],"a":2.50})");
  EXPECT_EQ(raw(R"({"id":1,"4711471147":true,"a":1,"b":"b 4711471147","c":"4711"})", "4711471147"),
            R"({"id":1,"***":true,"a":1,"b":"b ***","c":"4711"})");
  EXPECT_EQ(raw(R"({"id":1,"q":"x \"quoted\" y","a":1e3})", "\"quoted\""),
            R"({"id":1,"q":"x *** y","a":1e3})");
}

TEST(QuotedSecretsOfRows, AnUnchangedRowStaysUnchanged) {
  std::string const row = R"({"id":1,"partner":4711471147,"at":1,"a":2.50})";
  auto const volatile_field = "    volatile: [at]\n";
  auto const one = read(row, "4711471147", volatile_field);
  auto const two =
      read(R"({"id":1,"partner":4711471147,"at":2,"a":2.50})", "4711471147", volatile_field);
  EXPECT_EQ(one.batches.at(0).hash(0).high, two.batches.at(0).hash(0).high);
}

TEST(QuotedSecretsOfRows, AKeyHasNoSecretAndTwoRowsStayTwo) {
  auto const page = read(R"({"id":"https://x.example/t?api_key=SECRETKEY1&c=5","a":1},)"
                         R"({"id":"https://x.example/t?api_key=SECRETKEY1&c=6","a":2},)"
                         R"({"id":"https://x.example/t?api_key=SECRETKEY1&c=7","a":"many"})",
                         "SECRETKEY1");
  auto const& batch = page.batches.at(0);
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(std::string(batch.external_id(0)), "https://x.example/t?api_key=***&c=5");
  EXPECT_EQ(std::string(batch.external_id(1)), "https://x.example/t?api_key=***&c=6");
  ASSERT_EQ(page.quarantined.size(), 1U);
  EXPECT_EQ(page.quarantined.front().external_id, "https://x.example/t?api_key=***&c=7");
  // From the stored row a retry makes the same key.
  auto const plan = plan_with();
  std::string reason;
  auto const stored = parse_json(batch.raw(0)).value();
  EXPECT_EQ(RowMapper(*plan, plan->spec->map).key_of(stored, reason),
            std::string(batch.external_id(0)));
  // What the pass has seen are the keys that are stored.
  auto const& seen = page.slice_end->seen_keys;
  EXPECT_TRUE(std::ranges::binary_search(seen, hash_key(std::string(batch.external_id(0)))));
}

}  // namespace
}  // namespace affsync::engine::quoted_secrets_test
