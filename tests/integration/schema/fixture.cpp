#include "tests/integration/schema/fixture.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <pqxx/pqxx>

#include "daemon/embedded/cluster.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/pqxx_versions.hpp"
#include "tests/support/cluster_template.hpp"

namespace affsync::schema::test {
namespace {

namespace fs = std::filesystem;

// Started with the first test, stopped and removed at the program's end.
class Server {
 public:
  Server() {
    std::string pattern = (fs::temp_directory_path() / "affsync-schema-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    fs::permissions(directory_,
                    fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    affsync::test::copy_cluster(directory_, [](fs::path const& empty) {
      migrate(options_for(start(empty)->url("affsync")), false).value();
    });
    cluster_ = start(directory_);
  }
  ~Server() {
    cluster_.reset();
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  std::string create(char const* copied_from) {
    auto const name = "test_" + std::to_string(++made_);
    sql(cluster_->url("postgres"),
        "CREATE DATABASE " + name + " TEMPLATE " + std::string(copied_from));
    return cluster_->url(name);
  }

 private:
  static std::unique_ptr<embedded::Cluster> start(fs::path const& state) {
    embedded::ClusterOptions options;
    options.state_dir = state;
    options.durable = false;
    return embedded::Cluster::start(options).value();
  }

  fs::path directory_;
  std::unique_ptr<embedded::Cluster> cluster_;
  int made_ = 0;
};

Server& server() {
  static Server one;
  return one;
}

std::string migrated_database() {
  return server().create("affsync");
}

}  // namespace

std::string make_database() {
  return server().create("template0");
}

StoreOptions options_for(std::string url) {
  StoreOptions options;
  options.url = std::move(url);
  options.connections = 2;
  return options;
}

std::vector<Cells> sql(std::string const& url, std::string const& statement) {
  pqxx::connection connection(url);
  return sql(connection, statement);
}

std::vector<Cells> sql(pqxx::connection& connection, std::string const& statement) {
  NoticeListener const quiet(connection, [](char const*) {});
  pqxx::nontransaction tx(connection);
  tx.exec("SET timezone = 'UTC'");
  std::vector<Cells> all;
  for (auto const& row : tx.exec(statement)) {
    Cells cells;
    for (auto const& field : row) {
      cells.push_back(field.is_null()
                          ? std::nullopt
                          : std::optional<std::string>(std::in_place, field.c_str(), field.size()));
    }
    all.push_back(std::move(cells));
  }
  return all;
}

std::string sql_value(std::string const& url, std::string const& statement) {
  pqxx::connection connection(url);
  return sql_value(connection, statement);
}

std::string sql_value(pqxx::connection& connection, std::string const& statement) {
  auto const all = sql(connection, statement);
  if (all.size() != 1 || all[0].size() != 1) {
    return "(" + std::to_string(all.size()) + " rows)";
  }
  return all[0][0].value_or("(null)");
}

Batch batch_of(std::string_view table, std::vector<TestRow> const& rows) {
  auto const* record = find_record_table(table);
  Batch batch(*record);
  Row row;
  for (auto const& given : rows) {
    row.reset(*record);
    row.external_id = given.key;
    row.raw = given.raw;
    for (auto const& [column, text] : given.values) row.values.at(*record->index_of(column)) = text;
    batch.append(row);
  }
  return batch;
}

StoreTest::StoreTest() : StoreTest(migrated_database()) {}

StoreTest::StoreTest(std::string migrated) : url(std::move(migrated)), store(make_store()) {
  source = loop.run(store->register_source("broker-1", "testing", "https://broker.example"));
}

std::unique_ptr<Store> StoreTest::make_store() {
  return make_pg_store(options_for(url));
}

RunKey StoreTest::begin_on(Store& on, std::string const& stream) {
  RunStart start;
  start.id = StreamId(source, stream);
  start.mode = "full";
  start.started_at = now;
  return loop.run(on.begin_run(start));
}

RunKey StoreTest::begin(std::string const& stream, std::string const& mode) {
  RunStart start;
  start.id = StreamId(source, stream);
  start.mode = mode;
  start.started_at = now;
  return loop.run(store->begin_run(start));
}

PageWrite StoreTest::page(RunKey const& run, std::vector<Batch> batches, std::string checkpoint) {
  PageWrite write;
  write.run = run;
  write.batches = std::move(batches);
  write.checkpoint = std::move(checkpoint);
  write.now = now;
  return write;
}

PageWritten StoreTest::write(RunKey const& run, std::string_view table,
                             std::vector<TestRow> const& rows) {
  return loop.run(store->write_page(page(run, {batch_of(table, rows)})));
}

SliceClose StoreTest::slice(RunKey const& run, std::string_view table,
                            std::vector<std::string> const& seen_keys) {
  SliceClose close;
  close.run = run;
  close.table = find_record_table(table);
  close.mark_vanished = true;
  for (auto const& key : seen_keys) close.seen_keys.push_back(hash_key(key));
  std::sort(close.seen_keys.begin(), close.seen_keys.end());
  close.now = now;
  return close;
}

PassClosed StoreTest::close_pass(RunKey const& run, std::string_view table, double mass_drop_limit,
                                 bool whole, bool full) {
  PassClose pass;
  pass.run = run;
  pass.table = find_record_table(table);
  pass.whole = whole;
  pass.full = full;
  pass.mass_drop_limit = mass_drop_limit;
  pass.now = now;
  return loop.run(store->close_pass(std::move(pass)));
}

void StoreTest::vanish(std::string const& stream, std::string_view table,
                       std::vector<std::string> const& others) {
  auto const run = begin(stream);
  auto close = slice(run, table, others);
  close.mass_drop_limit = 1;
  close.keeps_from = parse_day("1900-01-01");
  EXPECT_EQ(loop.run(store->close_slice(close)).missed, 1);
  EXPECT_EQ(close_pass(run, table, 1).deleted, 1);
}

void StoreTest::declare(std::string const& stream, std::string const& table, bool in_reports,
                        std::optional<bool> has_paid_state) {
  auto const word = [](bool yes) { return std::string(yes ? "true" : "false"); };
  std::string const paid = has_paid_state ? word(*has_paid_state) : "NULL";
  sql(url,
      "INSERT INTO affsync.stream (source_id, stream, record_table, in_reports, has_paid_state)"
      " VALUES (" +
          std::to_string(source) + ", '" + stream + "', '" + table + "', " + word(in_reports) +
          ", " + paid +
          ") ON CONFLICT (source_id, stream) DO UPDATE SET record_table = excluded.record_table,"
          " in_reports = excluded.in_reports, has_paid_state = excluded.has_paid_state");
}

void StoreTest::end(RunKey const& run, bool success, bool full_pass) {
  RunEnd end;
  end.run = run;
  end.success = success;
  end.full_pass = full_pass;
  end.now = now;
  end.report.status = success ? RunStatus::succeeded : RunStatus::failed;
  loop.run(store->end_run(end));
}

}  // namespace affsync::schema::test
