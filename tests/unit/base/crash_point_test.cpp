// Compares the list of crash points with the sources: each is used in exactly one place, by its own
// name.
#include "base/crash_point.hpp"
#include "tests/support/places/places.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

namespace affsync::crash_point_test {
namespace {

std::string text_of_file(std::filesystem::path const& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every "crash_point(CrashPoint::name)" in the program's sources, with its number of occurrences.
std::map<std::string, int> passages() {
  std::regex const call(R"(crash_point\(CrashPoint::(\w+)\);)");
  std::map<std::string, int> found;
  for (char const* folder : {"base", "config", "connectors", "schema", "daemon"}) {
    auto const root = test::in_source(folder);
    for (auto const& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".cpp") continue;
      auto const text = text_of_file(entry.path());
      for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at) {
        ++found[(*at)[1].str()];
      }
    }
  }
  return found;
}

// The enumerators of base/crash_point.hpp in order.
std::vector<std::string> enumerators() {
  auto const text = text_of_file(test::in_source("base/crash_point.hpp"));
  auto const begin = text.find("enum class CrashPoint");
  auto const list = text.substr(begin, text.find("};", begin) - begin);
  std::regex const line(R"(\n  (\w+),)");
  std::vector<std::string> names;
  for (std::sregex_iterator at(list.begin(), list.end(), line), end; at != end; ++at) {
    names.push_back((*at)[1].str());
  }
  return names;
}

TEST(CrashPoints, each_of_the_list_is_passed_in_one_place) {
  auto const found = passages();
  std::map<std::string, int> listed;
  for (auto const name : crash_point_names) listed[std::string(name)] = 1;
  EXPECT_EQ(found, listed);
}

TEST(CrashPoints, names_stand_in_the_order_of_the_enumerators) {
  std::vector<std::string> const names(crash_point_names.begin(), crash_point_names.end());
  EXPECT_EQ(names, enumerators());
}

#ifdef AFFSYNC_CRASH_POINTS
// One process: the environment is read at the first crash point that is passed.
TEST(CrashPointsDeathTest, the_named_passage_ends_the_process) {
  auto const pass = [] {
    crash_point(CrashPoint::page_noted);
    crash_point(CrashPoint::page_committed);
    std::fputs("once\n", stderr);
    crash_point(CrashPoint::page_committed);
    std::_Exit(0);
  };
  GTEST_FLAG_SET(death_test_style, "fast");
  setenv("AFFSYNC_CRASH_AT", "page_committed:2", 1);
  EXPECT_EXIT(pass(), testing::KilledBySignal(SIGKILL), "once");
  setenv("AFFSYNC_CRASH_AT", "page_committed:3", 1);
  EXPECT_EXIT(pass(), testing::ExitedWithCode(0), "once");
  for (char const* wrong : {"page_comitted", "page_committed:0", "page_committed:x"}) {
    setenv("AFFSYNC_CRASH_AT", wrong, 1);
    EXPECT_EXIT(pass(), testing::ExitedWithCode(2), "is not NAME") << wrong;
  }
  unsetenv("AFFSYNC_CRASH_AT");
}
#endif

}  // namespace
}  // namespace affsync::crash_point_test
