// A pass over a folder of files, beside which others go on.
#include "daemon/sync/file_run.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <future>
#include <thread>

#include "base/tables.hpp"
#include "tests/support/scripted_client.hpp"
#include "tests/unit/sync/folder_entries.hpp"

namespace affsync::sync::file_run_test {
namespace {

class FileRun : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "affsync-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto plan = std::make_shared<engine::StreamPlan>();
    plan->source = "portal";
    plan->stream = "commissions";
    plan->base_url = "file://" + folder_.string();
    plan->spec->request.path = "/*.csv";
    plan->spec->map.table = find_record_table("commission");
    task_.plan = std::move(plan);
    engine::SourcePlan source;
    source.source = "portal";
    SessionParts parts;
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    task_.session =
        std::make_shared<SourceSession>(std::move(source), std::move(parts), Logger(log_));
  }
  void TearDown() override {
    test::on_folder_entry = nullptr;
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  asio::io_context io_;
  test::ManualTime time_;
  test::SilentLog log_;
  Observer observer_;
  StreamTask task_;
};

// A share whose server is away answers nothing, for hours.
TEST_F(FileRun, AFolderThatHangsHoldsUpNobodyElse) {
  std::promise<void> server_is_back;
  auto const back = server_is_back.get_future().share();
  test::on_folder_entry = [back, io_thread = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == io_thread) {
      ADD_FAILURE() << "the I/O thread would hang";
    } else {
      back.wait();
    }
    return 0;
  };
  RunParts parts;
  parts.clock = &time_;
  parts.observer = &observer_;
  std::optional<RunReport> ended;
  asio::co_spawn(io_, run_task(task_, RunOptions(), parts, Logger(log_)),
                 [&](std::exception_ptr, RunReport report) { ended = std::move(report); });
  bool others_go_on = false;
  asio::post(io_, [&] { others_go_on = true; });
  io_.poll();
  EXPECT_TRUE(others_go_on);
  EXPECT_FALSE(ended);
  server_is_back.set_value();
  io_.restart();
  io_.run();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, RunStatus::succeeded) << (ended->error ? ended->error->message : "");
}

}  // namespace
}  // namespace affsync::sync::file_run_test
