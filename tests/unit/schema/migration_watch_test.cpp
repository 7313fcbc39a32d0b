// What a migration that is stopped says of what it has done.
#include "schema/store/migration_watch.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace affsync::schema::migration_watch_test {
namespace {

std::string message_of_stop(MigrationWatch& watch) {
  watch.cancel();
  try {
    watch.look();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::cancelled);
    return failure.error().message;
  }
  return "it goes on";
}

TEST(MigrationWatch, ADatabaseThatWasOnlyAskedIsNotSaidToHaveBeenChanged) {
  MigrationWatch watch;
  EXPECT_NO_THROW(watch.look());
  EXPECT_EQ(message_of_stop(watch), "stopped before the database had answered");
}

TEST(MigrationWatch, AChangedOneIsSaidToBe) {
  MigrationWatch watch;
  watch.set_changing();
  EXPECT_NO_THROW(watch.look());
  EXPECT_EQ(message_of_stop(watch), "stopped while the database schema was brought up to date");
}

}  // namespace
}  // namespace affsync::schema::migration_watch_test
