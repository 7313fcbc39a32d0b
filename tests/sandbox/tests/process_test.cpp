// The sandbox as a process over real sockets: delivery faults, its end, and the helpers of
// tests/support that drive it.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support/places/places.hpp"
#include "tests/support/sandbox_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test::process_test {
namespace {

std::string const accounts_path = "/api/reports/clients/accounts/";

class SandboxProcessTest : public testing::Test {
 protected:
  SandboxProcess sandbox_{{"--clients", "20", "--today", "2026-03-31"}};
  std::string token_ = sandbox_.log_in();
  HttpAnswer get() { return sandbox_.get(accounts_path, token_); }
};

std::string gunzip(std::string const& body) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST_F(SandboxProcessTest, serves_its_books) {
  auto const answer = get();
  ASSERT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  auto const page = parse_json(answer.body).value();
  EXPECT_EQ(sandbox_.book("accounts").rows, 40u);
  EXPECT_EQ(page.find("data")->items().size(), 40u);
  EXPECT_EQ(sandbox_.count("logins"), 1u);
  EXPECT_EQ(sandbox_.targets("accounts"), std::vector{accounts_path});
}

TEST_F(SandboxProcessTest, honest_forms_of_delivery_bring_the_same_body) {
  auto const body = get().body;
  sandbox_.fault("chunked");
  auto const chunked = get();
  EXPECT_EQ(chunked.header("transfer-encoding"), "chunked");
  EXPECT_TRUE(chunked.complete);
  EXPECT_EQ(chunked.body, body);
  sandbox_.clear_faults();
  sandbox_.fault("slow:bytes=4096,ms=1");
  EXPECT_EQ(get().body, body);
  sandbox_.clear_faults();
  sandbox_.fault("gzip");
  EXPECT_EQ(get().body, body);  // the client did not ask for gzip
  auto const zipped =
      http_get(sandbox_.url() + accounts_path,
               {{"Authorization", "JWT " + token_}, {"Accept-Encoding", "gzip, deflate"}});
  EXPECT_EQ(zipped.header("content-encoding"), "gzip");
  EXPECT_EQ(gunzip(zipped.body), body);
}

TEST_F(SandboxProcessTest, cut_answers_are_cut) {
  auto const size = get().body.size();
  sandbox_.fault("truncate:after=100");
  auto const cut = get();
  EXPECT_EQ(cut.body.size(), 100u);
  EXPECT_EQ(cut.header("content-length"), std::to_string(size));
  sandbox_.clear_faults();
  sandbox_.fault("reset");
  EXPECT_THROW(get(), std::runtime_error);
  sandbox_.clear_faults();
  sandbox_.fault("length:delta=-7");
  EXPECT_EQ(get().header("content-length"), std::to_string(size - 7));
}

TEST_F(SandboxProcessTest, never_answers_when_told_so) {
  sandbox_.fault("never:path=accounts");
  EXPECT_THROW(http_get(sandbox_.url() + accounts_path, {}, std::chrono::seconds(1)),
               std::runtime_error);
  sandbox_.clear_faults();
  EXPECT_EQ(get().status, 200);
}

TEST_F(SandboxProcessTest, redirects_keep_the_target) {
  sandbox_.fault("redirect:to=http%3A//127.0.0.1%3A9,code=302");
  auto const answer = get();
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.header("location"), "http://127.0.0.1:9" + accounts_path);
}

TEST_F(SandboxProcessTest, ends_on_sigterm) {
  EXPECT_EQ(sandbox_.process().stop(), 0);
  EXPECT_THROW(get(), std::runtime_error);
}

