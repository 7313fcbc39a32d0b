// A secret is not printed, does not stay in memory, and is removed from quoted texts.
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <sstream>
#include <utility>

namespace affsync::secret_test {
namespace {

TEST(Secret, PrintsAsStars) {
  std::ostringstream out;
  out << Secret("hunter2");
  EXPECT_EQ(out.str(), "***");
}

TEST(Secret, CopiesAndMovesCarryTheText) {
  Secret first("hunter2");
  Secret const copy = first;
  EXPECT_EQ(copy, first);
  Secret moved = std::move(first);
  EXPECT_EQ(moved.reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT: the moved-from state is tested
  Secret assigned("other");
  assigned = moved;
  EXPECT_EQ(assigned.reveal(), "hunter2");
  assigned = *&assigned;
  EXPECT_EQ(assigned.reveal(), "hunter2");
  assigned = Secret("short");
  EXPECT_EQ(assigned.reveal(), "short");
}

// Short texts are stored inside the object, so their bytes can be inspected.
TEST(Secret, BytesAreGoneAfterwards) {
  alignas(Secret) unsigned char memory[sizeof(Secret)];
  auto const holds = [&](std::string_view text) {
    return std::string_view(reinterpret_cast<char const*>(memory), sizeof memory).find(text) !=
           std::string_view::npos;
  };
  std::memset(memory, 0, sizeof memory);
  auto* secret = new (memory) Secret("hunter2");
  ASSERT_TRUE(holds("hunter2"));
  {
    Secret const other = std::move(*secret);
    EXPECT_FALSE(holds("unter2")) << "left behind by the move";
  }
  *secret = Secret("swordfish");
  *secret = Secret("a");
  EXPECT_FALSE(holds("ordfish")) << "left behind by a shorter text";
  *secret = Secret("hunter2");
  secret->~Secret();
  EXPECT_FALSE(holds("unter2")) << "left behind by the destructor";
}

}  // namespace
}  // namespace affsync::secret_test
