#include "tests/torture/verdict.hpp"

#include "tests/support/change_replay.hpp"

namespace affsync::torture {
namespace {

constexpr test::Process::Seconds longest_pass{120};

void sync(Stage& stage, std::vector<std::string> arguments, bool must_succeed) {
  std::string line = "affsync";
  for (auto const& argument : arguments) line += " " + argument;
  stage.note(line);
  auto const finished = test::run(stage.affsync(std::move(arguments)), longest_pass);
  if (!must_succeed || finished.status == 0) return;
  stage.problem(line + " without any fault ended with status " + std::to_string(finished.status) +
                ":\n" + finished.out + finished.err);
}

// Some brokers report no count to verify a list. There it takes two sweeps to mark a missing row as
// deleted.
void read_everything(Stage& stage) {
  sync(stage, {"sync", "--full"}, false);
  sync(stage, {"sync", "--full"}, false);
  sync(stage, {"sync", "--full"}, true);
  // A pass over unchanged data must record no change.
  auto const state = "select coalesce(max(change_id), 0) from affsync.record_change";
  auto const before = stage.value(state);
  sync(stage, {"sync"}, true);
  auto const after = stage.value(state);
  if (before == after) return;
  std::string text = "a pass over unchanged data recorded changes:\n";
  for (auto const& row :
       stage.rows("select c::text from affsync.record_change c where change_id > " + before +
                  " limit 5")) {
    text += row[0] + "\n";
  }
  stage.problem(text);
}

void compare_sum(Stage& stage, std::string const& what, std::string const& expression,
                 std::string const& from, std::string const& broker_sum) {
  auto const row = stage.rows("select coalesce(sum(" + expression + "), 0), coalesce(sum(" +
                              expression + "), 0) = " + broker_sum + from)[0];
  if (row[1] == "t") return;
  stage.problem(what + " is " + broker_sum + " in the broker's books, " + row[0] + " in ours");
}

void compare_books(Stage& stage) {
  for (auto const& broker : stage.brokers()) {
    for (auto const& expected : broker.kind->books) {
      auto const book = broker.process->book(expected.feed);
      auto const what = broker.kind->name + " " + expected.stream;
      auto const from = " from affsync." + expected.table +
                        " t join affsync.source s using"
                        " (source_id) where s.name = '" +
                        broker.source + "' and t.stream = '" + expected.stream +
                        "' and t.deleted_at is null";
      auto const rows = stage.value("select count(*)" + from);
      if (rows != std::to_string(book.rows)) {
        stage.problem(what + " has " + std::to_string(book.rows) + " rows in the broker's books, " +
                      rows + " in ours");
      }
      for (auto const& [field, column] : expected.sums) {
        for (auto const& [currency, sum] : book.sums.at(field)) {
          bool const own = column != "reward_usd" && column != "amount_usd" &&
                           column != "earned_usd" && column != "rebate_usd";
          auto const some =
              own && !currency.empty() ? from + " and t.currency = '" + currency + "'" : from;
          compare_sum(stage, what + " " + field + " " + currency, column, some, sum);
        }
      }
    }
  }
}

// Every row of the query is a problem.
void expect_no_rows(Stage& stage, std::string const& what, std::string const& sql) {
  auto const rows = stage.rows(sql);
  if (rows.empty()) return;
  std::string text = what + ": " + std::to_string(rows.size()) + ", such as\n";
  for (std::size_t i = 0; i < rows.size() && i < 8; ++i) {
    for (auto const& cell : rows[i]) text += cell + "  ";
    text += "\n";
  }
  stage.problem(text);
}

void check_consistency(Stage& stage) {
  expect_no_rows(stage, "contradictions between rows and change records", test::change_replay_sql);
  expect_no_rows(stage, "rows still in quarantine",
                 "select stream, external_id, reason, raw::text from affsync.quarantine"
                 " where resolved_at is null");
  expect_no_rows(stage, "runs that never ended",
                 "select source_id, run_id, stream, started_at from affsync.sync_run"
                 " where status = 'running' or finished_at is null");
  // A killed run may already have a successor. So may a run that lost its lease together with its
  // connection and had only to record its end.
  expect_no_rows(
      stage, "runs of one stream at the same time",
      "select a.source_id, a.stream, a.run_id, a.status, a.started_at, a.finished_at, b.run_id,"
      " b.started_at from affsync.sync_run a join affsync.sync_run b using (source_id, stream)"
      " where a.run_id < b.run_id and b.started_at < a.finished_at"
      " and coalesce(a.error_code, '') not in ('interrupted', 'lease_lost',"
      " 'database_unavailable') and not " +
          stage.outage_between("a.started_at", "a.finished_at"));
  expect_no_rows(stage, "errors of the program itself",
                 "select error_code, stream, error, count(*) from affsync.sync_run"
                 " where error_code in ('internal', 'database_error') and error not like '%57014%'"
                 " group by 1, 2, 3");
  std::string live;
  for (auto const& row : stage.rows("select distinct record_table from affsync.stream"
                                    " where record_table is not null")) {
    if (!live.empty()) live += " union all ";
    live += "select source_id, stream, '" + row[0] +
            "' as record_table, count(*) as live from"
            " affsync." +
            row[0] + " where deleted_at is null group by 1, 2";
  }
  expect_no_rows(
      stage, "streams whose count of live rows is wrong",
      "select s.source_id, s.stream, z.live_rows, coalesce(l.live, 0) from affsync.stream s"
      " join affsync.stream_state z using (source_id, stream) left join (" +
          live +
          ") l"
          " using (source_id, stream, record_table) where z.live_rows <> coalesce(l.live, 0)");
  expect_no_rows(
      stage, "totals of the last run that do not match",
      "select stream, metric, broker_value, our_value, difference from affsync.reconciliation r"
      " where not matched and run_id = (select run_id from affsync.stream_state z"
      " where z.source_id = r.source_id and z.stream = r.stream)");
}

std::string summarize(Stage const& stage) {
  std::string text;
  for (auto const& row :
       stage.rows("select status || coalesce(' ' || error_code, ''), count(*), sum(inserted),"
                  " sum(updated), sum(deleted), sum(quarantined) from affsync.sync_run group by 1"
                  " order by 2 desc")) {
    text += "  " + row[1] + " runs " + row[0] + ": " + row[2] + " rows inserted, " + row[3] +
            " updated, " + row[4] + " marked as deleted, " + row[5] + " quarantined\n";
  }
  text += "  " + stage.value("select count(*) from affsync.record_change") + " change records, ";
  text +=
      stage.value("select count(*) from affsync.quarantine") + " quarantined rows, all resolved, ";
  text += std::to_string(stage.children().alarms()) + " orderly ends exceeded their time limit\n";
  return text;
}

}  // namespace

std::string judge(Stage& stage) {
  read_everything(stage);
  compare_books(stage);
  check_consistency(stage);
  return summarize(stage);
}

}  // namespace affsync::torture
