// The folder of files: what is read is what was listed, and what is moved is what was read.
#include "daemon/sync/inbox.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/unit/sync/folder_entries.hpp"

// Takes the place of the one in libc.
extern "C" dirent* readdir(DIR* folder) {
  static auto const real = reinterpret_cast<decltype(&readdir)>(dlsym(RTLD_NEXT, "readdir"));
  auto const& on_entry = affsync::test::on_folder_entry;
  int const error = on_entry ? on_entry() : 0;
  if (error == 0) return real(folder);
  errno = error;
  return nullptr;
}

namespace affsync::sync::inbox_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;

class Inbox : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "affsync-inbox-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    test::on_folder_entry = nullptr;
    fs::remove_all(folder_);
  }

  fs::path put(std::string const& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - std::chrono::hours(1));
    return folder_ / name;
  }
  InboxFile listed(std::string const& name) const {
    auto const files = list_inbox(folder_, name, system_clock::now()).whole;
    return files.empty() ? InboxFile() : files.front();
  }
  static std::string text_in(fs::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // "left" for a file that is no longer the one that was listed.
  static std::string read(InboxFile const& file) {
    auto const bytes = read_inbox_file(file);
    return !bytes ? bytes.error().message : *bytes ? **bytes : "left";
  }

  fs::path folder_;
};

TEST_F(Inbox, AFileIsReadAsItWasListedOrNotAtAll) {
  put("a.csv", "10.50");
  auto const file = listed("a.csv");
  EXPECT_EQ(read(file), "10.50");
  std::ofstream(file.path, std::ios::app) << "0";
  EXPECT_EQ(read(file), "left");
  // Of the same size and time, but another one.
  put("b.csv", "99.50");
  auto const other = listed("b.csv");
  auto const time = fs::last_write_time(other.path);
  put("new", "77.50");
  fs::last_write_time(folder_ / "new", time);
  fs::rename(folder_ / "new", other.path);
  EXPECT_EQ(read(other), "left");
  // Written in place, with the old time given back.
  put("c.csv", "11.50");
  auto const same = listed("c.csv");
  auto const before = fs::last_write_time(same.path);
  timespec tick = {};
  do {  // the time of a file moves in ticks
    ::clock_gettime(CLOCK_REALTIME_COARSE, &tick);
  } while (system_clock::from_time_t(tick.tv_sec) + std::chrono::nanoseconds(tick.tv_nsec) <=
           same.state.changed_at);
  std::ofstream(same.path) << "22.50";
  fs::last_write_time(same.path, before);
  EXPECT_EQ(read(same), "left");
  fs::remove(same.path);
  EXPECT_EQ(read(same), "left");
}

TEST_F(Inbox, AFileThatIsOpenAgainIsNeitherReadNorMoved) {
  put("a.csv", "10.50");
  auto const file = listed("a.csv");
  std::ofstream writer(file.path, std::ios::app);
  EXPECT_EQ(read(file), "left");
  EXPECT_EQ(move_read_file(file, "done", ""), std::nullopt);
  EXPECT_TRUE(fs::exists(file.path));
  writer.close();
  EXPECT_EQ(read(file), "10.50");
  EXPECT_EQ(move_read_file(file, "done", ""), folder_ / "done/a.csv");
}

// A pipe or a link in the place of a file makes nobody wait, and leads nowhere.
TEST_F(Inbox, OnlyAFileIsReadInThePlaceOfAFile) {
  put("a.csv", "10.50");
  auto const file = listed("a.csv");
  auto const elsewhere = put("elsewhere", "10.50");
  fs::remove(file.path);
  fs::create_symlink(elsewhere, file.path);
  EXPECT_EQ(read(file), "left");
  EXPECT_EQ(move_read_file(file, "done", "why"), std::nullopt);
  fs::remove(file.path);
  ASSERT_EQ(::mkfifo(file.path.c_str(), 0600), 0);
  EXPECT_EQ(read(file), "left");
  EXPECT_EQ(move_read_file(file, "done", "why"), std::nullopt);
  EXPECT_TRUE(fs::exists(file.path));
  EXPECT_TRUE(!fs::exists(folder_ / "done") || fs::is_empty(folder_ / "done"));
}

TEST_F(Inbox, WhatWasReplacedStaysWithoutAText) {
  put("a.csv", "10.50");
  auto const file = listed("a.csv");
  EXPECT_EQ(read(file), "10.50");
  put("new", "99.50");
  fs::rename(folder_ / "new", file.path);
  EXPECT_EQ(move_read_file(file, "failed", "why"), std::nullopt);
  EXPECT_EQ(text_in(file.path), "99.50");
  EXPECT_FALSE(fs::exists(folder_ / "failed/a.csv.txt"));
  fs::remove(file.path);
  EXPECT_EQ(move_read_file(file, "failed", "why"), std::nullopt);
}

TEST_F(Inbox, AListingThatFailsHalfWayIsAFolderThatCannotBeRead) {
  for (int i = 0; i < 5; ++i) put(std::to_string(i) + ".csv", "10.50");
  EXPECT_EQ(list_inbox(folder_, "*.csv", system_clock::now()).whole.size(), 5U);
  test::on_folder_entry = [left = 4]() mutable { return left-- > 0 ? 0 : ESTALE; };
  try {
    list_inbox(folder_, "*.csv", system_clock::now());
    ADD_FAILURE() << "a part was taken for all";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::bad_request);
    EXPECT_EQ(failure.error().message,
              "the folder " + folder_.string() + " cannot be read: Stale file handle");
  }
}

