// A secret is not printed, does not stay in memory, and is taken out of quoted texts.
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <sstream>
#include <utility>

namespace affsync {
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
  EXPECT_TRUE(first.empty());  // NOLINT: what is left behind is the point
  Secret assigned("other");
  assigned = moved;
  EXPECT_EQ(assigned.reveal(), "hunter2");
  assigned = *&assigned;
  EXPECT_EQ(assigned.reveal(), "hunter2");
  assigned = Secret("short");
  EXPECT_EQ(assigned.reveal(), "short");
}

// Short texts live inside the object, so that its bytes can be looked at.
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

TEST(Redact, EveryOccurrenceIsReplaced) {
  EXPECT_EQ(redact("a=hunter2&b=hunter2", Secret("hunter2")), "a=***&b=***");
  EXPECT_EQ(redact("nothing here", Secret("hunter2")), "nothing here");
}

TEST(Redact, EncodedFormsAreFound) {
  Secret const secret("p/ss \"w\\rd\u00e9");
  for (auto const* echoed : {
           "p/ss \"w\\rd\u00e9",         // plain
           "p%2Fss%20%22w%5Crd%C3%A9",   // percent-encoded
           "p%2fss%20%22w%5crd%c3%a9",   // in small letters
           "p%2Fss+%22w%5Crd%C3%A9",     // as a form
           "p/ss \\\"w\\\\rd\u00e9",     // JSON
           "p\\/ss \\\"w\\\\rd\u00e9",   // JSON, slash escaped
           "p/ss \\\"w\\\\rd\\u00e9",    // JSON in ASCII
           "p\\/ss \\\"w\\\\rd\\u00E9",  // JSON in ASCII, slash escaped, capitals
       }) {
    EXPECT_EQ(redact(std::string("<") + echoed + ">", secret), "<***>") << echoed;
  }
}

TEST(Redact, CharacterBeyondTheBasicPlaneIsAPairOfEscapes) {
  EXPECT_EQ(redact(R"(x\ud83d\ude00key)", Secret("😀key")), "x***");
}

TEST(Redact, ShortSecretsAreLeftSoThatWordsAreNotGivenAway) {
  EXPECT_EQ(redact("abc", Secret("abc")), "abc");
  EXPECT_EQ(redact("abcd", Secret("abcd")), "***");
  EXPECT_EQ(redact("text", Secret()), "text");
}

TEST(Redact, SecretThatItsReplacementContainsEnds) {
  EXPECT_EQ(redact("****x****", Secret("****")), "***x***");
}

}  // namespace
}  // namespace affsync
