// More sources than the process may have open files: runs wait for a place, and none fails.
#include <csignal>
#include <fstream>

#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/counted_way.hpp"

namespace affsync::test::many_sources_test {
namespace {

class ManySources : public PlainAcceptance {
 protected:
  // `paths`: one source for each, below its path of the broker.
  void configure_sources(std::vector<std::string> const& paths) {
    auto text = config_text();
    text.erase(text.find("sources:"));
    text += "sources:\n";
    for (auto const& path : paths) {
      text += "  - {name: " + path + ", connector: plain, base_url: \"" + plain().url() + "/" +
              path + "\", credentials: {api_key: key-" + path + "}}\n";
    }
    dir_.write("affsync.yaml", text);
  }
  static std::vector<std::string> numbered(int count) {
    std::vector<std::string> paths;
    for (int i = 0; i < count; ++i) paths.push_back("s" + std::to_string(1000 + i));
    return paths;
  }
  // The daemon after a `ulimit` of the shell.
  std::unique_ptr<Process> start_after(std::string const& ulimit) const {
    auto options = command({"-c", ulimit + "; exec \"$0\" run"});
    options.arguments.push_back(options.program.string());
    options.program = "/bin/sh";
    return std::make_unique<Process>(options);
  }
  std::string failed_runs() const {
    return query(
        "select count(*) from affsync.sync_run where status not in ('succeeded', 'running')");
  }
  // Round trips to the database of a start and a reload, when all streams were read lately.
  long trips_with(int sources) {
    use_database("{url: \"" + database_url() + "\"}");
    configure_sources(numbered(sources));
    auto const migrated = affsync({"migrate"});
    EXPECT_EQ(migrated.status, 0) << migrated.err;
    {
      auto const first = start({"run"});
      wait_until(read, std::to_string(sources));
      EXPECT_EQ(first->stop(), 0);
    }
    CountedWay const way(database_url());
    auto text = config_text_of_file();
    text.replace(text.find(database_url()), database_url().size(), way.url());
    dir_.write("affsync.yaml", text);
    auto const daemon = start({"run"});
    daemon->wait_for_err("started");
    daemon->signal(SIGHUP);
    daemon->wait_for_err("configuration reloaded");
    auto const trips = way.round_trips();
    EXPECT_EQ(daemon->stop(), 0);
    return trips;
  }
  std::string config_text_of_file() const {
    std::ifstream file(config_file());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static constexpr char const* read =
      "select count(*) from affsync.stream_state where last_success_at is not null";
};

TEST_F(ManySources, few_files_make_runs_wait) {
  serve_rows({R"({"id":"1","amount":5,"currency":"USD","day":"2026-11-20"})"});
  configure_sources(numbered(60));
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start_after("ulimit -n 48");
  wait_until(read, "60");
  EXPECT_EQ(failed_runs(), "0");
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(), 0) << daemon->err();
}

// Each call adds up days of one source, and a short pass had time for one or two calls.
TEST_F(ManySources, short_passes_add_up_the_days_of_all_sources) {
  serve_rows({R"({"id":"1","amount":5,"currency":"USD","day":"2026-11-20"})"});
  configure_sources(numbered(40));
  constexpr auto marks = "select count(*) from affsync.earned_mark";
  for (int pass = 0; pass < 3 && (pass == 0 || query(marks) != "0"); ++pass) {
    EXPECT_EQ(sync().status, 0);
  }
  EXPECT_EQ(query(marks), "0");
  EXPECT_EQ(query("select count(distinct source_id) from affsync.earned_day"), "40");
}

TEST_F(ManySources, sync_with_few_files_waits_too) {
  serve_rows({R"({"id":"1","amount":5,"currency":"USD","day":"2026-11-20"})"});
  configure_sources(numbered(60));
  auto options = command({"-c", "ulimit -n 48; exec \"$0\" sync"});
  options.arguments.push_back(options.program.string());
  options.program = "/bin/sh";
  auto const synced = run(options, Process::Seconds(90));
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(query(read), "60");
}

TEST_F(ManySources, the_soft_limit_of_files_is_raised) {
  serve_rows({R"({"id":"1","amount":5,"currency":"USD","day":"2026-11-20"})"});
  configure_sources(numbered(1));
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start_after("ulimit -Sn 48; ulimit -Hn 500");
  wait_until(read, "1");
  std::ifstream limits("/proc/" + std::to_string(daemon->pid()) + "/limits");
  std::string const text{std::istreambuf_iterator<char>(limits), {}};
  auto const line = text.substr(text.find("Max open files"));
  EXPECT_NE(line.substr(0, line.find('\n')).find(" 500 "), std::string::npos) << line;
  daemon->signal(SIGTERM);
  daemon->wait();
}

TEST_F(ManySources, a_start_and_a_reload_take_as_many_round_trips_as_with_few) {
  serve_rows({R"({"id":"1","amount":5,"currency":"USD","day":"2026-11-20"})"});
  auto const with_few = trips_with(3);
  auto const with_many = trips_with(60);
  // Other work of the daemon, such as adding up days, takes some of its own.
  EXPECT_LT(with_many, with_few + 50);
}

// With 48 files two runs go on at once.
TEST_F(ManySources, a_source_that_waits_for_its_broker_takes_no_place) {
  serve([](std::string const& target) {
    if (target.starts_with("/s")) return answer_of(list_of({R"({"id":"1"})"}));
    return std::string("HTTP/1.1 429 Too Many\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n");
  });
  auto paths = numbered(3);
  paths.insert(paths.begin(), {"throttled1", "throttled2", "throttled3"});
  configure_sources(paths);
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start_after("ulimit -n 48");
  wait_until(read, "3");
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(), 0) << daemon->err();
}

}  // namespace
}  // namespace affsync::test::many_sources_test
