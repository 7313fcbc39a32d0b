#include "schema/store/fence.hpp"

#include <gtest/gtest.h>

namespace affsync::schema::fence_test {
namespace {

FenceState at(std::int64_t writes) {
  FenceState state;
  state.writes = writes;
  return state;
}

TEST(FencedWrite, ACommitWhoseAnswerWasLostIsNotRepeated) {
  RunWrites writes;
  FencedWrite write(writes);
  EXPECT_FALSE(write.already_done(at(7)));  // the first attempt, whose commit confirmation is lost
  EXPECT_TRUE(write.already_done(at(8)));
}

TEST(FencedWrite, ACommitThatDidNotArriveIsRepeated) {
  RunWrites writes;
  FencedWrite write(writes);
  EXPECT_FALSE(write.already_done(at(7)));
  EXPECT_FALSE(write.already_done(at(7)));
}

TEST(FencedWrite, TheNextWriteGoesOnFromTheLast) {
  RunWrites writes;
  FencedWrite first(writes);
  first.already_done(at(7));
  first.committed(at(7));
  FencedWrite second(writes);
  EXPECT_FALSE(second.already_done(at(8)));
}

TEST(FencedWrite, CommitsThatTheServerLostEndTheRun) {
  RunWrites writes;
  FencedWrite first(writes);
  first.already_done(at(7));
  first.committed(at(7));
  FencedWrite second(writes);
  EXPECT_THROW(second.already_done(at(7)), Failure);
}

TEST(FencedWrite, CommitsThatTheServerLostBetweenTwoAttemptsEndTheRun) {
  RunWrites writes;
  FencedWrite write(writes);
  write.already_done(at(7));
  EXPECT_THROW(write.already_done(at(6)), Failure);
}

}  // namespace
}  // namespace affsync::schema::fence_test
