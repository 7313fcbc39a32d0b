#include "config/key_place.hpp"

#include <gtest/gtest.h>

namespace affsync::config::key_place_test {
namespace {

constexpr char text[] =
    "database:\n"
    "  url: postgresql:///affsync\n"
    "http: {listen: \"off\"}\n"
    "instance: mine\n";

TEST(KeyPlace, IsTheLineAndColumnOfTheKey) {
  EXPECT_EQ(place_of_key(text, "a.yaml", "database.url"), "a.yaml:2:3");
  EXPECT_EQ(place_of_key(text, "a.yaml", "http.listen"), "a.yaml:3:8");
  EXPECT_EQ(place_of_key(text, "a.yaml", "instance"), "a.yaml:4:1");
}

TEST(KeyPlace, OfAKeyThatIsGoneIsItsSection) {
  EXPECT_EQ(place_of_key(text, "a.yaml", "database.connections"), "a.yaml:1:1");
  EXPECT_EQ(place_of_key(text, "a.yaml", "log.format"), "");
  EXPECT_EQ(place_of_key("a: [", "a.yaml", "a"), "");
  EXPECT_EQ(place_of_key("", "a.yaml", "a"), "");
}

TEST(KeyPlace, IsLeftOutIfTheFileIsGone) {
  EXPECT_EQ(with_places({"http.listen"}, "/nonexistent/a.yaml"),
            std::vector<std::string>{"http.listen"});
}

}  // namespace
}  // namespace affsync::config::key_place_test
