// When the files that were read have to be listed, to find those that the database lacks.
#include "daemon/sync/done_looks.hpp"

#include <gtest/gtest.h>

namespace affsync::sync::done_looks_test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TimePoint const start{std::chrono::hours(500'000)};

// A folder that was changed so often.
std::optional<FileState> folder(int changes) {
  FileState state;
  state.inode = 7;
  state.changed_at = std::chrono::system_clock::time_point(std::chrono::seconds(changes));
  return state;
}

DoneLooks::Look look(std::optional<FileState> const& at, Names not_read = {}) {
  DoneLooks::Look one;
  one.folder = at;
  one.newest = start - 1h;
  one.at = start;
  one.not_read = std::move(not_read);
  return one;
}

TEST(DoneLooks, TheFirstLookListsTheFiles) {
  DoneLooks const looks;
  EXPECT_EQ(looks.known("a", folder(1), start - 1h, start), std::nullopt);
}

TEST(DoneLooks, AFolderThatNobodyChangedIsNotListedAgain) {
  DoneLooks looks;
  looks.note("a", look(folder(1)));
  looks.note("b", look(folder(1), {"lost.csv"}));
  looks.note("c", look(std::nullopt));
  auto const later = start + 15min;
  EXPECT_EQ(looks.known("a", folder(1), start - 1h, later), Names());
  EXPECT_EQ(looks.known("b", folder(1), start - 1h, later), Names{"lost.csv"});
  EXPECT_EQ(looks.known("c", std::nullopt, start - 1h, later), Names());
  EXPECT_EQ(looks.known("d", folder(1), start - 1h, later), std::nullopt) << "another stream";
}

// Whatever time the files themselves have that somebody brought back.
TEST(DoneLooks, AFolderThatSomebodyChangedIsListed) {
  DoneLooks looks;
  looks.note("a", look(folder(1)));
  EXPECT_EQ(looks.known("a", folder(2), start - 1h, start + 15min), std::nullopt);
  EXPECT_EQ(looks.known("a", std::nullopt, start - 1h, start + 15min), std::nullopt);
}

TEST(DoneLooks, WhatThisProcessMovedThereIsKnown) {
  DoneLooks looks;
  looks.note("a", look(folder(1)));
  looks.note("b", look(std::nullopt));
  looks.moved(folder(1), folder(2));
  looks.moved(folder(2), folder(3));
  EXPECT_EQ(looks.known("a", folder(3), start, start + 15min), Names());
  EXPECT_EQ(looks.known("b", folder(3), start, start + 15min), std::nullopt);
  // Between two of its moves somebody else has brought one.
  looks.moved(folder(4), folder(5));
  EXPECT_EQ(looks.known("a", folder(5), start, start + 15min), std::nullopt);
}

TEST(DoneLooks, ADatabaseThatBecameOlderIsAskedForAll) {
  DoneLooks looks;
  looks.note("a", look(folder(1)));
  EXPECT_EQ(looks.known("a", folder(1), start - 2h, start + 15min), std::nullopt);
  EXPECT_EQ(looks.known("a", folder(1), std::nullopt, start + 15min), std::nullopt);
  looks.note_again("a", start, {"lost.csv"});
  EXPECT_EQ(looks.known("a", folder(1), start, start + 15min), Names{"lost.csv"});
  EXPECT_EQ(looks.known("a", folder(1), start - 1h, start + 15min), std::nullopt);
}

TEST(DoneLooks, OnceADayTheFilesAreListedAnyway) {
  DoneLooks looks;
  looks.note("a", look(folder(1)));
  looks.note_again("a", start, {});
  EXPECT_EQ(looks.known("a", folder(1), start, start + 23h), Names());
  EXPECT_EQ(looks.known("a", folder(1), start, start + 24h), std::nullopt);
  EXPECT_EQ(looks.known("a", folder(1), start, start - 1s), std::nullopt) << "the clock went back";
}

}  // namespace
}  // namespace affsync::sync::done_looks_test
