// Runs the fuzzers' corpora, which include past findings, through the same functions without
// libFuzzer. Other compilers than clang and builds without sanitizers must pass them too.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::fuzz::replay_test {
namespace {

namespace fs = std::filesystem;

void replay(std::string const& name, void (*target)(std::string_view)) {
  std::vector<fs::path> files;
  for (auto const& file : fs::directory_iterator(test::in_source("tests/fuzz/corpus") / name)) {
    files.push_back(file.path());
  }
  ASSERT_FALSE(files.empty()) << "no corpus for " << name;
  std::ranges::sort(files);
  for (auto const& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string const input{std::istreambuf_iterator<char>(in), {}};
    try {
      target(input);
    } catch (std::exception const& broken) {
      ADD_FAILURE() << file << ": " << broken.what();
    }
  }
}

TEST(fuzz_replay, json) {
  replay("json", json);
}
TEST(fuzz_replay, page) {
  replay("page", page);
}
TEST(fuzz_replay, connector) {
  replay("connector", connector);
}
TEST(fuzz_replay, config) {
  replay("config", config);
}
TEST(fuzz_replay, times) {
  replay("times", times);
}
TEST(fuzz_replay, numbers) {
  replay("numbers", numbers);
}
TEST(fuzz_replay, answer) {
  replay("answer", answer);
}
TEST(fuzz_replay, inflate) {
  replay("inflate", inflate);
}
TEST(fuzz_replay, waits) {
  replay("waits", waits);
}
TEST(fuzz_replay, links) {
  replay("links", links);
}
TEST(fuzz_replay, checkpoint) {
  replay("checkpoint", checkpoint);
}
TEST(fuzz_replay, csv) {
  replay("csv", csv);
}
TEST(fuzz_replay, xml) {
  replay("xml", xml);
}
TEST(fuzz_replay, xlsx) {
  replay("xlsx", xlsx);
}
TEST(fuzz_replay, packed) {
  replay("packed", packed);
}

}  // namespace
}  // namespace affsync::fuzz::replay_test