TEST_F(Inbox, FilesOfOneNameAreNumbered) {
  for (auto const* name : {"a.csv", "a-2.csv", "a-3.csv"}) {
    put("a.csv", name);
    EXPECT_EQ(move_read_file(listed("a.csv"), "done", name), folder_ / "done" / name);
  }
  for (auto const* name : {"a.csv", "a-2.csv", "a-3.csv"}) {
    EXPECT_EQ(text_in(folder_ / "done" / name), name);
    EXPECT_EQ(text_in(folder_ / "done" / (std::string(name) + ".txt")), std::string(name) + "\n");
  }
}

// Those of an export of each hour: 26,280 in three years.
TEST_F(Inbox, AFreeNumberIsFoundInAFewStepsHoweverManyAreTaken) {
  for (int const last : {1, 2, 3, 4, 7, 8, 1'000, 26'280}) {
    SCOPED_TRACE(last);
    int asked = 0;
    auto const is_taken = [&](int number) {
      ++asked;
      return number <= last;
    };
    EXPECT_EQ(free_number(is_taken), last + 1);
    EXPECT_LE(asked, 30);
  }
  // Some were taken away.
  auto const has_gap = [](int number) { return number != 3 && number < 9; };
  EXPECT_EQ(free_number(has_gap), 9);
}

TEST_F(Inbox, ALinkIsATakenName) {
  auto const elsewhere = folder_ / "elsewhere";
  fs::create_directories(folder_ / "failed");
  fs::create_symlink(elsewhere, folder_ / "failed/a.csv.txt");
  fs::create_symlink(elsewhere, folder_ / "failed/a-2.csv");
  put("a.csv", "10.50");
  EXPECT_EQ(move_read_file(listed("a.csv"), "failed", "why"), folder_ / "failed/a-3.csv");
  EXPECT_EQ(text_in(folder_ / "failed/a-3.csv.txt"), "why\n");
  EXPECT_FALSE(fs::exists(elsewhere));
}

TEST_F(Inbox, ASubfolderThatIsALinkOrAFileIsRefused) {
  auto const elsewhere = folder_ / "elsewhere";
  fs::create_directories(elsewhere);
  fs::create_symlink(elsewhere, folder_ / "done");
  fs::create_symlink(folder_ / "nowhere", folder_ / "failed");
  put("file", "a file");
  put("a.csv", "10.50");
  for (auto const* subfolder : {"done", "failed", "file"}) {
    try {
      move_read_file(listed("a.csv"), subfolder, "why");
      ADD_FAILURE() << subfolder;
    } catch (Failure const& failure) {
      EXPECT_EQ(failure.error().code, ErrorCode::output_failed);
      EXPECT_NE(failure.error().message.find("is no folder"), std::string::npos)
          << failure.error().message;
    }
  }
  EXPECT_TRUE(fs::is_empty(elsewhere));
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
  EXPECT_EQ(text_in(folder_ / "a.csv"), "10.50");
}

TEST_F(Inbox, ADownloadIsLeftAloneUntilItIsWhole) {
  for (auto const* ending : {".part", ".partial", ".filepart", ".crdownload", ".opdownload",
                             ".download", ".tmp", ".PART", "~"}) {
    put("report.csv" + std::string(ending), "10.50");
  }
  EXPECT_TRUE(list_inbox(folder_, "report*", system_clock::now()).whole.empty());
  put("report.parts", "10.50");
  EXPECT_EQ(listed("report*").path.filename(), "report.parts");
}

TEST_F(Inbox, AnyFileMayBeAskedForByItsName) {
  auto const file = put("a.csv", "10.50");
  fs::create_symlink(file, folder_ / "link.csv");
  EXPECT_EQ(read_whole_file(folder_ / "link.csv").value(), "10.50");
  EXPECT_EQ(read_whole_file(put("empty.csv", "")).value(), "");
  EXPECT_EQ(read_whole_file(folder_ / "none.csv").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_whole_file(folder_).error().message, "the file cannot be read: Is a directory");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_whole_file(folder_ / "pipe").error().code, ErrorCode::bad_request);
}

// Each reading has all lines of a moment, or says that there is none.
TEST_F(Inbox, AFileThatGrowsIsNeverReadInPart) {
  auto const path = folder_ / "a.csv";
  std::string const line = std::string(999, 'x') + "\n";
  std::ofstream writer(path);
  for (int i = 0; i < 20'000; ++i) writer << line;
  writer.flush();
  std::jthread const growing([&](std::stop_token const& stop) {
    while (!stop.stop_requested()) writer << line << std::flush;
  });
  int refused = 0;
  for (int i = 0; i < 50 && refused == 0; ++i) {
    auto const bytes = read_whole_file(path);
    if (bytes) continue;
    EXPECT_EQ(bytes.error().message, "the file was changed while it was read");
    ++refused;
  }
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace affsync::sync::inbox_test
