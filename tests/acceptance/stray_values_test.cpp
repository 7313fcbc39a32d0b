// Values that a broker's documentation does not mention, as a user sees them: in the books, in the
// quarantine, in `check` and `inspect`.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::stray_values_test {
namespace {

class StrayValues : public PlainAcceptance {
 protected:
  // Serves the stream `rows` with these lines of a connector file, and one answer for all requests.
  void serve_stream(std::string const& stream, std::string const& answer,
                    std::string const& top = "") {
    auto const bytes = answer.starts_with("HTTP/") ? answer : answer_of(answer);
    serve([bytes](std::string const&) { return bytes; });
    use_connector("plain",
                  "name: plain\ncredentials: {api_key: {description: any}}\n"
                  "auth: {type: static_token, value: \"Bearer ${credentials.api_key}\"}\n" +
                      top + "\nstreams:\n  rows: {path: /rows, records: data, key: id, " + stream +
                      "}\n");
  }
};

TEST_F(StrayValues, zero_dates_are_none_and_times_in_another_unit_go_aside) {
  serve_stream(
      "table: commission, map: {amount: sum, occurred_on: day, occurred_at: {from: at, as: epoch, "
      "unit: milliseconds}}",
      R"({"data":[{"id":1,"sum":"5.00","day":"0000-00-00","at":0},)"
      R"({"id":2,"sum":"7.00","day":"2026-01-02","at":1767312000}]})");
  auto const synced = sync();
  EXPECT_EQ(synced.count("rows", "inserted"), 1);
  EXPECT_EQ(synced.count("rows", "quarantined"), 1);
  EXPECT_EQ(query("select external_id || ' ' || amount || ' ' || (occurred_on is null) || ' ' ||"
                  " (occurred_at is null) from affsync.commission"),
            "1 5.00 true true");
  EXPECT_EQ(query("select reason from affsync.quarantine"),
            "occurred_at: \"1767312000\" in the field \"at\" is 1970-01-21T10:55:12Z, before "
            "2000-01-01T00:00:00Z, which is not plausible (in seconds it is 2026-01-02T00:00:00Z)");
}

// Each reading is at another time, and the reason is the same.
TEST_F(StrayValues, a_time_far_ahead_is_one_entry_and_stays_accepted) {
  serve_stream("table: commission, map: {amount: sum, occurred_on: day}",
               R"({"data":[{"id":1,"sum":"5.00","day":"2062-01-02"}]})");
  EXPECT_EQ(sync().count("rows", "quarantined"), 1);
  EXPECT_EQ(sync().count("rows", "quarantined"), 1);
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "1");
  ASSERT_EQ(affsync({"quarantine", "accept", "--source", source_name, "--stream", "rows",
                     "--reason", "theirs"})
                .status,
            0);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null and"
                  " accepted_at is not null"),
            "1");
}

TEST_F(StrayValues, the_same_amount_spelt_otherwise_is_no_change) {
  std::string const stream = "table: commission, map: {amount: sum}";
  serve_stream(stream, R"({"data":[{"id":1,"sum":"5.0"}]})");
  ASSERT_EQ(sync().status, 0);
  serve_stream(stream, R"({"data":[{"id":1,"sum":"5.00"}]})");
  auto const again = sync();
  EXPECT_EQ(again.count("rows", "unchanged"), 1) << again.out;
  EXPECT_EQ(query("select amount || ' ' || revision || ' ' || (select count(*) from"
                  " affsync.record_change) from affsync.commission"),
            "5.0 1 0");
}

TEST_F(StrayValues, an_envelope_with_another_code_is_no_empty_list) {
  std::string const stream = "table: commission, map: {amount: sum}";
  std::string const good = "good: {json: code, equals: \"0\"}";
  serve_stream(stream, R"({"code":"50011","msg":"too many requests","data":[]})", good);
  auto const refused = sync();
  EXPECT_EQ(refused.status, 1) << refused.out;
  EXPECT_EQ(refused.of("rows", "status"), "failed");
  EXPECT_NE(refused.of("rows", "error").find("50011: too many requests"), std::string::npos)
      << refused.out;
  serve_stream(stream, R"({"code":"0","msg":"","data":[{"id":1,"sum":1}]})", good);
  EXPECT_EQ(sync().status, 0);
}

// A clock that was ahead dated the last success: the stream fails, and must not look up to date.
TEST_F(StrayValues, a_success_in_the_future_is_forgotten) {
  std::string const stream = "table: commission, map: {amount: sum}";
  serve_stream(stream, R"({"data":[{"id":1,"sum":1}]})");
  ASSERT_EQ(sync().status, 0);
  auto const succeeded = query("select last_success_at from affsync.stream_state");
  query("update affsync.stream_state set last_success_at = now() + interval '4 years'");
  serve_stream(stream, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(sync().status, 1);
  EXPECT_EQ(query("select last_success_at from affsync.stream_state"), succeeded);
}

TEST_F(StrayValues, a_list_that_is_not_found_is_no_success_for_ever) {
  serve_stream("table: commission, map: {amount: sum}",
               "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
               "errors: [{status: 404, class: empty}]");
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "status"), "partial") << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "not_found");
}

TEST_F(StrayValues, raw_of_mapped_fields_only) {
  serve_stream(
      "table: commission, map: {amount: sum}, raw: {allow: state}",
      R"({"data":[{"id":1,"sum":1,"state":"new","who":"Ann Smith","email":"a@b.example"}]})");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select raw from affsync.commission"), R"({"id": 1, "sum": 1, "state": "new"})");
}

TEST_F(StrayValues, inspect_and_check_say_what_a_page_shows) {
  serve_stream(
      "table: commission, personal: [manager, maill], page: {type: page, total: meta.count}, "
      "map: {client_ref: manager, amount: [corrected, earned]}",
      R"({"data":[{"id":1,"manager":"Bob","corrected":"0","earned":"5","note":"x"}]})");
  auto const inspected = affsync({"inspect", "main", "rows"});
  ASSERT_EQ(inspected.status, 0) << inspected.err;
  for (auto const* told :
       {"Fields that no mapping reads (they are kept in raw):\n  note\n",
        "Fields that are not kept (privacy):\n  manager\n", "  personal <- maill\n",
        "  total <- meta.count\n", "amount: the field \"corrected\" is 0 in the only row",
        "client_ref: the field \"manager\" is personal and dropped"}) {
    EXPECT_NE(inspected.out.find(told), std::string::npos) << told << "\n" << inspected.out;
  }
  auto const checked = affsync({"check", "--output", "json"});
  EXPECT_NE(checked.out.find("is 0 in the only row"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("no join finds the client"), std::string::npos) << checked.out;
}

}  // namespace
}  // namespace affsync::test::stray_values_test
