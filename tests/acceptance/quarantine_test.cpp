// Quarantined rows: grouped by reason, mapped again after the connector is fixed, accepted.
#include <condition_variable>
#include <mutex>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::quarantine_test {
namespace {

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

constexpr auto head = R"(name: plain
title: A list of the tests' own
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    page: {type: none}
    key: id
    map:
      client_ref: client
      currency: {const: USD}
)";

std::string connector_with(std::string const& mapping) {
  return std::string(head) + "      " + mapping + "\n";
}

class Quarantine : public PlainAcceptance {
 protected:
  // Three rows whose amount is a word; the numeric amount is in another field.
  void read_bad_rows() {
    serve_rows({R"({"id":1,"client":"c1","amount":"1.50","sum":"1.50"})",
                R"({"id":2,"client":"c2","amount":"two","sum":"2.25"})",
                R"({"id":3,"client":"c3","amount":"three","sum":"3.125"})",
                R"({"id":4,"client":"c4","amount":"four","sum":"none"})"});
    use_connector("plain", connector_with("amount: amount"));
    configure();
    sync();
    ASSERT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "3");
  }
  void fix_connector() {
    use_connector("plain", connector_with("amount: sum"));
    configure();
    plain().forget_requests();
  }
  Json listed(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "quarantine");
    arguments.insert(arguments.end(), {"--output", "json"});
    auto const printed = affsync(arguments);
    EXPECT_EQ(printed.status, 0) << printed.err;
    auto json = parse_json(printed.out);
    return json ? *json : Json();
  }
  std::string id_of(std::string const& key) {
    return query("select quarantine_id from affsync.quarantine where external_id = '" + key + "'");
  }
};