TEST(SandboxProgram, is_every_broker) {
  struct Case {
    std::string broker, target;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  std::pair<std::string, std::string> const key{"Authorization", "Bearer sandbox-key"};
  for (auto const& one : std::vector<Case>{
           {"wintrado", "/affiliates/wallet", {{"X-Api-Key", "sandbox-key"}}},
           {"iexexchanger", "/api/v2/account/partner", {key, {"Accept", "application/json"}}},
           {"iexexchanger_v3", "/api/v3/private/partner", {key}},
           {"rates", "/v1/latest?base=USD", {}}}) {
    SandboxProcess sandbox({"--broker", one.broker, "--clock", "2026-03-31T12:00:00Z"});
    auto const answer = http_get(sandbox.url() + one.target, one.headers);
    EXPECT_EQ(answer.status, 200) << one.broker << answer.body;
    EXPECT_EQ(answer.header("date").substr(0, 22), "Tue, 31 Mar 2026 12:00") << one.broker;
    EXPECT_EQ(sandbox.count("requests"), 1u);
  }
}

TEST(SandboxProgram, options_reach_the_broker) {
  SandboxProcess sandbox({"--broker", "wintrado", "--clients", "7", "--rows", "11", "--payouts",
                          "3", "--api-key", "other", "--api-key-header", "x-key", "--path",
                          "wallet=/money", "--hide", "customers"});
  EXPECT_EQ(sandbox.book("customers").rows, 7u);
  EXPECT_EQ(sandbox.book("ledger").rows, 11u);
  EXPECT_EQ(sandbox.book("payouts").rows, 3u);
  auto const status = [&](std::string const& path) {
    return http_get(sandbox.url() + path, {{"X-Key", "other"}}).status;
  };
  EXPECT_EQ(status("/money"), 200);
  EXPECT_EQ(status("/affiliates/wallet"), 404);
  EXPECT_EQ(status("/affiliates/customers"), 404);
}

TEST(SandboxProgram, refuses_a_wrong_option) {
  auto const program = in_build("affsync-sandbox");
  auto const finished = run({program, {"--fault", "nonsense"}, {}, {}, {}, {}});
  EXPECT_EQ(finished.status, 2);
  EXPECT_NE(finished.err.find("nonsense"), std::string::npos);
}

TEST(Process, gives_output_status_environment_and_input) {
  ProcessOptions options;
  options.program = "sh";
  options.arguments = {"-c", "cat; echo \"$GIVEN${HOME-unset}\"; echo bad >&2; exit 7"};
  options.environment = {{"GIVEN", "here "}};
  options.unset = {"HOME"};
  options.input = "typed\n";
  auto const finished = run(options);
  EXPECT_EQ(finished.status, 7);
  EXPECT_EQ(finished.out, "typed\nhere unset\n");
  EXPECT_EQ(finished.err, "bad\n");
}

TEST(Process, signals_show_in_the_status) {
  Process process({"sleep", {"60"}, {}, {}, {}, {}});
  process.signal(SIGKILL);
  EXPECT_EQ(process.wait(), 128 + SIGKILL);
}

TEST(Process, a_deadline_passes_with_the_output_so_far) {
  Process process({"sh", {"-c", "echo began; sleep 60"}, {}, {}, {}, {}});
  process.wait_for_out("began");
  try {
    process.wait(Process::Seconds(0.05));
    FAIL() << "the sandbox must still run";
  } catch (std::runtime_error const& error) {
    EXPECT_NE(std::string(error.what()).find("began"), std::string::npos);
  }
}

TEST(Process, a_missing_program_is_an_error) {
  EXPECT_THROW(Process({"/nonexistent/program", {}, {}, {}, {}, {}}), std::system_error);
}

TEST(Process, nothing_outlives_its_object) {
  int grandchild = -1;
  {
    Process process({"sh", {"-c", "sleep 60 & echo pid $!; wait"}, {}, {}, {}, {}});
    pid_t const pid = std::stoi(process.wait_for_line("pid ").substr(4));
    grandchild = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    ASSERT_GE(grandchild, 0);
  }
  pollfd ended{grandchild, POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 10'000), 1);
  close(grandchild);
}

TEST(TempDir, goes_away_with_its_files) {
  std::filesystem::path path;
  {
    TempDir const directory;
    path = directory.path();
    directory.write("file", "text");
    EXPECT_TRUE(std::filesystem::exists(path / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace affsync::test::process_test
