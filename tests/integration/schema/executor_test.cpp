// Work whose session is lost, once and again.
#include <pqxx/except>

#include "schema/store/pg_executor.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

class Executor : public StoreTest {
 protected:
  // Runs work that loses its session `losses` times; returns how often it ran, 0 if it failed.
  int run_with_losses(int losses, std::chrono::milliseconds patience, int attempts) {
    auto options = options_for(url);
    options.patience = patience;
    PgExecutor executor(options, 1);
    int runs = 0;
    auto work = [&](PgSession&) {
      if (++runs <= losses) throw pqxx::broken_connection("the server went away");
      return runs;
    };
    auto code = loop.code_of(executor.run(std::move(work), attempts));
    EXPECT_EQ(code, runs > losses ? std::nullopt : std::optional(ErrorCode::database_unavailable));
    return code ? 0 : runs;
  }
};

TEST_F(Executor, ReplacesALostSessionOnce) {
  EXPECT_EQ(run_with_losses(1, std::chrono::milliseconds(0), 2), 2);
  EXPECT_EQ(run_with_losses(2, std::chrono::milliseconds(0), 2), 0);
}

TEST_F(Executor, ReplacesLostSessionsWhilePatienceLasts) {
  EXPECT_EQ(run_with_losses(5, std::chrono::minutes(10), 2), 6);
}

TEST_F(Executor, WorkThatMayNotBeRepeatedIsNot) {
  EXPECT_EQ(run_with_losses(1, std::chrono::minutes(10), 1), 0);
}

}  // namespace
}  // namespace affsync::schema::test