TEST_F(Quarantine, is_listed_by_reasons_with_an_example) {
  read_bad_rows();
  auto const json = listed();
  auto const* groups = json.find("groups");
  ASSERT_NE(groups, nullptr);
  // Reasons that differ only in the value form one group.
  ASSERT_EQ(groups->items().size(), 1u);
  auto const& group = groups->items().front();
  EXPECT_EQ(group.find("source")->as_string(), "main");
  EXPECT_EQ(group.find("stream")->as_string(), "rows");
  EXPECT_EQ(group.find("rows")->number_text(), "3");
  EXPECT_TRUE(has(group.find("reason")->as_string(), "amount")) << group.dump();
  EXPECT_TRUE(group.find("first_received_at")->is_string());
  EXPECT_TRUE(group.find("last_received_at")->is_string());
  auto const* example = group.find("example");
  ASSERT_NE(example, nullptr);
  EXPECT_TRUE(example->find("raw")->is_object()) << group.dump();
  execute(
      "insert into affsync.source (name, connector, base_url, hash_salt)"
      " values ('empty', 'own', 'http://broker.example', 'x')");
  EXPECT_EQ(listed({"--source", "empty"}).find("groups")->items().size(), 0u);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where first_received_at is null"), "0");

  auto const table = affsync({"quarantine"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_TRUE(has(table.out, "rows") && has(table.out, "quarantine show")) << table.out;
  EXPECT_TRUE(has(affsync({"quarantine", "--output", "csv"}).out, "source,stream,reason,rows"));

  auto const shown = affsync({"quarantine", "show", id_of("2")});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_TRUE(has(shown.out, "\"two\"") && has(shown.out, "not a")) << shown.out;
  // It is not a line of a file.
  EXPECT_TRUE(has(shown.out, "main/rows, row " + id_of("2"))) << shown.out;
  auto const missing = affsync({"quarantine", "show", "123456"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(has(missing.err, "there is no row 123456 in quarantine")) << missing.err;
}

TEST_F(Quarantine, retry_stores_what_maps_now_without_asking_the_broker) {
  read_bad_rows();
  fix_connector();
  auto const retried = affsync({"quarantine", "retry", "--output", "json"});
  EXPECT_EQ(retried.status, 1) << retried.out << retried.err;  // one row still fails
  auto const json = parse_json(retried.out);
  ASSERT_TRUE(json) << retried.out;
  auto const& stream = json->find("streams")->items().at(0);
  EXPECT_EQ(stream.find("rows")->number_text(), "3");
  EXPECT_EQ(stream.find("stored")->number_text(), "2");
  EXPECT_EQ(stream.find("failing")->number_text(), "1");
  EXPECT_TRUE(has(stream.find("reasons")->dump(), "sum")) << retried.out;
  EXPECT_EQ(plain().targets().size(), 0u);

  EXPECT_EQ(query("select string_agg(external_id || ' ' || amount::text, ', ' order by external_id)"
                  " from affsync.commission"),
            "1 1.50, 2 2.25, 3 3.125");
  EXPECT_EQ(query("select string_agg(external_id, ',') from affsync.quarantine"
                  " where resolved_at is null"),
            "4");
  // Retry stores the same as a pass, so the next pass finds nothing to change.
  auto const next = sync();
  EXPECT_EQ(next.count("rows", "inserted"), 0);
  EXPECT_EQ(query("select string_agg(external_id || ' ' || revision::text, ', ' order by"
                  " external_id) from affsync.commission"),
            "1 1, 2 1, 3 1");
}

TEST_F(Quarantine, retry_leaves_the_stream_where_it_stood) {
  read_bad_rows();
  auto const before = rows(
      "select last_success_at::text, last_full_at::text, cursor::text, consecutive_failures::text, "
      "pass_run_id::text"
      " from affsync.stream_state");
  auto const status = query("select last_status from reporting.source_health");
  fix_connector();
  affsync({"quarantine", "retry"});
  EXPECT_EQ(rows("select last_success_at::text, last_full_at::text, cursor::text,"
                 " consecutive_failures::text, pass_run_id::text from affsync.stream_state"),
            before);
  EXPECT_EQ(query("select last_status from reporting.source_health"), status);
  EXPECT_EQ(query("select live_rows from affsync.stream_state"), "3");
  EXPECT_EQ(query("select mode || ' ' || inserted from affsync.sync_run order by run_id desc"),
            "retry 2");
}

TEST_F(Quarantine, a_row_of_which_the_broker_has_said_more_since_is_not_put_back) {
  // A row without its id cannot be recognised as a new version of a stored row.
  std::mutex mutex;
  std::string body = list_of({R"({"no":7,"client":"c","amount":"1"})"});
  serve([&](std::string const&) {
    std::lock_guard const lock(mutex);
    return answer_of(body);
  });
  use_connector("plain", connector_with("amount: amount"));
  configure();
  sync();
  {
    std::lock_guard const lock(mutex);
    body = list_of({R"({"id":7,"client":"c","amount":"2"})", R"({"client":"d"})"});
  }
  sync();
  ASSERT_EQ(query("select amount from affsync.commission"), "2");
  execute("update affsync.quarantine set resolved_at = null");
  auto corrected = connector_with("amount: amount");
  corrected.replace(corrected.find("key: id"), 7, "key: no");
  use_connector("plain", corrected);
  configure();
  auto const retried = affsync({"quarantine", "retry", "--output", "json"});
  EXPECT_TRUE(has(retried.out, "\"superseded\":1")) << retried.out << retried.err;
  EXPECT_EQ(query("select amount from affsync.commission"), "2");
}

TEST_F(Quarantine, retry_leaves_a_row_with_two_members_of_one_name) {
  // As jsonb only the last of the duplicate members would be kept.
  serve_rows({R"({"id":1,"amount":"1","amount":"2"})"});
  sync();
  EXPECT_EQ(query("select jsonb_typeof(raw) from affsync.quarantine"), "string");
  auto const retried = affsync({"quarantine", "retry", "--output", "json"});
  EXPECT_EQ(retried.status, 1);
  EXPECT_TRUE(has(retried.out, "\"unreadable\":1")) << retried.out << retried.err;
  EXPECT_EQ(query("select count(*) from affsync.commission"), "0");
}

TEST_F(Quarantine, retry_waits_for_nobody_who_reads_the_stream) {
  read_bad_rows();
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false, go = false;
  auto const bytes = answer_of(list_of({R"({"id":1,"client":"c1","amount":"1.50","sum":"1.50"})"}));
  serve([&](std::string const&) {
    std::unique_lock lock(mutex);
    asked = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go; });
    return bytes;
  });
  use_connector("plain", connector_with("amount: sum"));
  configure();
  auto const reading = start({"sync"});
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
  }
  auto const retried = affsync({"quarantine", "retry"});
  {
    std::lock_guard const lock(mutex);
    go = true;
    changed.notify_all();
  }
  reading->wait();
  EXPECT_EQ(retried.status, 1);
  EXPECT_TRUE(has(retried.out, "another affsync")) << retried.out << retried.err;
}

TEST_F(Quarantine, a_misspelt_source_or_stream_does_not_look_like_an_empty_quarantine) {
  read_bad_rows();
  auto const refused = [this](std::vector<std::string> arguments, std::string const& why) {
    auto const ended = affsync(std::move(arguments));
    EXPECT_EQ(ended.status, 2) << ended.out;
    EXPECT_TRUE(has(ended.err, why)) << ended.err;
  };
  refused({"quarantine", "--source", "mian"}, "no source `mian`. Did you mean `main`?");
  refused({"quarantine", "--stream", "row"}, "there is no stream `row`");
  refused({"quarantine", "retry", "--source", "nope"}, "there is no source `nope`");
  refused({"quarantine", "retry", "--stream", "nope"}, "there is no stream `nope`");
  // Rows of a source that is no longer configured are still there.
  source_name = "another";
  configure();
  auto const former = affsync({"quarantine", "--source", "main"});
  EXPECT_EQ(former.status, 0) << former.err;
  EXPECT_TRUE(has(former.out, "rows")) << former.out;
}

TEST_F(Quarantine, accepted_rows_are_known_until_their_reason_is_another) {
  read_bad_rows();
  auto const one =
      affsync({"quarantine", "accept", id_of("2"), "--reason", "a test of the broker"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(query("select accepted_because from affsync.quarantine where external_id = '2'"),
            "a test of the broker");
  auto const by = query("select accepted_by from affsync.quarantine where external_id = '2'");
  EXPECT_TRUE(has(by, query("select session_user"))) << by;
  EXPECT_TRUE(has(by, "system user ")) << by;
  EXPECT_EQ(listed().find("groups")->items().front().find("rows")->number_text(), "2");
  EXPECT_EQ(query("select quarantined from reporting.source_health"), "2");

  EXPECT_EQ(affsync({"quarantine", "accept", "--source", "main", "--stream", "rows"}).status, 2);
  EXPECT_EQ(affsync({"quarantine", "accept"}).status, 2);
  EXPECT_EQ(affsync({"quarantine", "accept", id_of("3"), "999999"}).status, 2);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where accepted_at is not null"), "1");
  auto const all = affsync({"quarantine", "accept", "--source", "main", "--stream", "rows",
                            "--reason", "the broker knows"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(listed().find("groups")->items().size(), 0u);
  EXPECT_EQ(listed({"--all"}).find("groups")->items().front().find("rows")->number_text(), "3");

  // The same row with the same reason stays accepted; with another reason it is open again.
  auto const again = affsync({"sync"});
  EXPECT_TRUE(has(again.out, "3 rows in quarantine accepted as known")) << again.out;
  EXPECT_FALSE(has(again.out, "`affsync quarantine`")) << again.out;
  EXPECT_EQ(listed().find("groups")->items().size(), 0u);
  fix_connector();
  sync();
  auto const open = listed();
  ASSERT_EQ(open.find("groups")->items().size(), 1u) << open.dump();
  EXPECT_EQ(open.find("groups")->items().front().find("rows")->number_text(), "1");
}

}  // namespace
}  // namespace affsync::test::quarantine_test
